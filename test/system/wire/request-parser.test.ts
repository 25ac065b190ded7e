import { describe, expect, test } from 'vitest';
import { type HttpRequest, RequestRefusal } from '../../../src/system/wire/http-request.ts';
import { RequestParser } from '../../../src/system/wire/request-parser.ts';

const MAX_BODY_BYTES = 100;

/** Every request in the bytes, pushed in pieces of so many bytes. */
function parse(text: string, pieceBytes = text.length): HttpRequest[] {
  const parser = new RequestParser(MAX_BODY_BYTES);
  const bytes = Buffer.from(text, 'latin1');
  const requests: HttpRequest[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    parser.push(bytes.subarray(at, at + pieceBytes));
    for (let next = parser.next(); next !== undefined; next = parser.next()) requests.push(next);
  }
  return requests;
}

function request(headers: string[], body = '', line = 'POST / HTTP/1.1'): string {
  return `${[line, 'Host: x', ...headers].join('\r\n')}\r\n\r\n${body}`;
}

const SIZED = request(['Content-Length: 5', 'X-Amz-Target:  a.b\t'], 'hello');
const CHUNKED = request(['Transfer-Encoding: Chunked'], '3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: z\r\n\r\n');
const EMPTY = request([], '', 'GET /a?b=c HTTP/1.1');

describe('requests', () => {
  test.each([1, 2, 3, 7, 1000])(
    'are read whole from pieces of %i bytes, one after the other',
    (pieceBytes) => {
      const [sized, chunked, empty, ...rest] = parse(`${SIZED}${CHUNKED}\r\n${EMPTY}`, pieceBytes);
      expect(sized).toMatchObject({ method: 'POST', path: '/', keepAlive: true });
      expect(sized!.headers).toEqual({ host: 'x', 'content-length': '5', 'x-amz-target': 'a.b' });
      expect([sized, chunked, empty].map((whole) => whole?.body?.toString())).toEqual(['hello', 'hello', '']);
      expect(empty).toMatchObject({ method: 'GET', path: '/a?b=c' });
      expect(rest).toEqual([]);
    },
  );

  test('are begun from their first byte to their last', () => {
    const parser = new RequestParser(MAX_BODY_BYTES);
    expect(parser.begun).toBe(false);
    for (const byte of Buffer.from(SIZED.slice(0, -1))) {
      parser.push(Buffer.of(byte));
      expect(parser.next()).toBeUndefined();
      expect(parser.begun).toBe(true);
    }
    parser.push(Buffer.from('o'));
    expect(parser.next()?.body?.toString()).toBe('hello');
    expect(parser.begun).toBe(false);
  });

  test.each([
    ['HTTP/1.1', [], true],
    ['HTTP/1.1', ['Connection: close'], false],
    ['HTTP/1.1', ['Connection: x, Close'], false],
    ['HTTP/1.0', [], false],
    ['HTTP/1.0', ['Connection: keep-alive'], true],
  ])('%s %j: the connection stays open: %s', (version, headers, keepAlive) => {
    expect(parse(request(headers, '', `GET / ${version}`))).toMatchObject([{ keepAlive }]);
  });

  test('are read alike, whatever the heads before them on the connection were', () => {
    const many = Array.from({ length: 40 }, (_, index) => `X-${index}: ${index}`);
    const heads = [
      request(['X-A: 1', 'X-B: 2']),
      request(['X-A: 1', 'X-B: 2']),
      request(['X-A: 10', 'X-B: 2']),
      request(['X-A: 1', 'X-B: 22', 'X-C: 3'], '', 'GET /a HTTP/1.0'),
      request(['x-a:1', 'X-B:2']),
      request(['X-B: 2', 'X-A: 1', 'X-B: 1']),
      request(many),
      request(many.map((line) => `${line}0`)),
      request([]),
    ];
    const alone = heads.flatMap((head) => parse(head));
    expect(parse(heads.join(''))).toEqual(alone);
    expect(parse(heads.toReversed().join(''))).toEqual(alone.toReversed());
  });

  test('join a repeated header, and keep its bytes as they are', () => {
    const [repeated] = parse(request(['X-A: 1', 'x-a: \xe9', 'constructor: y']));
    expect(repeated!.headers['x-a']).toBe('1, \xe9');
    expect(repeated!.headers.constructor).toBe('y');
  });

  test.each([
    ['sized', request(['Content-Length: 101'], 'x'.repeat(101))],
    ['chunked', request(['Transfer-Encoding: chunked'], `64\r\n${'x'.repeat(100)}\r\n1\r\nx\r\n0\r\n\r\n`)],
  ])('lose a %s body that is too large, and nothing of the next request', (_, large) => {
    for (const pieceBytes of [1, 50, 1000]) {
      const [first, second] = parse(large + SIZED, pieceBytes);
      expect(first!.body).toBeUndefined();
      expect(second!.body?.toString()).toBe('hello');
    }
  });

  test('may say that they wait for leave', () => {
    const parser = new RequestParser(MAX_BODY_BYTES);
    parser.push(Buffer.from(request(['Expect: 100-Continue', 'Content-Length: 1'])));
    expect(parser.next()).toBeUndefined();
    expect(parser.head?.expectsContinue).toBe(true);
  });
});

describe('what is not HTTP/1.1, or could be read in two ways, is refused', () => {
  test.each([
    ['another protocol', 'GARBAGE\r\n\r\n'],
    ['another version', request([], '', 'GET / HTTP/2.0')],
    ['a space in the path', request([], '', 'GET /a b HTTP/1.1')],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a header without a colon', request(['nonsense'])],
    ['a space before the colon', request(['Content-Length : 5'], 'hello')],
    ['a folded header', request(['X-A: 1\r\n 2'])],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: x\r\n\r\n'],
    ['a bare line feed in a header', request(['X-A: 1\nContent-Length: 5'], 'hello')],
    ['a zero byte', request(['X-A: \0'])],
    ['two lengths', request(['Content-Length: 5', 'Content-Length: 6'], 'hello!')],
    ['a length and a coding', request(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['another coding', request(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n')],
    ['two codings', request(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    ['a signed length', request(['Content-Length: +5'], 'hello')],
    ['a hexadecimal length', request(['Content-Length: 0x5'], 'hello')],
    ['a chunk without a size', request(['Transfer-Encoding: chunked'], 'x\r\n')],
    ['a chunk longer than its size', request(['Transfer-Encoding: chunked'], '1\r\nxx\r\n')],
    ['an endless chunk size', request(['Transfer-Encoding: chunked'], `1;${'x'.repeat(2000)}`)],
  ])('%s', (_, text) => {
    for (const pieceBytes of [1, 1000]) {
      for (const before of ['', SIZED]) {
        const refusal = expect(() => parse(before + text, pieceBytes));
        refusal.toThrow(RequestRefusal);
        refusal.toThrow('400 Bad Request');
      }
    }
  });

  test.each([request([`X-Long: ${'x'.repeat(17_000)}`]), 'x'.repeat(17_000)])(
    'a head without end',
    (text) => {
      expect(() => parse(text)).toThrow('431 Request Header Fields Too Large');
    },
  );

  test('a body in more pieces than it is worth', () => {
    const parser = new RequestParser(1024 * 1024);
    parser.push(Buffer.from(request(['Transfer-Encoding: chunked'], '1\r\nx\r\n'.repeat(65_537))));
    expect(() => parser.next()).toThrow('413 Payload Too Large');
  });
});
