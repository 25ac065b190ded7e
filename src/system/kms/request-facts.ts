import type { KmsCall } from './call.ts';
import { type GrantTerms, regionalService } from './grants.ts';
import type { KeyRecord } from './keys.ts';
import type { ConditionValues } from './policy/conditions.ts';
import type { EncryptionContext } from './types.ts';

/** What a request wants to do, as far as policies and grants can speak of it. */
export interface Asked {
  /** Without `kms:`. */
  action: string;
  /** The encryption context of a cryptographic operation. */
  context?: EncryptionContext;
  /** The grant that is to be made. */
  terms?: GrantTerms;
  /** Other condition keys that the request has values for, in lower case. */
  values?: Readonly<Record<string, readonly string[]>>;
}

export interface Surroundings {
  region: string;
  now_ms(): number;
  /** Names of the key's aliases. */
  aliasesOf(keyId: string): string[];
}

interface Facts extends Surroundings {
  call: KmsCall;
  key: KeyRecord | undefined;
  asked: Asked;
}

type Reader = (facts: Facts) => readonly (string | undefined)[] | undefined;

/** The same for all requests of one caller, directly or through one service, for one action on one key record. */
const LASTING: Readonly<Record<string, Reader>> = {
  'kms:viaservice': ({ call, region }) =>
    isForUser(call) ? [regionalService(call.signer.name, region)] : undefined,
  'kms:calleraccount': ({ call }) => userOf(call, call.principal.accountId),
  'kms:grantisforawsresource': ({ call, asked }) =>
    ['CreateGrant', 'ListGrants', 'RevokeGrant'].includes(asked.action)
      ? [String(isForUser(call))]
      : undefined,
  'kms:keyspec': ({ key }) => key && [key.spec],
  'kms:keyusage': ({ key }) => key && [key.usage],
  'kms:keyorigin': ({ key }) => key && ['AWS_KMS'],
  'kms:multiregion': ({ key }) => key && ['false'],
  'aws:principalarn': ({ call }) => userOf(call, call.principal.arn),
  'aws:principalaccount': ({ call }) => userOf(call, call.principal.accountId),
  'aws:principaltype': ({ call }) => userOf(call, 'User'),
  'aws:username': ({ call }) => userOf(call, call.principal.name),
  'aws:principalisawsservice': ({ call }) => [String(call.principal.kind === 'service')],
  'aws:principalservicename': ({ call }) =>
    call.principal.kind === 'service' ? [call.principal.name] : undefined,
  'aws:viaawsservice': ({ call }) => [String(isForUser(call))],
  'aws:calledvia': ({ call }) => (isForUser(call) ? [call.signer.name] : undefined),
  'aws:calledviafirst': ({ call }) => (isForUser(call) ? [call.signer.name] : undefined),
  'aws:calledvialast': ({ call }) => (isForUser(call) ? [call.signer.name] : undefined),
  'aws:requestedregion': ({ region }) => [region],
};

/** Of one request. */
const PASSING: Readonly<Record<string, Reader>> = {
  'kms:encryptioncontextkeys': (facts) => {
    const context = contextOf(facts.asked);
    return context && Object.keys(context);
  },
  'kms:requestalias': ({ call }) => {
    const alias = /(?:^|:)(alias\/.+)$/.exec(typeof call.body.KeyId === 'string' ? call.body.KeyId : '');
    return alias ? [alias[1]] : undefined;
  },
  'kms:resourcealiases': ({ key, aliasesOf }) => key && aliasesOf(key.keyId),
  'kms:granteeprincipal': ({ asked: { terms } }) => terms && [terms.grantee],
  'kms:retiringprincipal': ({ asked: { terms } }) =>
    terms?.retiring === undefined ? undefined : [terms.retiring],
  'kms:grantoperations': ({ asked: { terms } }) => terms?.operations,
  'kms:grantconstrainttype': ({ asked: { terms } }) =>
    terms?.constraints &&
    Object.keys(terms.constraints).filter((name) => name.startsWith('EncryptionContext')),
  'aws:currenttime': ({ now_ms }) => [new Date(now_ms()).toISOString()],
  'aws:epochtime': ({ now_ms }) => [String(Math.floor(now_ms() / 1000))],
};

const CONTEXT_KEY = 'kms:encryptioncontext:';
const RESOURCE_TAG = 'aws:resourcetag/';

/** What a request says about condition keys. */
export function requestFacts(
  call: KmsCall,
  key: KeyRecord | undefined,
  asked: Asked,
  surroundings: Surroundings,
): ConditionValues {
  const facts: Facts = { ...surroundings, call, key, asked };
  return (name) => {
    if (asked.values !== undefined && Object.hasOwn(asked.values, name)) return asked.values[name];
    if (name.startsWith(CONTEXT_KEY)) return contextValues(asked, name.slice(CONTEXT_KEY.length));
    if (name.startsWith(RESOURCE_TAG)) return tagValues(key, name.slice(RESOURCE_TAG.length));
    const reader = own(LASTING, name) ?? own(PASSING, name);
    return reader?.(facts)?.filter((value) => value !== undefined);
  };
}

/** True for a condition that any request of the same caller for the same action meets alike. */
export function isLasting(conditionKey: string): boolean {
  return Object.hasOwn(LASTING, conditionKey) || conditionKey.startsWith(RESOURCE_TAG);
}

function own(readers: Readonly<Record<string, Reader>>, name: string): Reader | undefined {
  return Object.hasOwn(readers, name) ? readers[name] : undefined;
}

/** True when a service acts for a user. */
export function isForUser({ signer, principal }: KmsCall): boolean {
  return signer.kind === 'service' && principal.kind === 'user';
}

function userOf({ principal }: KmsCall, value: string): readonly string[] | undefined {
  return principal.kind === 'user' ? [value] : undefined;
}

/** That of a grant to be made is what its constraint says. */
function contextOf({ context, terms }: Asked): EncryptionContext | undefined {
  return (
    context ?? terms?.constraints?.EncryptionContextSubset ?? terms?.constraints?.EncryptionContextEquals
  );
}

function contextValues(asked: Asked, name: string): readonly string[] | undefined {
  const pairs = Object.entries(contextOf(asked) ?? {}).filter(([key]) => key.toLowerCase() === name);
  return pairs.length === 0 ? undefined : pairs.map(([, value]) => value);
}

function tagValues(key: KeyRecord | undefined, name: string): readonly string[] | undefined {
  const tags = key?.tags.filter((tag) => tag.key.toLowerCase() === name) ?? [];
  return tags.length === 0 ? undefined : tags.map((tag) => tag.value);
}
