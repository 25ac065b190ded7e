import { checkString, validationError } from '../values/values.ts';
import { bindCondition } from './condition.ts';
import { bindKeyCondition } from './key-condition.ts';
import { type ExpressionName, parseExpression } from './parse.ts';
import { pathTree } from './paths.ts';
import { project } from './project.ts';
import { Binding, Substitutions } from './substitutions.ts';
import type { CompiledExpressions, ExpressionOperation, PrimaryKey } from './types.ts';
import { type BoundUpdate, bindUpdate } from './update.ts';

/** The expressions that each operation takes, in the order in which they are checked. */
const EXPRESSIONS: Record<ExpressionOperation, readonly ExpressionName[]> = {
  GetItem: ['ProjectionExpression'],
  BatchGetItem: ['ProjectionExpression'],
  PutItem: ['ConditionExpression'],
  DeleteItem: ['ConditionExpression'],
  UpdateItem: ['UpdateExpression', 'ConditionExpression'],
  Query: ['FilterExpression', 'ProjectionExpression', 'KeyConditionExpression'],
  Scan: ['FilterExpression', 'ProjectionExpression'],
};

const NOTHING: CompiledExpressions = Object.freeze({});

type Body = Readonly<Record<string, unknown>>;

/**
 * Parses, checks and binds a request's expressions. Trees are kept by text; names and values are bound each time.
 * @param body the request, or a table's part of a BatchGetItem
 * @param key of the table, or of the index that a Query or Scan reads
 * @throws AwsError ValidationException; SerializationException where a member has the wrong JSON type
 */
export function compileExpressions(
  operation: ExpressionOperation,
  body: Body,
  key: PrimaryKey,
): CompiledExpressions {
  const present = EXPRESSIONS[operation].filter((name) => isPresent(body, name));
  if (operation === 'Query' && !isPresent(body, 'KeyConditionExpression')) {
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  }
  checkSubstitutionsWanted(operation, body, present);
  if (present.length === 0) return NOTHING;
  const takesValues = operation !== 'GetItem' && operation !== 'BatchGetItem';
  const substitutions = new Substitutions(
    body.ExpressionAttributeNames,
    takesValues ? body.ExpressionAttributeValues : undefined,
  );
  return bindAll(operation, body, key, present, substitutions);
}

function isPresent(body: Body, member: string): boolean {
  return body[member] !== undefined && body[member] !== null;
}

function checkSubstitutionsWanted(
  operation: ExpressionOperation,
  body: Body,
  present: readonly ExpressionName[],
): void {
  if (isPresent(body, 'ExpressionAttributeNames') && present.length === 0) {
    throw validationError('ExpressionAttributeNames can only be specified when using expressions');
  }
  if (!isPresent(body, 'ExpressionAttributeValues')) return;
  const withValues = EXPRESSIONS[operation].filter(
    (name) => name !== 'ProjectionExpression',
  ) as ExpressionName[];
  if (withValues.length === 0 || present.some((name) => withValues.includes(name))) return;
  const are = withValues.length > 1 ? 'are' : 'is';
  throw validationError(
    `ExpressionAttributeValues can only be specified when using expressions: ${withValues.join(' and ')} ${are} null`,
  );
}

function bindAll(
  operation: ExpressionOperation,
  body: Body,
  key: PrimaryKey,
  present: readonly ExpressionName[],
  substitutions: Substitutions,
): CompiledExpressions {
  const compiled: CompiledExpressions = {};
  const bindings = new Map<ExpressionName, Binding>();
  let update: BoundUpdate | undefined;
  for (const name of present) {
    const binding = new Binding(name, substitutions);
    bindings.set(name, binding);
    const bound = bindOne(name, checkString(body[name]), binding);
    if (bound.update !== undefined) update = bound.update;
    Object.assign(compiled, bound);
  }
  substitutions.checkAllUsed();
  checkKeyUse(operation, key, bindings, update);
  if (operation === 'Query' || operation === 'Scan') compiled.named = namedIn(bindings);
  if (operation === 'Query') {
    const node = parseExpression('KeyConditionExpression', body.KeyConditionExpression as string);
    compiled.keyCondition = bindKeyCondition(node, key, new Binding('KeyConditionExpression', substitutions));
  }
  return compiled;
}

function namedIn(bindings: ReadonlyMap<ExpressionName, Binding>): string[] {
  const names = new Set<string>();
  for (const expression of ['FilterExpression', 'ProjectionExpression'] as const)
    for (const path of bindings.get(expression)?.paths ?? []) names.add(path[0] as string);
  return [...names];
}

function bindOne(
  name: ExpressionName,
  text: string,
  binding: Binding,
): CompiledExpressions & { update?: BoundUpdate } {
  switch (name) {
    case 'ConditionExpression': {
      const holds = bindCondition(parseExpression(name, text), binding);
      return { condition: (item) => holds(item ?? {}) };
    }
    case 'FilterExpression':
      return { filter: bindCondition(parseExpression(name, text), binding) };
    case 'KeyConditionExpression':
      // Bound here for the checks that every condition has to pass; its terms are taken apart later.
      bindCondition(parseExpression(name, text), binding);
      return {};
    case 'ProjectionExpression': {
      const paths = parseExpression(name, text).paths.map((path) => binding.path(path));
      const tree = pathTree(paths, (problem) => binding.problem(problem));
      return { projection: (item) => project(item, tree) };
    }
    case 'UpdateExpression':
      return { update: bindUpdate(parseExpression(name, text), binding) };
  }
}

/** Key attributes are scalars, are never updated, and in a Query belong to the key condition. */
function checkKeyUse(
  operation: ExpressionOperation,
  key: PrimaryKey,
  bindings: ReadonlyMap<ExpressionName, Binding>,
  update: BoundUpdate | undefined,
): void {
  const names = key.sort === undefined ? [key.partition.name] : [key.partition.name, key.sort.name];
  for (const name of names) {
    if (update?.targets.some((path) => path[0] === name)) {
      throw validationError(
        `One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`,
      );
    }
    const filtered = operation === 'Query' ? bindings.get('FilterExpression')?.paths : undefined;
    if (filtered?.some((path) => path[0] === name)) {
      throw validationError(
        `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`,
      );
    }
    for (const [expression, { paths }] of bindings) {
      if (expression === 'KeyConditionExpression') continue;
      if (!paths.some((path) => path[0] === name && path.length > 1)) continue;
      throw validationError(
        `Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: ${name}`,
      );
    }
  }
}
