/** `run --target`: an endpoint that is there already, with the credentials of the environment. */
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measure, sealbench, workload } from './cli.ts';
import { type Serving, serve } from './serving.ts';

const SHORT = [
  ...[workload('smoke'), '--set', 'system=null', '--set', 'table.items=30', '--set', 'arrivals.rate=40/s'],
  ...['--set', 'phases=[{for: 500ms}]', '--set', 'compare.blocks=2', '--quiet'],
];

const OWNED = ['--set', 'table.encryption=aws-owned'];

describe.each([['http'], ['https']])('over %s', (scheme) => {
  let serving: Serving;
  let target: string[];
  let env: Record<string, string>;
  beforeAll(async () => {
    serving = await serve(...(scheme === 'https' ? ['--tls'] : []));
    env = serving.env;
    target = ['--target', env.AWS_ENDPOINT_URL_DYNAMODB!];
  });
  afterAll(() => serving.stop());

  it('measures under a key of its own, and leaves neither table nor key behind', async () => {
    const kms = ['--kms', env.AWS_ENDPOINT_URL_KMS!];
    const { result } = await measure([...SHORT, ...target, ...kms], { env });
    for (const arm of result.arms) {
      expect(arm.operations.all.errors).toEqual({});
      expect(arm.operations_total).toBeGreaterThan(10);
      expect(arm.connections!.requests).toBe(arm.operations_total);
      expect([arm.server.requests, arm.kms, arm.cache]).toEqual([null, null, null]);
      expect(arm.identities.map(({ state }) => state)).toContain('not checked');
    }
    const fresh = result.arms.find(({ name }) => name === 'fresh')!;
    expect(fresh.connections!.tls_full).toBe(scheme === 'https' ? fresh.operations_total : 0);
    expect((await serving.dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    const { Keys } = await serving.kms.send(new ListKeysCommand({}));
    expect(Keys).toHaveLength(result.arms.length);
    for (const { KeyId } of Keys!) {
      const { KeyMetadata } = await serving.kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata!.KeyState).toBe('PendingDeletion');
    }
  });

  it('says whose credentials are refused', async () => {
    const { code, stderr } = await sealbench(['run', ...SHORT, ...target, ...OWNED], {
      env: { ...env, AWS_SECRET_ACCESS_KEY: 'guess' },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sealbench: https?:.*InvalidSignatureException.*Check the URL, the credentials.*\n$/,
    );
  });

  // There is no certificate over http.
  if (scheme === 'https') {
    it('says how to have a certificate trusted', async () => {
      const { NODE_EXTRA_CA_CERTS: _, ...distrusting } = env;
      const { code, stderr } = await sealbench(['run', ...SHORT, ...target, ...OWNED], { env: distrusting });
      expect(code).toBe(2);
      expect(stderr).toMatch(/^sealbench: https:.*does not verify.*NODE_EXTRA_CA_CERTS.*\n$/);
    });
  }
});
