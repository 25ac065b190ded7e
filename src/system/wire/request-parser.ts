import { HeadReader } from './head-reader.ts';
import { badRequest, type HttpRequest, type RequestHead, RequestRefusal } from './http-request.ts';

const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');
const LINE_END = Buffer.from('\r\n', 'latin1');
const HEAD_BYTES_MAX = 16 * 1024;
const LINE_BYTES_MAX = 1024;
/** Of a body: each costs a hundred bytes of memory, however few it brings. */
const CHUNKS_MAX = 65_536;
const NO_BYTES = Buffer.alloc(0);

type State = 'head' | 'fixed' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer';

/**
 * Turns the bytes of a connection into requests, wherever the packets split. What belongs to a next request is held
 * until it is asked for.
 */
export class RequestParser {
  readonly #maxBodyBytes: number;
  #state: State = 'head';
  /** Bytes that came and are not understood yet. */
  #held: Buffer = NO_BYTES;
  #head: RequestHead | undefined;
  readonly #heads = new HeadReader();
  /** The head before this one, and its text with the empty line that ends it. */
  #last: RequestHead | undefined;
  #lastText = '';
  #parts: Buffer[] = [];
  #bodyBytes = 0;
  /** Still to come of the body, or of the chunk. */
  #missing = 0;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** A request has begun and is not whole. */
  get begun(): boolean {
    return this.#head !== undefined || this.#held.length > 0;
  }

  /** The head of the request whose body is awaited. */
  get head(): RequestHead | undefined {
    return this.#head;
  }

  push(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
  }

  /**
   * The next request, once it is whole.
   * @throws RequestRefusal
   */
  next(): HttpRequest | undefined {
    if (this.#state === 'head' && !this.#readHead()) return undefined;
    while (!this.#isWhole()) if (!this.#step()) return undefined;
    return this.#complete();
  }

  #isWhole(): boolean {
    return this.#state === 'fixed' && this.#missing === 0;
  }

  /** @returns false when more bytes are needed */
  #step(): boolean {
    switch (this.#state) {
      case 'fixed':
        return this.#take();
      case 'chunk':
        if (!this.#take()) return false;
        this.#state = 'chunk-end';
        return true;
      case 'chunk-size':
        return this.#readChunkSize();
      case 'chunk-end':
        return this.#readLine((line) => {
          if (line !== '') throw badRequest();
          this.#state = 'chunk-size';
        });
      default:
        return this.#readLine((line) => {
          if (line === '') this.#state = 'fixed';
        });
    }
  }

  /** @returns whether it is whole */
  #readHead(): boolean {
    this.#skipEmptyLines();
    const head = this.#repeatedHead() ?? this.#newHead();
    if (head === undefined) return false;
    this.#head = head;
    this.#drop(this.#lastText.length);
    this.#state = head.chunked ? 'chunk-size' : 'fixed';
    this.#missing = head.length;
    this.#bodyBytes = head.length;
    return true;
  }

  /** Clients that do not sign repeat themselves. */
  #repeatedHead(): RequestHead | undefined {
    const size = this.#lastText.length;
    if (size === 0 || this.#held.length < size) return undefined;
    return this.#held.toString('latin1', 0, size) === this.#lastText ? this.#last : undefined;
  }

  #newHead(): RequestHead | undefined {
    const end = this.#held.indexOf(HEAD_END);
    if ((end < 0 ? this.#held.length : end) > HEAD_BYTES_MAX) {
      throw new RequestRefusal('431 Request Header Fields Too Large');
    }
    if (end < 0) return undefined;
    const text = this.#held.toString('latin1', 0, end + HEAD_END.length);
    this.#last = this.#heads.read(text);
    this.#lastText = text;
    return this.#last;
  }

  /** Some clients end a body with an empty line too many. RFC 9112, section 2.2. */
  #skipEmptyLines(): void {
    while (this.#held.length >= 2 && this.#held[0] === 0x0d && this.#held[1] === 0x0a) this.#drop(2);
  }

  #readChunkSize(): boolean {
    return this.#readLine((line) => {
      const digits = line.split(';', 1)[0]!.trim();
      if (!/^[0-9a-f]{1,12}$/i.test(digits)) throw badRequest();
      if (this.#parts.length === CHUNKS_MAX) throw new RequestRefusal('413 Payload Too Large');
      this.#missing = Number.parseInt(digits, 16);
      this.#bodyBytes += this.#missing;
      this.#state = this.#missing === 0 ? 'trailer' : 'chunk';
    });
  }

  #readLine(use: (line: string) => void): boolean {
    const end = this.#held.indexOf(LINE_END);
    if ((end < 0 ? this.#held.length : end) > LINE_BYTES_MAX) throw badRequest();
    if (end < 0) return false;
    const line = this.#held.toString('latin1', 0, end);
    this.#drop(end + LINE_END.length);
    use(line);
    return true;
  }

  /** What there is of the body, or of the chunk; of a body that is too large, nothing is kept. @returns whether that is all */
  #take(): boolean {
    const size = Math.min(this.#missing, this.#held.length);
    if (this.#bodyBytes > this.#maxBodyBytes) this.#parts.length = 0;
    else if (size > 0) this.#parts.push(this.#held.subarray(0, size));
    this.#drop(size);
    this.#missing -= size;
    return this.#missing === 0;
  }

  #drop(size: number): void {
    this.#held = size === this.#held.length ? NO_BYTES : this.#held.subarray(size);
  }

  #complete(): HttpRequest {
    const [parts, head] = [this.#parts, this.#head!];
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const body = this.#bodyBytes > this.#maxBodyBytes ? undefined : whole;
    this.#state = 'head';
    this.#head = undefined;
    this.#parts = [];
    return { ...head, body };
  }
}
