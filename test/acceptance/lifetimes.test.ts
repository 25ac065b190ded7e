/** Connections of so many operations: what every party counts is known before the run. */
import { expect, test } from 'vitest';
import { run } from '../../src/run.ts';
import { parseWorkload } from '../../src/workload/workload.ts';
import { predictConnections } from '../plan/connections.ts';

const TEXT = `
name: lifetimes
callers: 2
connections: { perCaller: 2, operations: [2, 9] }
table: { items: 40, itemBytes: 128, count: 3 }
operations: { get: 60, update: 20, scan: 10, readModifyWrite: 10 }
arrivals: { rate: 150/s }
phases: [ { for: 500ms, measured: false }, { for: 1500ms } ]
arms:
  full: {}
  resumed: { connections: { mode: resumed } }
  plain: { connections: { mode: fresh, tls: false, operations: 1 } }
  lanes: { driver: envelope }
compare: { blocks: 2 }
seed: 5
`;

test('connections opened, handshakes, and KMS calls are what the plan says', async () => {
  const workload = parseWorkload(TEXT, 'lifetimes.yaml');
  const result = await run(workload, { lanes: 2 });
  for (const [index, arm] of result.arms.entries()) {
    const { opened, loads } = predictConnections(workload.arms[index]!, workload.seed);
    const sessions = arm.name === 'resumed' ? 2 : 0;
    expect(arm.operations.all).toMatchObject({ errors: {}, early: 0, missing: 0 });
    expect(arm.connections).toMatchObject({
      opened: opened + sessions,
      tls_full: { full: opened, resumed: sessions, plain: 0, lanes: 0 }[arm.name],
      tls_resumed: arm.name === 'resumed' ? opened : 0,
      transport_errors: 0,
      abandoned: 0,
    });
    expect(arm.cache).toMatchObject({ misses: loads, expired: 0 });
    expect(arm.kms!.calls.Decrypt).toBe(loads);
    expect(arm.identities.filter(({ state }) => state !== 'ok' && arm.name !== 'lanes')).toEqual([]);
  }
}, 60_000);
