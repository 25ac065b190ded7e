import { describe, expect, it } from 'vitest';
import { buildResult, type RunEvidence } from '../../src/result/result.ts';
import { type FakeArm, type FakeRun, fakeRun } from './evidence.ts';

function verdictOf(fake: Partial<FakeArm>, run?: FakeRun, spoil?: (arm: RunEvidence['arms'][0]) => void) {
  const evidence = fakeRun([{ name: 'arm', ...fake }], run);
  spoil?.(evidence.arms[0]!);
  const arm = buildResult(evidence).arms[0]!;
  const broken = arm.identities.filter((identity) => identity.state === 'broken').map(({ name }) => name);
  return { value: arm.verdict.value, reasons: arm.verdict.reasons.join('\n'), broken };
}

describe('an identity that does not hold makes the arm invalid', () => {
  const spoiled: [string, string, (arm: RunEvidence['arms'][0]) => void][] = [
    [
      'an operation that never ended',
      'operations of all kinds = issued',
      (arm) => arm.turns[1]!.recording.kinds.get.count--,
    ],
    [
      'a planned one that vanished',
      'planned = issued + unissued',
      (arm) => arm.turns[1]!.recording.planned++,
    ],
    ['a request the server never saw', 'requests: client = server', (arm) => arm.total.store!.requests!--],
    [
      'a lookup without an outcome',
      'cache lookups = hits + misses + coalesced',
      (arm) => arm.total.store!.cache.lookups++,
    ],
    [
      'an attempt without a miss',
      'store Decrypt attempts = misses + refreshes + own + retries',
      (arm) => arm.total.store!.kmsAttempts.Decrypt!++,
    ],
    [
      'a miss that was booked as a refresh where nothing is refreshed early',
      'cache loads as its policies allow',
      ({ total }) => {
        total.store!.cache.misses--;
        total.store!.cache.hits++;
        total.store!.cache.refreshes++;
      },
    ],
    [
      'a duplicate under single flight',
      'cache loads as its policies allow',
      (arm) => arm.total.store!.cache.duplicates++,
    ],
    [
      'a call that the KMS has and the store has not',
      'store Decrypt attempts = KMS request log',
      (arm) => arm.total.kms!.calls.Decrypt!++,
    ],
  ];
  it.each(spoiled)('%s', (_, name, spoil) => {
    const { value, reasons, broken } = verdictOf({}, {}, spoil);
    expect(value).toBe('invalid');
    expect(broken).toContain(name);
    expect(reasons).toContain(`The counters disagree: ${name}`);
  });

  it('says both counts', () => {
    const { reasons } = verdictOf({}, {}, (arm) => arm.total.store!.requests!--);
    expect(reasons).toContain('(client 1666, server 1665)');
  });
});

describe('identities allow for', () => {
  it('requests that a broken connection or a timeout took away, and no more', () => {
    const lose = (lost: number) => (arm: RunEvidence['arms'][0]) => {
      arm.total.store!.requests! -= lost;
      arm.turns[3]!.recording.connections!.transport_errors = 2;
      arm.turns[4]!.recording.connections!.abandoned = 1;
    };
    expect(verdictOf({}, {}, lose(3)).broken).toEqual([]);
    expect(verdictOf({}, {}, lose(4)).broken).toEqual(['requests: client = server']);
  });

  it('retries of the store, and other KMS operations', () => {
    const { broken } = verdictOf({}, {}, ({ total }) => {
      total.store!.kmsAttempts.Decrypt! += 2;
      total.store!.kmsRetries.Decrypt = 2;
      total.kms!.calls.Decrypt! += 2;
      total.kms!.calls.GenerateDataKey = 1;
    });
    expect(broken).toEqual([]);
  });

  it('refreshes where the cache does them, and what the store decrypts for itself', () => {
    const { broken } = verdictOf({}, {}, ({ arm, total }) => {
      arm.system.keyCache.earlyRefresh_ms = 1000;
      total.store!.cache.lookups += 3;
      total.store!.cache.hits += 3;
      total.store!.cache.refreshes = 3;
      total.store!.ownDecrypts = 1;
      total.store!.kmsAttempts.Decrypt! += 4;
      total.kms!.calls.Decrypt! += 4;
    });
    expect(broken).toEqual([]);
  });

  it('misses of one key at once where each loads for itself, and nothing coalesced there', () => {
    const alone = (coalesced: number) => (evidence: RunEvidence['arms'][0]) => {
      evidence.arm.system.keyCache.singleFlight = false;
      const { cache } = evidence.total.store!;
      cache.duplicates = 5;
      cache.coalesced += coalesced;
      cache.lookups += coalesced;
    };
    expect(verdictOf({}, {}, alone(0)).broken).toEqual([]);
    expect(verdictOf({}, {}, alone(1)).broken).toEqual(['cache loads as its policies allow']);
  });
});

describe('an arm is invalid', () => {
  it('when operations were due and never started', () => {
    const { value, reasons } = verdictOf({ unissued: 3 });
    expect(value).toBe('invalid');
    expect(reasons).toContain('3 operations fell due and were never started');
  });

  it('when answers keep coming long after the turns, even if all of them come', () => {
    expect(verdictOf({}, {}, overrun(1.51))).toMatchObject({
      value: 'invalid',
      reasons: expect.stringMatching(/^The last answers came 51 % of a turn's length after its end/),
    });
  });

  it('when nothing was measured, or nothing succeeded', () => {
    expect(verdictOf({}, { blocks: 0 })).toMatchObject({
      value: 'invalid',
      reasons: expect.stringContaining('No operation ended in a measured phase'),
    });
    expect(verdictOf({ failEvery: 1 })).toMatchObject({
      value: 'invalid',
      reasons: expect.stringContaining('All 1500 measured operations failed (1500 × ThrottlingException)'),
    });
  });
});

describe('what is made to happen', () => {
  const wipe = { at_ns: 4e9, do: 'wipe-cache' } as const;
  const happened =
    (changed: { began_ns?: number; error?: string | null }) => (arm: RunEvidence['arms'][0]) => {
      arm.arm = { ...arm.arm, events: [wipe] };
      arm.events = [{ event: wipe, began_ns: 4e9, ended_ns: 4.01e9, observed: [], error: null, ...changed }];
    };

  it('makes an arm invalid when it does not, or is not reached', () => {
    expect(verdictOf({}, {}, happened({})).value).toBe('valid');
    expect(verdictOf({}, {}, happened({ error: 'not done after 30 s' }))).toMatchObject({
      value: 'invalid',
      reasons: expect.stringMatching(/^wipe-cache at 4 s did not happen: not done after 30 s\./),
    });
    const unreached = (arm: RunEvidence['arms'][0]) => {
      arm.arm = { ...arm.arm, events: [wipe] };
    };
    expect(verdictOf({}, {}, unreached)).toMatchObject({
      value: 'invalid',
      reasons: expect.stringContaining('1 of 1 events were not reached'),
    });
  });

  it('makes it suspect when it comes late', () => {
    expect(verdictOf({}, {}, happened({ began_ns: 4.09e9 })).value).toBe('valid');
    expect(verdictOf({}, {}, happened({ began_ns: 4.2e9 }))).toMatchObject({
      value: 'suspect',
      reasons: expect.stringContaining('wipe-cache began 200 ms late'),
    });
  });

  it('makes failures what is looked at, and no fault of the measurement', () => {
    expect(verdictOf({ failEvery: 75 }, {}, happened({})).value).toBe('valid');
  });
});

/** All turns but one last so many times as long as planned; the one has a stall. */
function overrun(times: number) {
  return (arm: RunEvidence['arms'][0]) => {
    for (const { block, recording } of arm.turns)
      recording.elapsed_ns = recording.duration_ns * (block === 3 ? 9 : times);
  };
}

describe('an arm is suspect', () => {
  it('when turns are short against the time that their answers take, and not for one long turn', () => {
    expect(verdictOf({}, {}, overrun(1.09)).value).toBe('valid');
    expect(verdictOf({}, {}, overrun(1.12))).toMatchObject({
      value: 'suspect',
      reasons: expect.stringContaining('turns are short against its response times'),
    });
    expect(verdictOf({ closed: true }, {}, overrun(1.7)).value).toBe('valid');
  });

  it('when operations failed', () => {
    expect(verdictOf({ failEvery: 75 })).toMatchObject({
      value: 'suspect',
      reasons: expect.stringContaining('20 of 1500 operations failed (1.3 %: 20 × ThrottlingException)'),
    });
  });

  it('when something failed before measuring began', () => {
    const fail = (arm: RunEvidence['arms'][0]) => {
      const { get } = arm.setup.kinds;
      get.errors = { ThrottlingException: 2 };
      get.count += 2;
      for (const name of ['planned', 'issued'] as const) arm.setup[name] += 2;
    };
    expect(verdictOf({}, {}, fail)).toMatchObject({
      value: 'suspect',
      reasons: expect.stringMatching(/^2 of 168 operations of set-up and warm-up failed \(2 × Throttling/),
    });
  });

  it('when the lanes started operations late', () => {
    // Uniform up to lag_us: its median is half of that, and so goes a response median of 1.2 ms without it.
    expect(verdictOf({ lag_us: 200 }).value).toBe('valid');
    expect(verdictOf({ lag_us: 280 })).toMatchObject({
      value: 'suspect',
      reasons: expect.stringMatching(
        /^Operations started late: response p50 is 1\.32 ms, and 1\.2 ms without the load generator's own delay/,
      ),
    });
  });

  it('when the lanes were busy most of the time, in a closed loop too', () => {
    // Two lanes, ten turns of 1.5 s: 30 s of lanes.
    const busy = (share: number, driver: 'http' | 'envelope') => (arm: RunEvidence['arms'][0]) => {
      arm.arm.driver = driver;
      for (const turn of arm.turns) turn.recording.cpu_us = share * 3e6;
    };
    expect(verdictOf({ closed: true }, {}, busy(0.79, 'http')).value).toBe('valid');
    expect(verdictOf({ closed: true }, {}, busy(0.9, 'http'))).toMatchObject({
      value: 'suspect',
      reasons: expect.stringMatching(/^The lanes were busy 90 % of the time/),
    });
    expect(verdictOf({}, {}, busy(0.998, 'http')).reasons).toMatch(/^The lanes were busy 100 % of the time/);
    expect(verdictOf({ closed: true }, {}, busy(0.9, 'envelope')).value).toBe('valid');
  });

  it('when the run was interrupted', () => {
    expect(verdictOf({}, { interrupted: true })).toMatchObject({
      value: 'suspect',
      reasons: expect.stringContaining('interrupted'),
    });
  });

  it("when the time in flight does not add up to the response times (Little's law)", () => {
    const stretch = (factor: number) => (arm: RunEvidence['arms'][0]) => {
      for (const turn of arm.turns) turn.recording.inFlight_ns *= factor;
    };
    expect(verdictOf({}, {}, stretch(1.04)).value).toBe('valid');
    expect(verdictOf({}, {}, stretch(1.06))).toMatchObject({
      value: 'suspect',
      reasons: expect.stringContaining("6.0 % off, 5 % allowed; Little's law"),
    });
  });

  it('when times lay outside of the range', () => {
    const clamp = (arm: RunEvidence['arms'][0]) => {
      arm.turns[2]!.recording.lag.clamped = 2;
    };
    expect(verdictOf({}, {}, clamp)).toMatchObject({
      value: 'suspect',
      reasons: expect.stringContaining('2 times lay outside of 0 to one hour'),
    });
  });
});

describe('several findings', () => {
  it('are all told, the worst first', () => {
    const { value, reasons } = verdictOf({ unissued: 2, failEvery: 50 }, { interrupted: true });
    expect(value).toBe('invalid');
    expect(reasons.split('\n')).toHaveLength(3);
    expect(reasons.split('\n')[0]).toContain('never started');
  });
});
