import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultKeyPolicy, dynamodbKeyPolicy } from '../../../../src/system/kms/policy/documents.ts';
import { PolicyError } from '../../../../src/system/kms/policy/errors.ts';
import {
  compileIdentityPolicy,
  compileKeyPolicy,
  evaluate,
  type Verdict,
} from '../../../../src/system/kms/policy/policy.ts';
import { matchesArn, matchesWildcard } from '../../../../src/system/kms/policy/wildcard.ts';
import { ACCOUNT, alice, bob, dynamodb } from '../harness.ts';

const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1`;
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const ALICE = alice.principal.arn;

type Statement = Record<string, unknown>;
interface Asked {
  by?: typeof alice;
  action?: string;
  resource?: string;
  values?: Record<string, readonly string[]>;
}

const allowAll = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };

function keyPolicy(...statements: Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

function ask(text: string, { by = alice, action = 'kms:Decrypt', resource = KEY, values = {} }: Asked = {}) {
  const policy = compileKeyPolicy(text, (arn) => [ALICE, bob.principal.arn].includes(arn));
  return evaluate(policy, { principal: by.principal, action, resource, values: (key) => values[key] });
}

function problem(compile: () => unknown): string {
  try {
    compile();
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
  return 'compiles';
}

describe('who a statement reaches', () => {
  it.each<[unknown, typeof alice, Verdict]>([
    ['*', alice, 'allow'],
    ['*', dynamodb, 'allow'],
    [{ AWS: '*' }, alice, 'allow'],
    [{ AWS: ROOT }, alice, 'delegate'],
    [{ AWS: ACCOUNT }, alice, 'delegate'],
    [{ AWS: ACCOUNT }, dynamodb, 'none'],
    [{ AWS: '444455556666' }, alice, 'none'],
    [{ AWS: ALICE }, alice, 'allow'],
    [{ AWS: ALICE }, bob, 'none'],
    [{ AWS: [bob.principal.arn, ROOT] }, bob, 'allow'],
    [{ AWS: [bob.principal.arn, ROOT] }, alice, 'delegate'],
    [{ Service: 'dynamodb.amazonaws.com' }, dynamodb, 'allow'],
    [{ Service: ['s3.amazonaws.com'] }, dynamodb, 'none'],
    [{ Service: 'dynamodb.amazonaws.com', AWS: ALICE }, alice, 'allow'],
  ])('%j, %o', (Principal, by, verdict) => {
    expect(ask(keyPolicy({ ...allowAll, Principal }), { by }).verdict).toBe(verdict);
    const denied = verdict === 'none' ? 'none' : 'deny';
    const Deny = { ...allowAll, Effect: 'Deny', Principal };
    expect(ask(keyPolicy(Deny, allowAll), { by }).verdict).toBe(denied === 'deny' ? 'deny' : 'allow');
  });

  it('all but those that NotPrincipal names', () => {
    const deny = (AWS: unknown) =>
      keyPolicy(allowAll, { Effect: 'Deny', NotPrincipal: { AWS }, Action: '*', Resource: '*' });
    expect(ask(deny([ALICE, ROOT])).verdict).toBe('allow');
    expect(ask(deny([ALICE, ROOT]), { by: bob }).verdict).toBe('deny');
    expect(ask(deny(ROOT)).verdict).toBe('deny');
  });
});

describe('what a statement covers', () => {
  it.each<[Statement, string, boolean]>([
    [{ Action: 'kms:Decrypt' }, 'kms:Decrypt', true],
    [{ Action: 'KMS:decrypt' }, 'kms:Decrypt', true],
    [{ Action: 'kms:Decrypt' }, 'kms:Encrypt', false],
    [{ Action: ['kms:Encrypt', 'kms:GenerateDataKey*'] }, 'kms:GenerateDataKeyWithoutPlaintext', true],
    [{ Action: 'kms:ReEncrypt????' }, 'kms:ReEncryptFrom', true],
    [{ Action: 'kms:ReEncrypt????' }, 'kms:ReEncryptTo', false],
    [{ Action: 'dynamodb:*' }, 'kms:Decrypt', false],
    [{ NotAction: ['kms:Decrypt'] }, 'kms:Decrypt', false],
    [{ NotAction: ['kms:Encrypt'] }, 'kms:Decrypt', true],
    [{ Action: [] }, 'kms:Decrypt', false],
    [{}, 'kms:Decrypt', false],
  ])('%j, %s: %s', (actions, action, covered) => {
    const policy = keyPolicy({ Effect: 'Allow', Principal: '*', Resource: '*', ...actions });
    expect(ask(policy, { action }).verdict).toBe(covered ? 'allow' : 'none');
  });

  it.each<[Statement, boolean]>([
    [{ Resource: KEY }, true],
    [{ Resource: [`${KEY}2`, KEY] }, true],
    [{ Resource: 'arn:aws:kms:*:*:key/*' }, true],
    [{ Resource: KEY.toUpperCase() }, false],
    [{ NotResource: KEY }, false],
    [{ NotResource: 'arn:aws:kms:*:*:alias/*' }, true],
    [{}, false],
  ])('%j: %s', (resources, covered) => {
    const policy = keyPolicy({ Effect: 'Allow', Principal: '*', Action: 'kms:*', ...resources });
    expect(ask(policy).verdict).toBe(covered ? 'allow' : 'none');
  });
});

describe('conditions', () => {
  const table: [string, string | string[] | boolean | number, string[] | undefined, boolean][] = [
    ['StringEquals', 'a', ['a'], true],
    ['StringEquals', ['b', 'a'], ['a'], true],
    ['StringEquals', 'a', ['A'], false],
    ['StringEquals', 'a', undefined, false],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', ['b'], false],
    ['StringNotEquals', 'a', ['b'], true],
    ['StringNotEquals', ['a', 'b'], ['b'], false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'a', ['A'], true],
    ['StringNotEqualsIgnoreCase', 'a', ['A'], false],
    ['StringLike', 'dynamodb.*.amazonaws.com', ['dynamodb.eu-west-1.amazonaws.com'], true],
    ['StringLike', 'dynamodb.*.amazonaws.com', ['s3.eu-west-1.amazonaws.com'], false],
    ['StringNotLike', 's3.*', ['dynamodb.eu-west-1.amazonaws.com'], true],
    ['ArnLike', 'arn:aws:iam::*:user/a*', [ALICE], true],
    ['ArnLike', 'arn:*:user/a*', [ALICE], false],
    ['ArnEquals', 'arn:aws:iam::*:user/alice', [ALICE], true],
    ['ArnNotLike', 'arn:aws:iam::*:user/b*', [ALICE], true],
    ['Bool', 'true', ['true'], true],
    ['Bool', false, ['true'], false],
    ['Bool', 'true', undefined, false],
    ['BoolIfExists', 'true', undefined, true],
    ['Null', 'true', undefined, true],
    ['Null', 'true', ['x'], false],
    ['Null', false, ['x'], true],
    ['NumericLessThanEquals', 7, ['7'], true],
    ['NumericGreaterThan', '7', ['7'], false],
    ['NumericEquals', '7', ['7.0'], true],
    ['DateGreaterThan', '2026-01-01T00:00:00Z', ['2026-06-01T00:00:00Z'], true],
    ['DateLessThan', '1767225600', ['2025-12-31T23:59:59Z'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', 'a', undefined, true],
    ['ForAllValues:StringNotEquals', 'a', ['b', 'a'], false],
    ['ForAnyValue:StringEquals', 'a', ['b', 'a'], true],
    ['ForAnyValue:StringEquals', 'a', ['b'], false],
    ['ForAnyValue:StringEquals', 'a', undefined, false],
    ['ForAnyValue:StringLike', 'a*', ['b', 'ab'], true],
    ['ForAnyValue:StringNotEquals', 'a', ['a', 'b'], true],
    ['ForAnyValue:StringEqualsIfExists', 'a', undefined, true],
  ];
  it.each(table)('%s %j, of %j: %s', (operator, wanted, actual, holds) => {
    const policy = keyPolicy({ ...allowAll, Condition: { [operator]: { 'KMS:Some:Key': wanted } } });
    const values: Record<string, string[]> = actual === undefined ? {} : { 'kms:some:key': actual };
    const { verdict, conditionKeys } = ask(policy, { values });
    expect(verdict).toBe(holds ? 'allow' : 'none');
    expect([...conditionKeys]).toEqual(['kms:some:key']);
  });

  it('have to hold all together', () => {
    const Condition = {
      StringEquals: { 'kms:a': 'a', 'kms:b': 'b' },
      Bool: { 'kms:c': 'true' },
    };
    const policy = keyPolicy({ ...allowAll, Condition });
    const values = { 'kms:a': ['a'], 'kms:b': ['b'], 'kms:c': ['true'] };
    expect(ask(policy, { values }).verdict).toBe('allow');
    for (const key of Object.keys(values)) {
      expect(ask(policy, { values: { ...values, [key]: ['x'] } }).verdict).toBe('none');
    }
  });

  it('are told only of statements that speak of the request', () => {
    const Condition = { Bool: { 'kms:a': 'true' } };
    const policy = keyPolicy(allowAll, { ...allowAll, Action: 'kms:Encrypt', Condition });
    expect(ask(policy).conditionKeys.size).toBe(0);
    expect(ask(policy, { action: 'kms:Encrypt' }).conditionKeys.size).toBe(1);
  });
});

describe('the policies that AWS makes', () => {
  const via = { 'kms:calleraccount': [ACCOUNT], 'kms:viaservice': ['dynamodb.eu-west-1.amazonaws.com'] };

  it('of a customer key leaves all to the account', () => {
    const text = defaultKeyPolicy(ACCOUNT);
    expect(text).toBe(
      `{\n  "Version" : "2012-10-17",\n  "Id" : "key-default-1",\n  "Statement" : [ {\n    "Sid" : "Enable IAM User Permissions",\n    "Effect" : "Allow",\n    "Principal" : {\n      "AWS" : "${ROOT}"\n    },\n    "Action" : "kms:*",\n    "Resource" : "*"\n  } ]\n}`,
    );
    expect(ask(text).verdict).toBe('delegate');
    expect(ask(text, { by: dynamodb }).verdict).toBe('none');
  });

  it('of the AWS managed key allows use through the service alone', () => {
    const text = dynamodbKeyPolicy(ACCOUNT, 'eu-west-1');
    expect(JSON.parse(text).Id).toBe('auto-dynamodb-1');
    expect(ask(text, { values: via }).verdict).toBe('allow');
    expect(ask(text).verdict).toBe('none');
    expect(ask(text, { action: 'kms:GetKeyPolicy' }).verdict).toBe('delegate');
    expect(ask(text, { action: 'kms:PutKeyPolicy', values: via }).verdict).toBe('none');
    expect(ask(text, { by: dynamodb, action: 'kms:DescribeKey' }).verdict).toBe('allow');
    expect(ask(text, { by: dynamodb }).verdict).toBe('none');
  });
});

describe('documents that say nothing clear', () => {
  it.each<[string, RegExp]>([
    ['', /not JSON/],
    ['{"Statement":', /not JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{}', /no Statement/],
    ['{"Statement":[]}', /no Statement/],
    ['{"Statement":["a"]}', /statement 1, there is no object/],
    ['{"Version":"2026-01-01","Statement":[]}', /Version/],
    ['{"Stmt":[]}', /element Stmt/],
    [keyPolicy({ Effect: 'Maybe' }), /neither Allow nor Deny/],
    [
      keyPolicy(allowAll, { Effect: 'Allow', Action: '*', Resource: '*' }),
      /statement 2, there is no Principal/,
    ],
    [keyPolicy({ ...allowAll, NotPrincipal: '*' }), /exclude each other/],
    [keyPolicy({ ...allowAll, NotAction: '*' }), /exclude each other/],
    [keyPolicy({ ...allowAll, Action: 'Decrypt' }), /no action/],
    [keyPolicy({ ...allowAll, Action: 7 }), /Action is not text/],
    [keyPolicy({ ...allowAll, Resource: [7] }), /Resource is not text/],
    [keyPolicy({ ...allowAll, Principal: {} }), /names nobody/],
    [keyPolicy({ ...allowAll, Principal: { AWS: [] } }), /names nobody/],
    [keyPolicy({ ...allowAll, Principal: 'alice' }), /neither/],
    [keyPolicy({ ...allowAll, Principal: { AWS: 7 } }), /not text/],
    [keyPolicy({ ...allowAll, Principal: { AWS: 'alice' } }), /alice is no principal/],
    [keyPolicy({ ...allowAll, Principal: { AWS: `${ALICE}x` } }), /no principal/],
    [keyPolicy({ ...allowAll, Principal: { Service: 'dynamodb' } }), /no service principal/],
    [keyPolicy({ ...allowAll, Principal: { CanonicalUser: 'a' } }), /CanonicalUser/],
    [keyPolicy({ ...allowAll, Condition: [] }), /Condition is not an object/],
    [keyPolicy({ ...allowAll, Condition: { StringEquals: 'a' } }), /StringEquals is not an object/],
    [keyPolicy({ ...allowAll, Condition: { StringEqual: { a: 'b' } } }), /operator StringEqual /],
    [keyPolicy({ ...allowAll, Condition: { Bool: { a: 'yes' } } }), /no value for Bool/],
    [keyPolicy({ ...allowAll, Condition: { NumericEquals: { a: 'one' } } }), /no value/],
    [keyPolicy({ ...allowAll, Condition: { StringEquals: { a: {} } } }), /values of a/],
    [
      keyPolicy({ ...allowAll, Condition: { StringLike: { a: ['$', '{aws:username}'].join('') } } }),
      /variables/,
    ],
  ])('%s', (text, message) => {
    expect(problem(() => compileKeyPolicy(text, (arn) => arn === ALICE))).toMatch(message);
  });

  it('of identities name no principal, and are complete', () => {
    const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
    const of = (...Statement: object[]) => problem(() => compileIdentityPolicy({ Statement }));
    expect(of(statement)).toBe('compiles');
    expect(of({ ...statement, Principal: '*' })).toMatch(/does not name principals/);
    expect(of({ Effect: 'Allow', Action: '*' })).toMatch(/no Resource/);
    expect(of({ Effect: 'Allow', Resource: '*' })).toMatch(/no Action/);
  });

  it('whatever they are, end in a PolicyError or a policy', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(typeof problem(() => compileKeyPolicy(text, () => true))).toBe('string');
        expect(typeof problem(() => compileKeyPolicy(`{"Statement":${text}}`, () => true))).toBe('string');
        const statement = JSON.stringify(allowAll).replace('{', `{"Condition":${text},`);
        expect(typeof problem(() => compileKeyPolicy(`{"Statement":${statement}}`, () => true))).toBe(
          'string',
        );
      }),
    );
  });
});

describe('properties', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', ':'), maxLength: 12 });

  it('a wildcard matches as its regular expression does', () => {
    fc.assert(
      fc.property(words, words, (pattern, text) => {
        const source = pattern.replaceAll(/[*?:]/g, (symbol) => ({ '*': '.*', '?': '.' })[symbol] ?? symbol);
        expect(matchesWildcard(pattern, text)).toBe(new RegExp(`^${source}$`, 's').test(text));
      }),
    );
    expect(matchesWildcard('*a'.repeat(2000), 'a'.repeat(4000).concat('b'))).toBe(false);
    expect(matchesArn('a:b:*:d:e:f:*', 'a:b:c:d:e:f:g:h')).toBe(true);
    expect(matchesArn('a:b', 'a:b')).toBe(false);
  });

  const statements = fc.array(
    fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Principal: fc.constantFrom<unknown>('*', { AWS: ROOT }, { AWS: ALICE }, { AWS: bob.principal.arn }),
      Action: fc.constantFrom('kms:*', 'kms:Decrypt', 'kms:Encrypt'),
      Resource: fc.constantFrom('*', KEY, 'arn:aws:kms:*:*:alias/*'),
    }),
    { minLength: 1, maxLength: 5 },
  );

  it('the order of statements is of no account, and a deny is never outweighed', () => {
    fc.assert(
      fc.property(statements, (list) => {
        const { verdict } = ask(keyPolicy(...list));
        expect(ask(keyPolicy(...list.toReversed())).verdict).toBe(verdict);
        const denied = { ...allowAll, Effect: 'Deny', Principal: { AWS: ROOT } };
        expect(ask(keyPolicy(...list, denied)).verdict).toBe('deny');
        if (verdict !== 'deny') expect(ask(keyPolicy(...list, allowAll)).verdict).toBe('allow');
      }),
    );
  });
});
