import { LRUCache } from 'lru-cache';
import { InputError } from '../../std/errors.ts';
import type { Caller } from '../wire/types.ts';
import type { KmsCall } from './call.ts';
import { kmsErrors } from './errors.ts';
import type { GrantBook } from './grantbook.ts';
import { GRANT_OPERATIONS, type GrantRecord, grantNames, isNarrower, permits } from './grants.ts';
import type { KeyRecord } from './keys.ts';
import { defaultKeyPolicy, dynamodbKeyPolicy } from './policy/documents.ts';
import { PolicyError } from './policy/errors.ts';
import {
  compileIdentityPolicy,
  compileKeyPolicy,
  type Evaluation,
  evaluate,
  type Policy,
} from './policy/policy.ts';
import { type Asked, isLasting, requestFacts, type Surroundings } from './request-facts.ts';

/** Decisions remembered: 10,000 callers of one table's key. */
const DECISIONS_MAX = 10_000;
const POLICY_CHARACTERS_MAX = 32 * 1024;
/** Callers without a policy of their own have full access, as administrators of an account have. */
const FULL_ACCESS: Evaluation = { verdict: 'allow', conditionKeys: new Set() };

/** Why a request is not allowed, as the texts of AWS tell it. */
export interface Refusal {
  by: 'resource' | 'identity';
  explicit: boolean;
}

export interface AuthorizerOptions extends Surroundings {
  accountId: string;
  callers: readonly Caller[];
  grants: GrantBook;
}

/**
 * Decides by key policies, by the policies of callers where a key policy leaves it to the account, and by grants.
 * Source: KMS Developer Guide, "Key access and permissions"; IAM User Guide, "Policy evaluation logic".
 */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #callerPolicies: ReadonlyMap<string, Policy>;
  readonly #callers: ReadonlySet<string>;
  readonly #keyPolicies = new WeakMap<KeyRecord, Policy>();
  /** What was allowed whatever else the request says, with the key record that it was allowed by. */
  readonly #allowed = new LRUCache<string, KeyRecord>({ max: DECISIONS_MAX });

  /** @throws InputError `E_POLICIES` for a caller's policy that says nothing clear */
  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#callers = new Set(
      options.callers
        .filter(({ principal }) => principal.kind === 'user')
        .map(({ principal }) => principal.arn),
    );
    this.#callerPolicies = compileCallerPolicies(options.callers);
  }

  /** @returns why the request may not do this to the key; `undefined` when it may */
  refusal(call: KmsCall, key: KeyRecord, asked: Asked): Refusal | undefined {
    // Only services come this far to an AWS owned key, and DynamoDB needs no permission for it.
    if (key.owner === 'aws-owned') return undefined;
    const id = `${key.keyId} ${asked.action} ${call.signer.arn} ${call.principal.arn}`;
    if (this.#allowed.get(id) === key) return undefined;
    const resource = this.#evaluateKeyPolicy(call, key, asked);
    const identity = this.#evaluateCallerPolicy(call, this.#arnOf(key), key, asked);
    const refusal = combine(resource, identity);
    if (refusal === undefined) {
      const lasts = [resource, identity].every(({ conditionKeys }) => [...conditionKeys].every(isLasting));
      if (lasts) this.#allowed.set(id, key);
      return undefined;
    }
    if (!refusal.explicit && this.#isGranted(call, key, asked)) return undefined;
    return refusal;
  }

  /** For what is not done to a key: only the caller's own policy speaks of it. */
  refusalByCaller(call: KmsCall, resource: string, asked: Asked): Refusal | undefined {
    const { verdict } = this.#evaluateCallerPolicy(call, resource, undefined, asked);
    return verdict === 'allow' ? undefined : { by: 'identity', explicit: verdict === 'deny' };
  }

  /**
   * Grants are retired by their retiring principal, by a grantee that may, and by whom the account trusts with it.
   * Source: KMS Developer Guide, "Retiring and revoking grants".
   */
  refusalToRetire(call: KmsCall, key: KeyRecord, grant: GrantRecord): Refusal | undefined {
    const asked = { action: 'RetireGrant' };
    const resource = this.#evaluateKeyPolicy(call, key, asked);
    if (resource.verdict === 'deny') return { by: 'resource', explicit: true };
    const identity = this.refusalByCaller(call, this.#arnOf(key), asked);
    if (identity?.explicit) return identity;
    const names = grantNames(call.principal, this.#options.region);
    if (grant.retiring !== undefined && names.includes(grant.retiring)) return undefined;
    if (names.includes(grant.grantee) && permits(grant, 'RetireGrant', undefined)) return undefined;
    return call.principal.kind === 'service' ? { by: 'resource', explicit: false } : identity;
  }

  /**
   * Accepts a key with its new policy.
   * @throws AwsError MalformedPolicyDocumentException, LimitExceededException
   */
  acceptPolicy(call: KmsCall, key: KeyRecord, bypassLockoutCheck: boolean): void {
    const { policy = '' } = key;
    if (policy.length > POLICY_CHARACTERS_MAX) throw kmsErrors.policyTooLong(POLICY_CHARACTERS_MAX);
    try {
      this.#policyOf(key);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw error.unknownPrincipal ? kmsErrors.unknownPrincipals() : kmsErrors.malformedPolicy(error.message);
    }
    if (!bypassLockoutCheck && this.refusal(call, key, { action: 'PutKeyPolicy' }) !== undefined) {
      throw kmsErrors.policyLocksOut();
    }
  }

  policyText(key: KeyRecord): string {
    const { accountId, region } = this.#options;
    if (key.owner === 'aws-managed') return dynamodbKeyPolicy(accountId, region);
    return key.policy ?? defaultKeyPolicy(accountId);
  }

  /** True for a user of the account. */
  isUser(arn: string): boolean {
    return this.#callers.has(arn);
  }

  #evaluateKeyPolicy(call: KmsCall, key: KeyRecord, asked: Asked): Evaluation {
    return evaluate(this.#policyOf(key), {
      principal: call.principal,
      action: `kms:${asked.action}`,
      resource: this.#arnOf(key),
      values: requestFacts(call, key, asked, this.#options),
    });
  }

  #evaluateCallerPolicy(
    call: KmsCall,
    resource: string,
    key: KeyRecord | undefined,
    asked: Asked,
  ): Evaluation {
    const policy = this.#callerPolicies.get(call.principal.arn);
    if (policy === undefined) return FULL_ACCESS;
    return evaluate(policy, {
      principal: call.principal,
      action: `kms:${asked.action}`,
      resource,
      values: requestFacts(call, key, asked, this.#options),
    });
  }

  #isGranted(call: KmsCall, key: KeyRecord, { action, context, terms }: Asked): boolean {
    if (!(GRANT_OPERATIONS as readonly string[]).includes(action)) return false;
    for (const grant of this.#options.grants.to(
      grantNames(call.principal, this.#options.region),
      key.keyId,
    )) {
      if (permits(grant, action, context) && (terms === undefined || isNarrower(terms, grant))) return true;
    }
    return false;
  }

  #policyOf(key: KeyRecord): Policy {
    let policy = this.#keyPolicies.get(key);
    if (policy === undefined) {
      policy = compileKeyPolicy(this.policyText(key), (arn) => this.isUser(arn));
      this.#keyPolicies.set(key, policy);
    }
    return policy;
  }

  #arnOf({ keyId }: KeyRecord): string {
    const { region, accountId } = this.#options;
    return `arn:aws:kms:${region}:${accountId}:key/${keyId}`;
  }
}

function combine(resource: Evaluation, identity: Evaluation): Refusal | undefined {
  if (identity.verdict === 'deny') return { by: 'identity', explicit: true };
  if (resource.verdict === 'deny') return { by: 'resource', explicit: true };
  if (resource.verdict === 'allow') return undefined;
  if (resource.verdict === 'none') return { by: 'resource', explicit: false };
  return identity.verdict === 'allow' ? undefined : { by: 'identity', explicit: false };
}

function compileCallerPolicies(callers: readonly Caller[]): Map<string, Policy> {
  const policies = new Map<string, Policy>();
  for (const { principal, policy } of callers) {
    if (policy === undefined) continue;
    try {
      policies.set(principal.arn, compileIdentityPolicy(policy));
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw new InputError('E_POLICIES', {
        where: `the policy of ${principal.name}`,
        what: `This is no policy: ${error.message}.`,
        remedy:
          'Write it as a policy of IAM: Version, and Statement with Effect, Action, Resource and Condition.',
      });
    }
  }
  return policies;
}
