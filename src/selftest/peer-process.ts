/** autocannon as its users have it: its own load, its own histogram, its own result. Forked by `peer.ts`. */
import { createRequire } from 'node:module';
import { answerParent } from '../std/child.ts';
import { realClock } from '../std/clock.ts';
import type { PeerQuestion } from './peer.ts';
import type { PeerOutcome } from './types.ts';

type Result = NonNullable<PeerOutcome['result']>;
type Autocannon = (options: object) => PromiseLike<Result> & { stop(): void };

/** How long a stopped autocannon gets to settle its promise. */
const PATIENCE_MS = 3500;

const autocannon = createRequire(import.meta.url)('autocannon') as Autocannon;

// Its parent ends it, be it in mid-measurement.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
answerParent({
  measure: async ({ url, options, stopAfter_ms }: PeerQuestion): Promise<PeerOutcome> => {
    const measuring = autocannon({
      ...options,
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.GetItem',
      },
      body: '{"TableName":"selftest","Key":{"pk":{"S":"x"}}}',
    });
    const ended = Promise.resolve(measuring).then(pick);
    if (stopAfter_ms === undefined) return { result: await ended, stopped_after_ns: null };
    await pause(stopAfter_ms);
    const asked_ns = realClock.now_ns();
    measuring.stop();
    const result = await Promise.race([ended, pause(PATIENCE_MS).then(() => null)]);
    return { result, stopped_after_ns: result && realClock.now_ns() - asked_ns };
  },
});

/** Plain data: its result has functions in it. */
function pick({ latency, requests, '2xx': successes, non2xx, errors }: Result): Result {
  const { total, sent } = requests;
  return { latency: { ...latency }, requests: { total, sent }, '2xx': successes, non2xx, errors };
}

function pause(duration_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}
