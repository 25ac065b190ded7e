import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import type { Fields } from '../fields.ts';
import { GRANT_OPERATIONS, type GrantConstraints, type GrantTerms, regionalService } from '../grants.ts';
import { isForUser } from '../request-facts.ts';
import type { EncryptionContext } from '../types.ts';

const NAME = { min: 1, max: 256, pattern: '^[a-zA-Z0-9:/_-]+$' } as const;
const PRINCIPAL = { min: 1, max: 256, pattern: '^[\\w+=,.@:/-]+$' } as const;
const SERVICE = {
  min: 1,
  max: 128,
  pattern: '^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$',
} as const;
const SOURCE_ARN = {
  min: 20,
  max: 512,
  pattern: '^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$',
} as const;
const OPERATIONS = { items: GRANT_OPERATIONS.length, max: 64, oneOf: GRANT_OPERATIONS };
const CONSTRAINT_PAIRS_MAX = 8;
const CONSTRAINT_VALUE_MAX = 384;
const ACCOUNT_ROOT = /^arn:aws[a-z-]*:iam::\d{12}:root$/;

type Constraints = { -readonly [Name in keyof GrantConstraints]: GrantConstraints[Name] };

/**
 * Reads what CreateGrant says of a grant.
 * @returns `checked`, for when the constraints of all members are known to hold. It throws AwsError
 * ValidationException for members that contradict each other, InvalidArnException for principals that are not there
 */
export function readTerms(fields: Fields): { checked(access: KeyAccess, call: KmsCall): GrantTerms } {
  const name = fields.text('Name', NAME);
  const grantee = fields.text('GranteePrincipal', PRINCIPAL);
  const granteeService = fields.text('GranteeServicePrincipal', SERVICE);
  const retiring = fields.text('RetiringPrincipal', PRINCIPAL);
  const retiringService = fields.text('RetiringServicePrincipal', SERVICE);
  const operations = fields.requiredTexts('Operations', OPERATIONS);
  const constraints = readConstraints(fields.structure('Constraints'));
  return {
    checked: (access, call) => {
      excludeEachOther('GranteePrincipal', grantee, 'GranteeServicePrincipal', granteeService);
      excludeEachOther('RetiringPrincipal', retiring, 'RetiringServicePrincipal', retiringService);
      const grantedTo = grantee ?? granteeService;
      const retiredBy = retiring ?? retiringService;
      if (grantedTo === undefined) {
        throw kmsErrors.validation('Specify either GranteePrincipal or GranteeServicePrincipal.');
      }
      if (operations.length === 0) throw kmsErrors.validation('Operations must not be empty.');
      const found = checkConstraints(constraints);
      if (granteeService !== undefined && (found?.SourceArn === undefined || retiredBy === undefined)) {
        throw kmsErrors.validation(
          'A GranteeServicePrincipal requires a SourceArn constraint, and a RetiringPrincipal or RetiringServicePrincipal.',
        );
      }
      for (const principal of [grantee, retiring]) requirePrincipal(access, call, principal);
      return {
        ...(name === undefined ? {} : { name }),
        grantee: grantedTo,
        ...(granteeService === undefined ? {} : { granteeIsService: true }),
        ...(retiredBy === undefined ? {} : { retiring: retiredBy }),
        ...(retiringService === undefined ? {} : { retiringIsService: true }),
        operations: [...new Set(operations)].sort(),
        ...(found === undefined ? {} : { constraints: found }),
      };
    },
  };
}

function readConstraints(
  fields: Fields | undefined,
): { fields: Fields; found: GrantConstraints } | undefined {
  if (fields === undefined) return undefined;
  const found: Constraints = {};
  const sourceArn = fields.text('SourceArn', SOURCE_ARN);
  if (fields.has('EncryptionContextSubset'))
    found.EncryptionContextSubset = pairs(fields, 'EncryptionContextSubset');
  if (fields.has('EncryptionContextEquals'))
    found.EncryptionContextEquals = pairs(fields, 'EncryptionContextEquals');
  if (sourceArn !== undefined) found.SourceArn = sourceArn;
  return { fields, found };
}

function pairs(fields: Fields, name: string): EncryptionContext {
  return Object.fromEntries(Object.entries(fields.context(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkConstraints(constraints: ReturnType<typeof readConstraints>): GrantConstraints | undefined {
  if (constraints === undefined) return undefined;
  const { fields, found } = constraints;
  fields.check();
  const { EncryptionContextSubset: subset, EncryptionContextEquals: equals } = found;
  excludeEachOther('EncryptionContextSubset', subset, 'EncryptionContextEquals', equals);
  const list = Object.entries(subset ?? equals ?? {});
  if (list.length > CONSTRAINT_PAIRS_MAX) {
    throw kmsErrors.validation(
      `A grant constraint has ${CONSTRAINT_PAIRS_MAX} encryption context pairs at most.`,
    );
  }
  if (list.some(([, value]) => value.length > CONSTRAINT_VALUE_MAX)) {
    throw kmsErrors.validation(
      `The encryption context values of a grant constraint have ${CONSTRAINT_VALUE_MAX} characters at most.`,
    );
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function excludeEachOther(name: string, value: unknown, otherName: string, other: unknown): void {
  if (value === undefined || other === undefined) return;
  throw kmsErrors.validation(`Specify either ${name} or ${otherName}, not both.`);
}

/** Users of the account, accounts, and the service that makes the grant on a user's behalf. */
function requirePrincipal(access: KeyAccess, call: KmsCall, name: string | undefined): void {
  if (name === undefined || ACCOUNT_ROOT.test(name) || access.authorizer.isUser(name)) return;
  if (isForUser(call) && name === regionalService(call.signer.name, access.region)) return;
  throw kmsErrors.noPrincipal(name);
}
