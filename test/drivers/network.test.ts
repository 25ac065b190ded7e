/** Every driver that goes over a network can be led through an emulated one. */
import { expect, it } from 'vitest';
import { driverFor, openBed, operation } from './beds.ts';

const RTT_MS = 15;

it.each([
  ['http', 'driver: http'],
  ['the AWS SDK', 'driver: sdk'],
  ['autocannon', 'driver: autocannon\narrivals: { loop: closed, concurrency: 4 }'],
])('%s', async (_, settings) => {
  const bed = await openBed(`${settings}\nnetwork: { rtt: ${RTT_MS}ms }\n`);
  try {
    const driver = await driverFor(bed.arm, bed.target.target);
    await driver.open();
    expect(await driver.perform(operation('get'))).toBeUndefined();
    const times_ms: number[] = [];
    for (let round = 0; round < 5; round++) {
      const start_ms = performance.now();
      expect(await driver.perform(operation('get'))).toBeUndefined();
      times_ms.push(performance.now() - start_ms);
    }
    expect(Math.min(...times_ms)).toBeGreaterThan(RTT_MS - 1);
    expect(Math.min(...times_ms)).toBeLessThan(2 * RTT_MS);
  } finally {
    await bed.testbed.close();
  }
});
