/** The example of docs/DRIVERS.md, as a user runs it. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { measure } from '../acceptance/cli.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/encryption-sdk.yaml', import.meta.url));

it('drives the AWS Encryption SDK with keys of the embedded KMS', async () => {
  const short = ['phases=[{for: 1s}]', 'compare.blocks=2', 'arrivals.rate=20/s', 'table.items=10'];
  const { result } = await measure([EXAMPLE, '--quiet', ...short.flatMap((field) => ['--set', field])]);
  const own = result.arms.find(({ name }) => name === 'encryption-sdk')!;
  expect(own.settings.driver).toBe('module');
  expect(own.operations.all.errors).toEqual({});
  expect(own.operations.get!.count).toBeGreaterThan(0);
  expect(own.operations.put!.count).toBeGreaterThan(0);
  // Sealed and opened under one data key each way.
  expect(own.kms!.calls).toEqual({ GenerateDataKey: 1, Decrypt: 1 });
  expect(own.connections).toBeNull();
  expect(own.identities.filter(({ state }) => state === 'broken')).toEqual([]);
});
