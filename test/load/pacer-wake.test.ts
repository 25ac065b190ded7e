import { expect, it } from 'vitest';
import { startPacer } from '../../src/load/load.ts';
import { realClock } from '../../src/std/clock.ts';

it('ends a long wait when it is woken, and not only its first sleep', async () => {
  const pacer = await startPacer();
  try {
    const until_ns = realClock.now_ns() + 60e9;
    const waited = pacer.wait(until_ns);
    pacer.wake();
    await waited;
    expect(realClock.now_ns()).toBeLessThan(until_ns);
  } finally {
    await pacer.close();
  }
});
