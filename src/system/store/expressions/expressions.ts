/**
 * DynamoDB's expression language.
 * text → tokens → syntax tree (cached by text) → bound to a request's names and values → functions over items
 */
export { compileExpressions } from './compile.ts';
export { refuseLegacyParameters } from './legacy.ts';
export type {
  CompiledExpressions,
  CompiledUpdate,
  ExpressionOperation,
  KeyAttribute,
  KeyCondition,
  PrimaryKey,
  SortOperator,
} from './types.ts';
