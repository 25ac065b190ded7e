import { LRUCache } from 'lru-cache';
import { validationError } from '../values/values.ts';
import type { ConditionNode, ProjectionNode, UpdateNode } from './ast.ts';
import { checkCondition, checkProjection, checkUpdate } from './check-syntax.ts';
import { parseCondition } from './parse-condition.ts';
import { parseProjection, parseUpdate } from './parse-update.ts';
import { ExpressionProblem } from './tokens.ts';

/** The request's members that hold expressions. */
export type ExpressionName =
  | 'ConditionExpression'
  | 'FilterExpression'
  | 'KeyConditionExpression'
  | 'ProjectionExpression'
  | 'UpdateExpression';

interface Trees {
  ConditionExpression: ConditionNode;
  FilterExpression: ConditionNode;
  KeyConditionExpression: ConditionNode;
  ProjectionExpression: ProjectionNode;
  UpdateExpression: UpdateNode;
}

/** Developer Guide, "Quotas": the maximum length of any expression string. */
const MAX_EXPRESSION_BYTES = 4096;

type Grammar = 'condition' | 'projection' | 'update';
type Parsed = { tree: Trees[ExpressionName] } | { problem: string };

const GRAMMAR: Record<ExpressionName, Grammar> = {
  ConditionExpression: 'condition',
  FilterExpression: 'condition',
  KeyConditionExpression: 'condition',
  ProjectionExpression: 'projection',
  UpdateExpression: 'update',
};

/**
 * What the last expressions parsed to: applications send few texts and many values. Bounded by the texts' length too,
 * since a tree can take fifty times the memory of its text.
 */
const kept: Record<Grammar, LRUCache<string, Parsed>> = {
  condition: keeper(),
  projection: keeper(),
  update: keeper(),
};

function keeper(): LRUCache<string, Parsed> {
  return new LRUCache({ max: 1000, maxSize: 2 ** 18, sizeCalculation: (_, text) => text.length });
}

/** @throws AwsError ValidationException */
export function parseExpression<N extends ExpressionName>(name: N, text: string): Trees[N] {
  if (text === '') throw validationError(`Invalid ${name}: The expression can not be empty;`);
  const grammar = GRAMMAR[name];
  let parsed = kept[grammar].get(text);
  if (parsed === undefined) {
    checkLength(name, text);
    parsed = parse(grammar, text);
    kept[grammar].set(text, parsed);
  }
  if ('problem' in parsed) throw validationError(`Invalid ${name}: ${parsed.problem}`);
  return parsed.tree as Trees[N];
}

function checkLength(name: ExpressionName, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_EXPRESSION_BYTES) {
    throw validationError(
      `Invalid ${name}: Expression size has exceeded the maximum allowed size; expression size: ${bytes}`,
    );
  }
}

function parse(grammar: Grammar, text: string): Parsed {
  try {
    return { tree: parseChecked(grammar, text) };
  } catch (error) {
    if (error instanceof ExpressionProblem) return { problem: error.message };
    throw error;
  }
}

function parseChecked(grammar: Grammar, text: string): Trees[ExpressionName] {
  if (grammar === 'condition') {
    const tree = parseCondition(text);
    checkCondition(tree);
    return tree;
  }
  if (grammar === 'update') {
    const tree = parseUpdate(text);
    checkUpdate(tree);
    return tree;
  }
  const tree = parseProjection(text);
  checkProjection(tree);
  return tree;
}
