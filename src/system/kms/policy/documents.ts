/** The policy of a key that was made without one. Source: KMS Developer Guide, "Default key policy". */
export function defaultKeyPolicy(accountId: string): string {
  return asKmsPrints({
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  });
}

/**
 * The policy of the AWS managed key of DynamoDB.
 * Source: DynamoDB Developer Guide, "Key policy for an AWS managed key".
 */
export function dynamodbKeyPolicy(accountId: string, region: string): string {
  const Resource = '*';
  return asKmsPrints({
    Version: '2012-10-17',
    Id: 'auto-dynamodb-1',
    Statement: [
      {
        Sid: 'Allow access through Amazon DynamoDB for all principals in the account that are authorized to use Amazon DynamoDB',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [
          ...['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'],
          ...['kms:CreateGrant', 'kms:DescribeKey'],
        ],
        Resource,
        Condition: {
          StringEquals: {
            'kms:CallerAccount': accountId,
            'kms:ViaService': `dynamodb.${region}.amazonaws.com`,
          },
        },
      },
      {
        Sid: 'Allow direct access to key metadata to the account',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${accountId}:root` },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
        Resource,
      },
      {
        Sid: 'Allow DynamoDB Service with service principal name dynamodb.amazonaws.com to describe the key directly',
        Effect: 'Allow',
        Principal: { Service: 'dynamodb.amazonaws.com' },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*'],
        Resource,
      },
    ],
  });
}

/** Policies that AWS makes are printed so: `"a" : [ "b" ]`, two spaces a level. */
function asKmsPrints(document: object): string {
  return print(document, '');
}

function print(value: unknown, indent: string): string {
  if (Array.isArray(value)) return `[ ${value.map((one) => print(one, indent)).join(', ')} ]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)} : ${print(member, inner)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}
