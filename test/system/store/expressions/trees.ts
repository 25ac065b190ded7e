import fc from 'fast-check';
import type {
  ConditionNode,
  OperandNode,
  RawPath,
  SetValueNode,
  UpdateNode,
} from '../../../../src/system/store/expressions/ast.ts';

/** Random syntax trees, and their text as a person could have written it. */

const word = fc.stringMatching(/^q_[a-zA-Z0-9_]{0,4}$/);
const step = fc.oneof(
  word,
  word.map((name) => `#${name}`),
  fc.nat(2147483647),
);
export const path: fc.Arbitrary<RawPath> = fc
  .tuple(
    fc.oneof(
      word,
      word.map((name) => `#${name}`),
    ),
    fc.array(step, { maxLength: 3 }),
  )
  .map(([first, rest]) => [first, ...rest]);
const value: fc.Arbitrary<OperandNode> = word.map((name) => ({ kind: 'value', name: `:${name}` }));

export const operand: fc.Arbitrary<OperandNode> = fc.letrec<{ operand: OperandNode }>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 3 },
    path.map((steps): OperandNode => ({ kind: 'path', path: steps })),
    value,
    fc.record({
      kind: fc.constant('call' as const),
      name: word,
      args: fc.array(tie('operand'), { minLength: 1, maxLength: 3 }),
    }),
  ),
})).operand;

export const condition: fc.Arbitrary<ConditionNode> = fc.letrec<{ condition: ConditionNode }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      kind: fc.constant('compare' as const),
      op: fc.constantFrom('=', '<>', '<', '<=', '>', '>='),
      left: operand,
      right: operand,
    }),
    fc.record({ kind: fc.constant('between' as const), operand, low: operand, high: operand }),
    fc.record({
      kind: fc.constant('in' as const),
      operand,
      candidates: fc.array(operand, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('call' as const),
      name: word,
      args: fc.array(operand, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constantFrom('and', 'or'),
      terms: fc.array(tie('condition'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), term: tie('condition') }),
  ),
})).condition;

const setValue: fc.Arbitrary<SetValueNode> = fc.oneof(
  operand,
  fc.record({
    kind: fc.constant('arithmetic' as const),
    op: fc.constantFrom('+', '-'),
    left: operand,
    right: operand,
  }),
);
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 3 });
const sets = some(fc.record({ kind: fc.constant('SET' as const), path, value: setValue }));
const removes = some(fc.record({ kind: fc.constant('REMOVE' as const), path }));
const changes = <K extends 'ADD' | 'DELETE'>(kind: K) =>
  some(fc.record({ kind: fc.constant(kind), path, value }));

export const update: fc.Arbitrary<UpdateNode> = fc
  .array(
    fc.oneof(
      fc.record({ keyword: fc.constant('SET' as const), actions: sets }),
      fc.record({ keyword: fc.constant('REMOVE' as const), actions: removes }),
      fc.record({ keyword: fc.constant('ADD' as const), actions: changes('ADD') }),
      fc.record({ keyword: fc.constant('DELETE' as const), actions: changes('DELETE') }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((sections) => ({ sections }));

export interface Style {
  /** Between tokens. */
  space: string;
  /** Parentheses around everything that may have them. */
  parentheses: boolean;
  lowerCase: boolean;
}

export const style: fc.Arbitrary<Style> = fc.record({
  space: fc.constantFrom(' ', '  ', '\n', '\t', ' \r\n '),
  parentheses: fc.boolean(),
  lowerCase: fc.boolean(),
});

export class Printer {
  readonly #style: Style;

  constructor(style: Style) {
    this.#style = style;
  }

  condition(node: ConditionNode): string {
    const bare = this.#bareCondition(node);
    return this.#style.parentheses ? this.#wrap(bare) : bare;
  }

  update(node: UpdateNode): string {
    return this.#join(
      node.sections.map(({ keyword, actions }) => {
        const texts = actions.map((action) => {
          const target = this.path(action.path);
          if (action.kind === 'REMOVE') return target;
          if (action.kind === 'SET') return this.#join([target, '=', this.#setValue(action.value)]);
          return this.#join([target, (action.value as { name: string }).name]);
        });
        return this.#join([this.#keyword(keyword), texts.join(this.#join([',', '']))]);
      }),
    );
  }

  path(steps: RawPath): string {
    return steps
      .map((each, i) => (typeof each === 'number' ? `[${each}]` : i === 0 ? each : `.${each}`))
      .join('');
  }

  #bareCondition(node: ConditionNode): string {
    switch (node.kind) {
      case 'compare':
        return this.#join([this.#operand(node.left), node.op, this.#operand(node.right)]);
      case 'between':
        return this.#join([
          this.#operand(node.operand),
          this.#keyword('BETWEEN'),
          this.#operand(node.low),
          this.#keyword('AND'),
          this.#operand(node.high),
        ]);
      case 'in':
        return this.#join([
          this.#operand(node.operand),
          this.#keyword('IN'),
          this.#wrap(node.candidates.map((each) => this.#operand(each)).join(',')),
        ]);
      case 'call':
        return this.#call(node);
      case 'not':
        return this.#join([this.#keyword('NOT'), this.#term(node.term, ['and', 'or'])]);
      default: {
        const loose = node.kind === 'and' ? ['and', 'or'] : ['or'];
        const terms = node.terms.map((term) => this.#term(term, loose));
        return terms.join(this.#join(['', this.#keyword(node.kind.toUpperCase()), '']));
      }
    }
  }

  /** Parentheses where the tree would come out another one without. */
  #term(node: ConditionNode, loose: readonly string[]): string {
    const text = this.condition(node);
    return loose.includes(node.kind) && !this.#style.parentheses ? this.#wrap(text) : text;
  }

  #setValue(node: SetValueNode): string {
    if (node.kind !== 'arithmetic') return this.#operand(node);
    const text = this.#join([this.#operand(node.left), node.op, this.#operand(node.right)]);
    return this.#style.parentheses ? this.#wrap(text) : text;
  }

  #operand(node: OperandNode): string {
    const bare =
      node.kind === 'path' ? this.path(node.path) : node.kind === 'value' ? node.name : this.#call(node);
    return this.#style.parentheses ? this.#wrap(bare) : bare;
  }

  #call(node: { name: string; args: OperandNode[] }): string {
    return this.#join([
      node.name,
      this.#wrap(node.args.map((arg) => this.#operand(arg)).join(this.#join([',', '']))),
    ]);
  }

  #wrap(text: string): string {
    return `(${text})`;
  }

  #keyword(text: string): string {
    return this.#style.lowerCase ? text.toLowerCase() : text;
  }

  #join(parts: readonly string[]): string {
    return parts.join(this.#style.space);
  }
}
