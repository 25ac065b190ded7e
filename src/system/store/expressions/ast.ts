/**
 * Syntax trees, as written: `#names` and `:values` not yet replaced, parentheses gone. They depend on nothing but the
 * text, so that they can be kept.
 */

/** Names, `#placeholders` and list indexes. The first is never an index. */
export type RawPath = readonly (string | number)[];

export type OperandNode =
  | { kind: 'path'; path: RawPath }
  | { kind: 'value'; name: string }
  | { kind: 'call'; name: string; args: OperandNode[] };

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type ConditionNode =
  | { kind: 'compare'; op: Comparator; left: OperandNode; right: OperandNode }
  | { kind: 'between'; operand: OperandNode; low: OperandNode; high: OperandNode }
  | { kind: 'in'; operand: OperandNode; candidates: OperandNode[] }
  | { kind: 'call'; name: string; args: OperandNode[] }
  | { kind: 'and' | 'or'; terms: ConditionNode[] }
  | { kind: 'not'; term: ConditionNode };

export type SetValueNode =
  | OperandNode
  | { kind: 'arithmetic'; op: '+' | '-'; left: OperandNode; right: OperandNode };

export type SectionKeyword = 'SET' | 'REMOVE' | 'ADD' | 'DELETE';

export type ActionNode =
  | { kind: 'SET'; path: RawPath; value: SetValueNode }
  | { kind: 'REMOVE'; path: RawPath }
  | { kind: 'ADD' | 'DELETE'; path: RawPath; value: OperandNode };

export interface UpdateNode {
  /** In the order written. */
  sections: { keyword: SectionKeyword; actions: ActionNode[] }[];
}

export interface ProjectionNode {
  paths: RawPath[];
}
