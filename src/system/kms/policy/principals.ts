import type { Principal } from '../../wire/types.ts';
import { isObject } from './conditions.ts';
import { PolicyError } from './errors.ts';

/** How a statement reaches a principal: by name, through its account, or not at all. */
export type Reach = 'direct' | 'account' | 'none';

export type PrincipalMatcher = (principal: Principal) => Reach;

/** True for principals that exist, as far as their account can tell. */
export type IsKnown = (arn: string) => boolean;

const ACCOUNT = /^\d{12}$/;
const ACCOUNT_ROOT = /^arn:aws[a-z-]*:iam::(\d{12}):root$/;
const IAM_ARN = /^arn:aws[a-z-]*:(?:iam|sts)::\d{12}:(?:user|role|assumed-role|federated-user)\/.+$/;
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com$/;

/**
 * `Principal`: `"*"`, or lists of `AWS` and `Service` principals. An account stands for its root user and hands the
 * decision to its IAM policies.
 * @throws PolicyError
 */
export function compilePrincipals(element: unknown, isKnown: IsKnown): PrincipalMatcher {
  if (element === '*') return () => 'direct';
  const matchers = namedPrincipals(element).map(([type, name]) => compileOne(type, name, isKnown));
  return (principal) => {
    const reaches = matchers.map((matcher) => matcher(principal));
    if (reaches.includes('direct')) return 'direct';
    return reaches.includes('account') ? 'account' : 'none';
  };
}

/** `NotPrincipal`: all but those that are named. Naming the account of a user does not exempt the user. */
export function compileNotPrincipals(element: unknown, isKnown: IsKnown): PrincipalMatcher {
  const named = compilePrincipals(element, isKnown);
  return (principal) => (named(principal) === 'direct' ? 'none' : 'direct');
}

function namedPrincipals(element: unknown): [type: string, name: string][] {
  if (!isObject(element)) throw new PolicyError('Principal is neither "*" nor an object');
  const named = Object.entries(element).flatMap(([type, names]) =>
    (Array.isArray(names) ? names : [names]).map((name): [string, string] => {
      if (typeof name !== 'string') throw new PolicyError('a principal is not text');
      return [type, name];
    }),
  );
  if (named.length === 0) throw new PolicyError('Principal names nobody');
  return named;
}

function compileOne(type: string, name: string, isKnown: IsKnown): PrincipalMatcher {
  if (type === 'Service') {
    if (!SERVICE.test(name)) throw new PolicyError(`${name} is no service principal`, true);
    return (principal) => (principal.kind === 'service' && principal.name === name ? 'direct' : 'none');
  }
  if (type !== 'AWS') throw new PolicyError(`principals of type ${type} are not supported`);
  if (name === '*') return () => 'direct';
  const accountId = ACCOUNT.test(name) ? name : ACCOUNT_ROOT.exec(name)?.[1];
  if (accountId !== undefined) {
    return (principal) =>
      principal.kind === 'user' && principal.accountId === accountId ? 'account' : 'none';
  }
  if (!IAM_ARN.test(name) || !isKnown(name)) throw new PolicyError(`${name} is no principal`, true);
  return (principal) => (principal.arn === name ? 'direct' : 'none');
}
