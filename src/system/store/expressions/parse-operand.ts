import type { OperandNode, RawPath } from './ast.ts';
import { ExpressionProblem, type TokenReader } from './tokens.ts';

/**
 * DynamoDB allows 300 operators and functions in an expression, so nothing that it accepts nests deeper; the limit
 * keeps hostile expressions off the stack.
 */
const MAX_NESTING = 300;

/** Counts levels, and tells doubled parentheses by what the last pair held. */
export class Nesting {
  #levels = 0;
  #parenthesised: object | undefined;

  enter(): void {
    if (++this.#levels > MAX_NESTING) {
      throw new ExpressionProblem(`The expression is nested too deeply; levels allowed: ${MAX_NESTING}`);
    }
  }

  leave(): void {
    this.#levels--;
  }

  /** Reads what `parse` finds between an opening parenthesis and its closing one. */
  parenthesised<T extends object>(reader: TokenReader, parse: () => T): T {
    reader.expectSymbol('(');
    this.enter();
    const node = parse();
    this.leave();
    reader.expectSymbol(')');
    if (node === this.#parenthesised) {
      throw new ExpressionProblem('The expression has redundant parentheses;');
    }
    this.#parenthesised = node;
    return node;
  }
}

/** name | #name, then .name | .#name | [index] steps */
export function parsePath(reader: TokenReader): RawPath {
  const path: (string | number)[] = [parseName(reader)];
  for (;;) {
    if (reader.takeSymbol('.')) {
      path.push(parseName(reader));
    } else if (reader.takeSymbol('[')) {
      path.push(parseIndex(reader.expect('integer').text));
      reader.expectSymbol(']');
    } else {
      return path;
    }
  }
}

function parseName(reader: TokenReader): string {
  const { kind } = reader.current;
  if (kind !== 'word' && kind !== 'name') throw reader.problem();
  return reader.next().text;
}

function parseIndex(text: string): number {
  if (Number(text) > 2147483647) {
    throw new ExpressionProblem(`List index is not within the allowable range; index: [${text}]`);
  }
  return Number(text);
}

/** path | :value | function(operand, …) | ( operand ) */
export function parseOperand(reader: TokenReader, nesting: Nesting): OperandNode {
  if (!reader.isSymbol('(')) return parseBareOperand(reader, nesting);
  return nesting.parenthesised(reader, () => parseOperand(reader, nesting));
}

export function parseBareOperand(reader: TokenReader, nesting: Nesting): OperandNode {
  const { kind } = reader.current;
  if (kind === 'value') return { kind: 'value', name: reader.next().text };
  if (kind === 'word' && reader.following.text === '(') return parseCall(reader, nesting);
  return { kind: 'path', path: parsePath(reader) };
}

function parseCall(reader: TokenReader, nesting: Nesting): OperandNode {
  const name = reader.next().text;
  reader.expectSymbol('(');
  nesting.enter();
  const args = parseList(reader, () => parseOperand(reader, nesting));
  nesting.leave();
  reader.expectSymbol(')');
  return { kind: 'call', name, args };
}

/** One or more, with commas between. */
export function parseList<T>(reader: TokenReader, parse: () => T): T[] {
  const list = [parse()];
  while (reader.takeSymbol(',')) list.push(parse());
  return list;
}
