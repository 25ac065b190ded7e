import type { Comparator, ConditionNode, OperandNode } from './ast.ts';
import { Nesting, parseBareOperand, parseList, parseOperand } from './parse-operand.ts';
import { TokenReader } from './tokens.ts';

const COMPARATORS: ReadonlySet<string> = new Set<Comparator>(['=', '<>', '<', '<=', '>', '>=']);

/** @throws ExpressionProblem */
export function parseCondition(text: string): ConditionNode {
  return new ConditionParser(text).parse();
}

/**
 * After an opening parenthesis either a condition or an operand may follow, and only what comes later tells which. So
 * each level may hand up a bare operand, and whoever needs a condition asks for one.
 */
type Phrase = ConditionNode | OperandNode;

class ConditionParser {
  readonly #reader: TokenReader;
  readonly #nesting = new Nesting();

  constructor(text: string) {
    this.#reader = new TokenReader(text);
  }

  parse(): ConditionNode {
    const condition = this.#condition(this.#or());
    this.#reader.expect('end');
    return condition;
  }

  #or(): Phrase {
    const first = this.#and();
    if (!this.#reader.isKeyword('OR')) return first;
    const terms = [this.#condition(first)];
    while (this.#reader.takeKeyword('OR')) terms.push(this.#condition(this.#and()));
    return { kind: 'or', terms };
  }

  #and(): Phrase {
    const first = this.#not();
    if (!this.#reader.isKeyword('AND')) return first;
    const terms = [this.#condition(first)];
    while (this.#reader.takeKeyword('AND')) terms.push(this.#condition(this.#not()));
    return { kind: 'and', terms };
  }

  #not(): Phrase {
    if (!this.#reader.takeKeyword('NOT')) return this.#comparison();
    this.#nesting.enter();
    const term = this.#condition(this.#not());
    this.#nesting.leave();
    return { kind: 'not', term };
  }

  #comparison(): Phrase {
    const left = this.#reader.isSymbol('(')
      ? this.#nesting.parenthesised(this.#reader, () => this.#or())
      : parseBareOperand(this.#reader, this.#nesting);
    return isOperand(left) ? this.#comparisonFrom(left) : left;
  }

  #comparisonFrom(left: OperandNode): Phrase {
    const reader = this.#reader;
    if (reader.current.kind === 'symbol' && COMPARATORS.has(reader.current.text)) {
      const op = reader.next().text as Comparator;
      return { kind: 'compare', op, left, right: this.#operand() };
    }
    if (reader.takeKeyword('BETWEEN')) {
      const low = this.#operand();
      if (!reader.takeKeyword('AND')) throw reader.problem();
      return { kind: 'between', operand: left, low, high: this.#operand() };
    }
    if (reader.takeKeyword('IN')) {
      reader.expectSymbol('(');
      const candidates = parseList(reader, () => this.#operand());
      reader.expectSymbol(')');
      return { kind: 'in', operand: left, candidates };
    }
    return left;
  }

  #operand(): OperandNode {
    return parseOperand(this.#reader, this.#nesting);
  }

  #condition(phrase: Phrase): ConditionNode {
    if (phrase.kind === 'path' || phrase.kind === 'value') throw this.#reader.problem();
    return phrase;
  }
}

function isOperand(phrase: Phrase): phrase is OperandNode {
  return phrase.kind === 'path' || phrase.kind === 'value' || phrase.kind === 'call';
}
