import { HttpResponse, parseResponseHead, protocolError, type ResponseHead } from './http-response.ts';

const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const LINE_END = Buffer.from('\r\n', 'latin1');
const HEAD_BYTES_MAX = 32 * 1024;
const LINE_BYTES_MAX = 4 * 1024;
const NO_BYTES = Buffer.alloc(0);

type State = 'head' | 'fixed' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer';

/**
 * Turns the bytes of a connection into responses, wherever the packets split. Pushed bytes are copied where they are
 * kept, so the caller may use its buffer again.
 */
export class ResponseParser {
  readonly #maxBodyBytes: number;
  #state: State = 'head';
  /** Bytes that came and are not understood yet: part of a head or of a line. */
  #held = NO_BYTES;
  #at = 0;
  #head: ResponseHead | undefined;
  #headText = '';
  #parts: Buffer[] = [];
  #bodyBytes = 0;
  /** Still to come of the body, or of the chunk. */
  #missing = 0;
  /** The last response allows another request, and no bytes came after it. */
  reusable = true;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /**
   * @returns the response if these bytes complete it
   * @throws TransportError ProtocolError
   */
  push(bytes: Buffer): HttpResponse | undefined {
    const data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = NO_BYTES;
    this.#at = 0;
    let response: HttpResponse | undefined;
    do response = this.#step(data);
    while (response === undefined && this.#at < data.length);
    if (response !== undefined && this.#at < data.length) this.reusable = false;
    return response;
  }

  /** The peer has closed. @returns the response if that is what ends it */
  end(): HttpResponse | undefined {
    return this.#state === 'until-close' ? this.#complete() : undefined;
  }

  #step(data: Buffer): HttpResponse | undefined {
    switch (this.#state) {
      case 'head':
        return this.#readHead(data);
      case 'fixed':
        this.#take(data);
        return this.#missing === 0 ? this.#complete() : undefined;
      case 'until-close':
        this.#missing = data.length - this.#at;
        this.#grow(this.#missing);
        this.#take(data);
        return undefined;
      case 'chunk-size':
        this.#readChunkSize(data);
        return undefined;
      case 'chunk':
        this.#take(data);
        if (this.#missing === 0) this.#state = 'chunk-end';
        return undefined;
      case 'chunk-end': {
        const line = this.#line(data);
        if (line !== undefined && line !== '') throw protocolError('a chunk longer than its size');
        if (line === '') this.#state = 'chunk-size';
        return undefined;
      }
      case 'trailer':
        return this.#line(data) === '' ? this.#complete() : undefined;
    }
  }

  #readHead(data: Buffer): HttpResponse | undefined {
    const end = data.indexOf(HEAD_END, this.#at);
    if ((end < 0 ? data.length : end) - this.#at > HEAD_BYTES_MAX) {
      throw protocolError(`a head of more than ${HEAD_BYTES_MAX} bytes`);
    }
    if (end < 0) {
      this.#hold(data);
      return undefined;
    }
    this.#headText = data.toString('latin1', this.#at, end);
    this.#at = end + 4;
    const head = parseResponseHead(this.#headText);
    if (head.status === 101) throw protocolError('a switch of protocols that was not asked for');
    if (head.status < 200) return undefined;
    this.#head = head;
    this.reusable = head.keepAlive;
    if (head.chunked) {
      this.#state = 'chunk-size';
    } else if (head.length === undefined) {
      this.#state = 'until-close';
    } else {
      this.#grow(head.length);
      this.#missing = head.length;
      this.#state = 'fixed';
      if (data.length - this.#at >= head.length) this.#take(data);
    }
    return this.#state === 'fixed' && this.#missing === 0 ? this.#complete() : undefined;
  }

  #readChunkSize(data: Buffer): void {
    const line = this.#line(data);
    if (line === undefined) return;
    const digits = line.split(';', 1)[0]!.trim();
    if (!/^[0-9a-f]{1,12}$/i.test(digits)) {
      throw protocolError(`a bad chunk size: ${JSON.stringify(digits.slice(0, 40))}`);
    }
    this.#missing = Number.parseInt(digits, 16);
    this.#grow(this.#missing);
    this.#state = this.#missing === 0 ? 'trailer' : 'chunk';
  }

  /** The next line without its end; `undefined` while it is not whole. */
  #line(data: Buffer): string | undefined {
    const end = data.indexOf(LINE_END, this.#at);
    if ((end < 0 ? data.length : end) - this.#at > LINE_BYTES_MAX) {
      throw protocolError(`a line of more than ${LINE_BYTES_MAX} bytes`);
    }
    if (end < 0) {
      this.#hold(data);
      return undefined;
    }
    const line = data.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #hold(data: Buffer): void {
    this.#held = Buffer.from(data.subarray(this.#at));
    this.#at = data.length;
  }

  #take(data: Buffer): void {
    const size = Math.min(this.#missing, data.length - this.#at);
    if (size === 0) return;
    this.#parts.push(Buffer.from(data.subarray(this.#at, this.#at + size)));
    this.#at += size;
    this.#missing -= size;
  }

  #grow(bytes: number): void {
    this.#bodyBytes += bytes;
    if (this.#bodyBytes > this.#maxBodyBytes) {
      throw protocolError(`a body of more than ${this.#maxBodyBytes} bytes`);
    }
  }

  #complete(): HttpResponse {
    const parts = this.#parts;
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const response = new HttpResponse(this.#head!.status, this.#headText, body);
    this.#state = 'head';
    this.#head = undefined;
    this.#parts = parts.length === 0 ? parts : [];
    this.#bodyBytes = 0;
    return response;
  }
}
