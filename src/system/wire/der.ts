/** The few types of ASN.1's distinguished encoding rules (ITU-T X.690) that a certificate is made of. */

export function sequence(...members: Buffer[]): Buffer {
  return tagged(0x30, ...members);
}

export function set(...members: Buffer[]): Buffer {
  return tagged(0x31, ...members);
}

/** A constructed member that the schema numbers. */
export function explicit(number: number, ...members: Buffer[]): Buffer {
  return tagged(0xa0 + number, ...members);
}

/** A primitive member that the schema numbers. */
export function implicit(number: number, content: Buffer): Buffer {
  return tagged(0x80 + number, content);
}

/** @param magnitude big-endian and not negative */
export function integer(magnitude: Buffer): Buffer {
  return tagged(0x02, magnitude[0]! >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), magnitude);
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.of(value ? 0xff : 0));
}

export function octetString(content: Buffer): Buffer {
  return tagged(0x04, content);
}

export function bitString(content: Buffer, unusedBits = 0): Buffer {
  return tagged(0x03, Buffer.of(unusedBits), content);
}

export function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text, 'utf8'));
}

/** To the second, and until 2049, as RFC 5280 demands of a UTCTime. */
export function utcTime(wall_ms: number): Buffer {
  const text = new Date(wall_ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(text.slice(2), 'latin1'));
}

/** @param dotted e.g. `2.5.29.17` */
export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

function tagged(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.of(tag), encodedLength(content.length), content]);
}

function encodedLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >>> 8, length & 0xff);
}
