import type { Principal } from '../../wire/types.ts';
import {
  type Condition,
  type ConditionValues,
  compileConditions,
  isObject,
  withoutVariables,
} from './conditions.ts';
import { PolicyError } from './errors.ts';
import {
  compileNotPrincipals,
  compilePrincipals,
  type IsKnown,
  type PrincipalMatcher,
  type Reach,
} from './principals.ts';
import { matchesWildcard } from './wildcard.ts';

export interface PolicyRequest {
  principal: Principal;
  /** `kms:Decrypt` */
  action: string;
  /** An ARN, or `*` where the action is on no resource. */
  resource: string;
  values: ConditionValues;
}

/**
 * What a policy says: `deny` outweighs everything; `allow` allows by itself; `delegate` lets the policies of the
 * principal's account decide; `none` says nothing.
 */
export type Verdict = 'deny' | 'allow' | 'delegate' | 'none';

export interface Evaluation {
  verdict: Verdict;
  /** Keys of all conditions that were asked for this principal, action and resource. */
  conditionKeys: ReadonlySet<string>;
}

/** A policy document, ready to be asked. */
export interface Policy {
  readonly statements: readonly Statement[];
}

interface Statement {
  effect: 'Allow' | 'Deny';
  reach: PrincipalMatcher;
  covers(action: string, resource: string): boolean;
  conditions: readonly Condition[];
}

const VERSIONS = ['2012-10-17', '2008-10-17'];
const ACTION = /^(?:\*|[a-z0-9-]+:[a-z0-9*?]+)$/;
const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * A key policy. A statement without `Action` or `Resource` has no effect, as KMS documents.
 * @param text JSON
 * @throws PolicyError
 */
export function compileKeyPolicy(text: string, isKnown: IsKnown): Policy {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new PolicyError('it is not JSON');
  }
  return compile(document, (statement) => ({
    reach: compileReach(statement, isKnown),
    isComplete: hasElement(statement, 'Action') && hasElement(statement, 'Resource'),
  }));
}

/**
 * A policy of IAM, attached to the principal that it speaks of.
 * @throws PolicyError
 */
export function compileIdentityPolicy(document: unknown): Policy {
  return compile(document, (statement) => {
    if ('Principal' in statement || 'NotPrincipal' in statement) {
      throw new PolicyError('a policy of a principal does not name principals');
    }
    for (const element of ['Action', 'Resource']) {
      if (!hasElement(statement, element)) throw new PolicyError(`it has no ${element}`);
    }
    return { reach: () => 'direct', isComplete: true };
  });
}

/** What keeps a document from being a policy of a principal; `undefined` for one that is. */
export function policyProblem(document: unknown): string | undefined {
  try {
    compileIdentityPolicy(document);
    return undefined;
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

/** Pure: the same policy and request, the same answer. */
export function evaluate(policy: Policy, request: PolicyRequest): Evaluation {
  const action = request.action.toLowerCase();
  let verdict: Verdict = 'none';
  let conditionKeys: Set<string> | undefined;
  for (const { effect, reach, covers, conditions } of policy.statements) {
    if (!covers(action, request.resource)) continue;
    const reached = reach(request.principal);
    if (reached === 'none') continue;
    if (conditions.length > 0) {
      conditionKeys ??= new Set();
      for (const { key } of conditions) conditionKeys.add(key);
      if (!conditions.every((condition) => condition.holds(request.values))) continue;
    }
    verdict = stronger(verdict, effect === 'Deny' ? 'deny' : allowing(reached));
  }
  return { verdict, conditionKeys: conditionKeys ?? NO_KEYS };
}

const STRENGTH: readonly Verdict[] = ['none', 'delegate', 'allow', 'deny'];

function stronger(a: Verdict, b: Verdict): Verdict {
  return STRENGTH.indexOf(a) > STRENGTH.indexOf(b) ? a : b;
}

function allowing(reached: Reach): Verdict {
  return reached === 'direct' ? 'allow' : 'delegate';
}

type Frame = (statement: Record<string, unknown>) => { reach: PrincipalMatcher; isComplete: boolean };

function compile(document: unknown, frame: Frame): Policy {
  if (!isObject(document)) throw new PolicyError('it is not a JSON object');
  onlyElements(document, ['Version', 'Id', 'Statement'], 'it');
  const { Version: version = VERSIONS[1] } = document;
  if (!VERSIONS.includes(version as string))
    throw new PolicyError(`its Version is not ${VERSIONS.join(' or ')}`);
  if (document.Id !== undefined && typeof document.Id !== 'string')
    throw new PolicyError('its Id is not text');
  const { Statement: list } = document;
  const statements = Array.isArray(list) ? list : [list];
  if (list === undefined || statements.length === 0) throw new PolicyError('it has no Statement');
  return {
    statements: statements.flatMap((statement, index) => {
      try {
        return compileStatement(statement, frame);
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        throw new PolicyError(`in statement ${index + 1}, ${error.message}`, error.unknownPrincipal);
      }
    }),
  };
}

const ELEMENTS = [
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource'],
  'Condition',
];

function compileStatement(statement: unknown, frame: Frame): Statement[] {
  if (!isObject(statement)) throw new PolicyError('there is no object');
  onlyElements(statement, ELEMENTS, 'it');
  const { Effect: effect, Sid: sid, Condition: condition = {} } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyError('Effect is neither Allow nor Deny');
  if (sid !== undefined && typeof sid !== 'string') throw new PolicyError('Sid is not text');
  const { reach, isComplete } = frame(statement);
  const conditions = compileConditions(condition);
  const actions = compileElement(statement, 'Action', (name) => {
    const pattern = name.toLowerCase();
    if (!ACTION.test(pattern)) throw new PolicyError(`${name} is no action`);
    return pattern;
  });
  const resources = compileElement(statement, 'Resource', withoutVariables);
  if (!isComplete) return [];
  return [
    {
      effect,
      reach,
      conditions,
      covers: (action, resource) => actions(action) && resources(resource),
    },
  ];
}

/** `X` or `NotX`, whichever the statement has. */
function compileElement(
  statement: Record<string, unknown>,
  name: string,
  pattern: (text: string) => string,
): (text: string) => boolean {
  const [plain, negated] = [statement[name], statement[`Not${name}`]];
  if (plain !== undefined && negated !== undefined)
    throw new PolicyError(`${name} and Not${name} exclude each other`);
  const patterns = texts(name, plain ?? negated ?? []).map(pattern);
  const matches = (text: string) => patterns.some((one) => one === '*' || matchesWildcard(one, text));
  return negated === undefined ? matches : (text) => !matches(text);
}

function compileReach(statement: Record<string, unknown>, isKnown: IsKnown): PrincipalMatcher {
  const { Principal: principal, NotPrincipal: notPrincipal } = statement;
  if (principal !== undefined && notPrincipal !== undefined) {
    throw new PolicyError('Principal and NotPrincipal exclude each other');
  }
  if (principal !== undefined) return compilePrincipals(principal, isKnown);
  if (notPrincipal !== undefined) return compileNotPrincipals(notPrincipal, isKnown);
  throw new PolicyError('there is no Principal');
}

function hasElement(statement: Record<string, unknown>, name: string): boolean {
  return statement[name] !== undefined || statement[`Not${name}`] !== undefined;
}

function texts(name: string, value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((one) => typeof one === 'string')) throw new PolicyError(`${name} is not text`);
  return list as string[];
}

function onlyElements(object: Record<string, unknown>, known: readonly string[], whose: string): void {
  const other = Object.keys(object).find((name) => !known.includes(name));
  if (other !== undefined)
    throw new PolicyError(`${whose} has an element ${other} that policies do not have`);
}
