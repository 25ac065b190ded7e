/** What a driver of the user's own may leave open, and what it may not. */
import { describe, expect, it } from 'vitest';
import { buildResult, type RunEvidence } from '../../src/result/result.ts';
import { fakeRun } from './evidence.ts';

type Arm = RunEvidence['arms'][0];

function resultOf(change: (arm: Arm) => void) {
  const evidence = fakeRun([{ name: 'arm' }]);
  const [arm] = evidence.arms;
  arm!.arm.driver = 'module';
  change(arm!);
  return buildResult(evidence).arms[0]!;
}

function identity(arm: ReturnType<typeof resultOf>, name: RegExp) {
  return arm.identities.find((candidate) => name.test(candidate.name))!;
}

describe('a driver that does not count', () => {
  const silent = resultOf((arm) => {
    arm.setup.connections = null;
    for (const { recording } of arm.turns) recording.connections = null;
  });

  it('has no connections in its result, rather than none opened', () => {
    expect(silent.connections).toBeNull();
    expect(silent.blocks.map((block) => block.connections_opened)).toEqual(silent.blocks.map(() => null));
  });

  it('leaves the requests unchecked, and the verdict as it is', () => {
    expect(identity(silent, /^requests/)).toMatchObject({ state: 'not checked' });
    expect(silent.verdict.value).toBe('valid');
  });
});

describe("the KMS's log", () => {
  const withCalls = (more: number, driver: 'http' | 'module') =>
    resultOf((arm) => {
      arm.arm.driver = driver;
      arm.total.kms!.calls.Decrypt! += more;
    });

  it.each([
    ['may hold calls of a driver that can make some', 5, 'module', 'not checked'],
    ['may not miss calls of the store', -5, 'module', 'broken'],
    ['may not hold calls that nobody made', 5, 'http', 'broken'],
    ['is what the store says', 0, 'module', 'ok'],
  ] as const)('%s', (_, more, driver, state) => {
    expect(identity(withCalls(more, driver), /KMS request log/).state).toBe(state);
  });
});
