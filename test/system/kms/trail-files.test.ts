import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { readTrailFiles, TrailFiles, type TrailFilesOptions } from '../../../src/system/kms/trail-files.ts';
import { matches, readTrailQuery, TrailCounter } from '../../../src/system/kms/trail-query.ts';
import type { TrailRecord } from '../../../src/system/kms/types.ts';
import { ACCOUNT, alice, CONTEXT, dynamodb, InProcessKms, outcome, REGION } from './harness.ts';

let directory: string;
let problems: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trail-'));
  problems = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function kmsWithFiles(options: Partial<TrailFilesOptions> = {}, clock = new SimulatedClock()): InProcessKms {
  const trail = { directory, onProblem: (text: string) => problems.push(text), ...options };
  return new InProcessKms({ trail }, undefined, clock);
}

async function read(): Promise<{ events: TrailRecord[]; skipped: number }> {
  const events: TrailRecord[] = [];
  let skipped = 0;
  for await (const event of readTrailFiles(directory, () => skipped++)) events.push(event);
  return { events, skipped };
}

/** A writer that is given one event at a time, and waited for. */
async function write(count: number, options: Partial<TrailFilesOptions>, clock: SimulatedClock, step_ms = 0) {
  const kms = new InProcessKms();
  await kms.createKey();
  const [event] = kms.service.trail.list();
  const all = { directory, onProblem: (text: string) => problems.push(text), ...options };
  const files = new TrailFiles(all, { accountId: ACCOUNT, region: REGION }, clock);
  for (let i = 0; i < count; i++) {
    files.add({ ...event!, eventID: `event-${i}` });
    await files.close();
    clock.advance(step_ms);
  }
  return files;
}

describe('trail files', () => {
  it('have every event that memory has, in order, and only for their owner', async () => {
    const kms = kmsWithFiles();
    const { id } = await kms.createKey();
    for (let i = 0; i < 50; i++) await kms.call('Encrypt', { KeyId: id, Plaintext: 'AAAA' });
    await outcome(kms.call('Decrypt', { CiphertextBlob: 'AAAA' }));
    await kms.service.close();
    const { events, skipped } = await read();
    expect(events).toEqual(JSON.parse(JSON.stringify(kms.service.trail.list())));
    expect([events.length, skipped]).toEqual([52, 0]);
    const [name] = readdirSync(directory);
    expect(name).toBe(`${ACCOUNT}_CloudTrail_${REGION}_20260101T000000Z_00000001.jsonl`);
    expect(statSync(join(directory, name!)).mode & 0o777).toBe(0o600);
  });

  it('can be read while they are written', async () => {
    const kms = kmsWithFiles();
    await kms.createKey();
    await expect.poll(async () => (await read()).events.length).toBe(1);
    await kms.service.close();
  });

  it('change when one is full, and no more are kept than asked for', async () => {
    await write(10, { maxBytes: 100, files: 3 }, new SimulatedClock());
    expect(readdirSync(directory).length).toBe(3);
    expect((await read()).events.map(({ eventID }) => eventID)).toEqual(['event-7', 'event-8', 'event-9']);
  });

  it('change when one is old', async () => {
    await write(6, { maxAge_ms: 60_000 }, new SimulatedClock(), 20_000);
    expect(readdirSync(directory).length).toBe(2);
    expect((await read()).events.length).toBe(6);
  });

  it('go on after those of an earlier start, and a line cut short is skipped', async () => {
    await write(2, {}, new SimulatedClock());
    const [first] = readdirSync(directory);
    const text = readFileSync(join(directory, first!), 'utf8');
    writeFileSync(join(directory, first!), text.slice(0, -20));
    await write(1, {}, new SimulatedClock());
    expect(readdirSync(directory).map((name) => name.slice(-14))).toEqual([
      '00000001.jsonl',
      '00000002.jsonl',
    ]);
    expect(await read()).toMatchObject({
      events: [{ eventID: 'event-0' }, { eventID: 'event-0' }],
      skipped: 1,
    });
  });

  it('that are taken away are said to be once, and break no request; they come again', async () => {
    const kms = kmsWithFiles();
    const { id } = await kms.createKey();
    await expect.poll(async () => (await read()).events.length).toBe(1);
    rmSync(directory, { recursive: true });
    expect(await outcome(kms.describe(id))).toBe('ok');
    await expect.poll(() => problems.length).toBe(1);
    expect(await outcome(kms.describe(id))).toBe('ok');
    await kms.service.close();
    expect(problems).toEqual([expect.stringMatching(/can't be written .*ENOENT.*events are lost/)]);
  });

  it('can not be where a file is', () => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    expect(() => kmsWithFiles({ directory: path })).toThrow(expect.objectContaining({ code: 'E_TRAIL' }));
  });

  it('that are not there are bad input to who reads them', async () => {
    rmSync(directory, { recursive: true });
    await expect(read()).rejects.toMatchObject({ code: 'E_TRAIL' });
  });
});

describe('a query of the trail', () => {
  function ask(events: TrailRecord[], text: string) {
    const query = readTrailQuery(new URLSearchParams(text));
    if ('problem' in query) return query.problem;
    const counter = new TrailCounter(query.countBy ?? []);
    for (const event of events.filter((each) => matches(each, query.filter))) counter.add(event);
    return counter.counts();
  }

  it('counts by operation, principal and table, of those it is asked for', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    await kms.grantToDynamodb(id);
    const body = { KeyId: id, KeySpec: 'AES_256', EncryptionContext: CONTEXT };
    const { CiphertextBlob } = await kms.call('GenerateDataKey', body, dynamodb);
    kms.clock.advance(60_000);
    const opened = { CiphertextBlob, EncryptionContext: CONTEXT };
    for (let i = 0; i < 3; i++) await kms.call('Decrypt', opened, dynamodb, alice);
    await outcome(kms.call('Decrypt', { CiphertextBlob }));
    const events = kms.service.trail.list();
    const principal = alice.principal.arn;
    expect(ask(events, 'count=operation,principal,table&since=2026-01-01T00:01:00Z')).toEqual([
      { operation: 'Decrypt', principal, table: 'orders', count: 3 },
      { operation: 'Decrypt', principal, table: null, count: 1 },
    ]);
    expect(ask(events, 'count=principal&operation=GenerateDataKey')).toEqual([
      { principal: 'dynamodb.amazonaws.com', count: 1 },
    ]);
    expect(ask(events, 'count=operation&table=orders')).toEqual([
      { operation: 'Decrypt', count: 3 },
      { operation: 'CreateGrant', count: 1 },
      { operation: 'GenerateDataKey', count: 1 },
    ]);
    expect(ask(events, 'count=error&operation=Decrypt&table=payments')).toEqual([]);
    expect(ask(events, 'count=error')).toContainEqual({ error: 'InvalidCiphertextException', count: 1 });
  });

  it.each([
    ['count=colour', /'count' takes some of operation, principal, table/],
    ['count=', /'count' takes/],
    ['since=yesterday', /'since' takes a time such as/],
    ['since=2026-13-45', /'since' takes a time such as/],
    ['colour=red', /no such parameter as 'colour'; there are: count, since, operation/],
  ])('says what is wrong with %s', (text, message) => {
    expect(ask([], text)).toMatch(message);
  });
});
