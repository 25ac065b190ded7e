/** What a client makes of what a store tells. */
import { describe, expect, it } from 'vitest';
import { explainExchange, explainTold } from '../../src/drivers/explain.ts';
import { createProbe } from '../../src/drivers/types.ts';
import { median } from '../../src/std/stats.ts';
import { HttpResponse } from '../../src/system/system.ts';
import { driverFor, listen, openBed, operation } from './beds.ts';

const exchange = { begun_ns: 1000, asked_ns: 1100, connect_ns: 500, sent_ns: 1600, answered_ns: 3000 };

function told(...times: number[]) {
  const head = `HTTP/1.1 200 OK\r\nx-sealbench-trace: ${times.join(',')}\r\ncontent-length: 2`;
  const probe = createProbe();
  explainTold(probe, exchange, new HttpResponse(200, head, Buffer.from('{}')));
  return probe;
}

describe('what a store tells', () => {
  it('parts the time between wire and store, to the last nanosecond', () => {
    const probe = told(1800, 2700, 400, 200, 100);
    expect(probe).toEqual({
      queue_ns: 0,
      connect_ns: 500,
      kms_ns: 400,
      crypto_ns: 200,
      storage_ns: 100,
      server_other_ns: 200,
      wire_ns: 100 + 200 + 300,
    });
    expect(Object.values(probe).reduce((sum, part) => sum + part)).toBe(2000);
  });

  it.each([
    ['a clock that is ahead', [1e9, 1e9 + 900, 400, 200, 100]],
    ['a clock that is behind', [100, 1000, 400, 200, 100]],
    ['a clock that runs too fast', [1800, 4000, 400, 200, 100]],
    ['parts that are longer than the whole', [1800, 2700, 800, 200, 100]],
    ['half of it', [1800, 2700]],
  ])('is not believed: %s', (_, times) => {
    expect(told(...times)).toEqual({ ...createProbe(), connect_ns: 500 });
  });

  it('of an answer without it, all but the connecting is the wire and what is behind it', () => {
    const probe = createProbe();
    explainExchange(probe, exchange);
    expect(probe).toEqual({ ...createProbe(), connect_ns: 500, wire_ns: 100 + 1400 });
  });
});

describe('in an embedded run', () => {
  it('a KMS that takes its time shows as that where the cache is cold, and the parts are the whole', async () => {
    const bed = await openBed(
      'connections: { mode: fresh }\nsystem: { kms: { latency: { p50: 40ms, p99: 40ms } } }\n',
    );
    try {
      const driver = await driverFor(bed.arm, bed.target.target);
      expect(driver.measures).toEqual(['connect', 'kms', 'crypto', 'storage', 'server_other', 'wire']);
      for (const kind of ['get', 'put', 'readModifyWrite'] as const) {
        const unaccounted: number[] = [];
        // The machine may take its time in one of them: the middle one tells.
        for (let attempt = 0; attempt < 5; attempt++) {
          const probe = createProbe();
          const start_ms = performance.now();
          expect(await driver.perform(operation(kind), probe)).toBeUndefined();
          const whole_ns = (performance.now() - start_ms) * 1e6;
          // The KMS's timers are whole milliseconds.
          expect(probe.kms_ns).toBeGreaterThan(38e6);
          for (const part of ['connect_ns', 'crypto_ns', 'storage_ns', 'server_other_ns', 'wire_ns'] as const)
            expect(probe[part]).toBeGreaterThan(0);
          const sum_ns = Object.values(probe).reduce((sum, part) => sum + part);
          unaccounted.push(Math.abs(sum_ns / whole_ns - 1));
        }
        expect(median(unaccounted)).toBeLessThan(0.05);
      }
    } finally {
      await bed.testbed.close();
    }
  });

  it('the envelope driver tells of its own store', async () => {
    const bed = await openBed('driver: envelope\nsystem: { kms: { latency: { p50: 40ms, p99: 40ms } } }\n');
    try {
      const driver = await driverFor(bed.arm, bed.target.target);
      const probe = createProbe();
      expect(await driver.perform(operation('get'), probe)).toBeUndefined();
      expect(probe.kms_ns).toBeGreaterThan(38e6);
      expect(Math.min(probe.crypto_ns, probe.storage_ns, probe.server_other_ns)).toBeGreaterThan(0);
    } finally {
      await bed.testbed.close();
    }
  });

  it("a store of somebody else's is asked for nothing", async () => {
    const asked: string[] = [];
    const url = await listen((socket) => {
      socket.on('data', (bytes) => {
        asked.push(bytes.toString());
        const body = '{"Item":{"pk":{"S":"a"}}}';
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      });
    });
    const bed = await openBed('');
    try {
      const arm = { ...bed.arm, target: url };
      const driver = await driverFor(arm, { ...bed.target.target, url, embedded: undefined });
      const probe = createProbe();
      expect(await driver.perform(operation('get'), probe)).toBeUndefined();
      expect(driver.measures).toEqual(['connect', 'wire']);
      expect(asked.join('')).not.toContain('x-sealbench-trace');
      expect(probe.wire_ns).toBeGreaterThan(0);
    } finally {
      await bed.testbed.close();
    }
  });
});
