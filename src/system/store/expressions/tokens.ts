export type TokenKind = 'word' | 'name' | 'value' | 'integer' | 'symbol' | 'unknown' | 'end';

export interface Token {
  kind: TokenKind;
  text: string;
  start: number;
  end: number;
}

/** What is wrong with an expression, in DynamoDB's words, without the expression's name in front. */
export class ExpressionProblem extends Error {
  override readonly name = 'ExpressionProblem';
}

const TOKEN =
  /(?<space>[ \t\r\n]+)|(?<word>[A-Za-z][A-Za-z0-9_]*)|(?<name>#[A-Za-z0-9_]+)|(?<value>:[A-Za-z0-9_]+)|(?<integer>0|[1-9][0-9]*)|(?<symbol><>|<=|>=|[=<>()[\],.+-])|(?<unknown>.)/gsuy;

/** Always ends with an `end` token, whose text is DynamoDB's `<EOF>`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const groups = match.groups!;
    if (groups.space !== undefined) continue;
    const start = match.index;
    tokens.push({ kind: kindOf(groups), text: match[0], start, end: start + match[0].length });
  }
  tokens.push({ kind: 'end', text: '<EOF>', start: text.length, end: text.length });
  return tokens;
}

function kindOf(groups: Record<string, string | undefined>): TokenKind {
  if (groups.word !== undefined) return 'word';
  if (groups.name !== undefined) return 'name';
  if (groups.value !== undefined) return 'value';
  if (groups.integer !== undefined) return 'integer';
  return groups.symbol !== undefined ? 'symbol' : 'unknown';
}

/** A cursor over the tokens of one expression. */
export class TokenReader {
  readonly #text: string;
  readonly #tokens: Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  get current(): Token {
    return this.#tokens[this.#at]!;
  }

  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  isSymbol(symbol: string): boolean {
    return this.current.kind === 'symbol' && this.current.text === symbol;
  }

  /** Keywords are words in any case. */
  isKeyword(keyword: string): boolean {
    return this.current.kind === 'word' && this.current.text.toUpperCase() === keyword;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at++;
    return true;
  }

  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.#at++;
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.problem();
  }

  expect(kind: TokenKind): Token {
    if (this.current.kind !== kind) throw this.problem();
    return this.next();
  }

  /** The current token is not what the grammar wants; `near` is it with its neighbours. */
  problem(): ExpressionProblem {
    const { text } = this.current;
    const from = this.#tokens[Math.max(this.#at - 1, 0)]!.start;
    const near = this.#text.slice(from, this.following.end);
    return new ExpressionProblem(`Syntax error; token: "${text}", near: "${near}"`);
  }
}
