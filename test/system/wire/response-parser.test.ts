import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../../src/system/wire/http-response.ts';
import { ResponseParser } from '../../../src/system/wire/response-parser.ts';

interface Outcome {
  status?: number;
  headers?: [string, string][];
  body?: string;
  reusable?: boolean;
  error?: string;
}

/** What comes of the bytes when they arrive in these pieces and the peer then closes. */
function outcomeOf(pieces: readonly Buffer[], maxBodyBytes = 1_000_000): Outcome {
  const parser = new ResponseParser(maxBodyBytes);
  let response: HttpResponse | undefined;
  try {
    for (const piece of pieces) {
      response = parser.push(piece);
      // The connection reads into the same buffer again.
      piece.fill(0);
      if (response !== undefined) break;
    }
    response ??= parser.end();
  } catch (error) {
    return { error: (error as { code: string }).code };
  }
  if (response === undefined) return { error: 'EOF' };
  return {
    status: response.status,
    headers: [...response.headers],
    body: response.body.toString('latin1'),
    reusable: parser.reusable,
  };
}

function whole(text: string): Outcome {
  return outcomeOf([Buffer.from(text, 'latin1')]);
}

const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const chunks = fc.array(body, { maxLength: 4 }).map(
  (parts) =>
    `${parts
      .filter((part) => part !== '')
      .map((part) => `${part.length.toString(16)};x=y\r\n${part}\r\n`)
      .join('')}0\r\nTrailer: t\r\n\r\n`,
);
const headers = fc
  .array(
    fc.constantFrom(
      'Content-Encoding: identity',
      'X-A:  b ',
      'Connection: close',
      'TE: trailers',
      'Keep-Alive: x',
    ),
    { maxLength: 3 },
  )
  .map((lines) => lines.map((line) => `${line}\r\n`).join(''));
const response = fc.oneof(
  fc
    .tuple(headers, body)
    .map(([lines, text]) => `HTTP/1.1 200 OK\r\n${lines}content-LENGTH: ${text.length}\r\n\r\n${text}`),
  fc
    .tuple(headers, chunks)
    .map(([lines, text]) => `HTTP/1.1 500 X\r\nTransfer-Encoding: Chunked\r\n${lines}\r\n${text}`),
  fc.tuple(headers, body).map(([lines, text]) => `HTTP/1.1 200 OK\r\n${lines}\r\n${text}`),
  headers.map((lines) => `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 None\r\n${lines}\r\n`),
  body.map((text) => `HTTP/1.1 200 OK\r\n${text}`),
);

test('the same bytes give the same response wherever the packets split', () => {
  fc.assert(
    fc.property(response, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
      const bytes = Buffer.from(text, 'latin1');
      const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort(
        (a, b) => a - b,
      );
      const pieces = places.slice(1).map((end, index) => Buffer.from(bytes.subarray(places[index], end)));
      expect(outcomeOf(pieces)).toEqual(whole(text));
      expect(outcomeOf([...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole(text));
    }),
    { seed: 3, numRuns: 300 },
  );
});

test('any garbage is refused, left unfinished or understood, and never anything else', () => {
  const garbage = fc.oneof(
    body,
    body.map((text) => `HTTP/1.1 200 OK\r\n\r\n${text}`),
    body.map((text) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text}`),
  );
  fc.assert(
    fc.property(garbage, (text) => {
      const { status, error } = whole(text);
      expect(status ?? error).toBeOneOf([200, 'EOF', 'ProtocolError']);
    }),
    { seed: 4, numRuns: 500 },
  );
});

describe('what a response says about its body and connection', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', { body: 'ab', reusable: true }],
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc', { body: 'ab', reusable: false }],
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nab', { body: 'ab', reusable: false }],
    ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab', { body: 'ab', reusable: false }],
    [
      'HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab',
      { body: 'ab', reusable: true },
    ],
    ['HTTP/1.1 200 OK\r\n\r\nall of it', { body: 'all of it', reusable: false }],
    ['HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { status: 200, body: '', reusable: true }],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', { status: 304, body: '', reusable: true }],
    ['HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na', { status: 200, body: 'a' }],
    [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n',
      { body: 'a0123456789', reusable: true },
    ],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', { error: 'EOF' }],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab', { error: 'EOF' }],
    ['', { error: 'EOF' }],
  ])('%j', (text, expected) => {
    expect(whole(text)).toMatchObject(expected);
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['no such status', 'HTTP/1.1 099 X\r\n\r\n'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['a length in hex', 'HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    [
      'a chunk longer than its size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
    ],
    ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}`],
    ['an endless chunk line', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(5_000)}`],
  ])('%s is a protocol error', (_, text) => {
    expect(whole(text)).toEqual({ error: 'ProtocolError' });
  });

  test.each([
    ['announced', 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n'],
    ['until the end', 'HTTP/1.1 200 OK\r\n\r\nabcdefghijk'],
  ])('a body over the limit is refused as soon as it shows: %s', (_, text) => {
    expect(outcomeOf([Buffer.from(text)], 10)).toEqual({ error: 'ProtocolError' });
  });
});

test('one parser reads response after response', () => {
  const parser = new ResponseParser(100);
  const texts = [
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n',
  ];
  const bodies = [...texts, ...texts].map((text) => parser.push(Buffer.from(text))?.body.toString());
  expect(bodies).toEqual(['a', 'b', 'a', 'b']);
  expect(parser.reusable).toBe(true);
});

test('repeated headers are joined, names are lower-case', () => {
  const { headers } = whole('HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:2 \r\nContent-Length: 0\r\n\r\n');
  expect(headers).toEqual([
    ['x-a', '1, 2'],
    ['content-length', '0'],
  ]);
});
