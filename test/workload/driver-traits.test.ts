import { describe, expect, test } from 'vitest';
import { parseWorkload, traitsOf } from '../../src/workload/workload.ts';
import { problemsOf } from './problems.ts';

const BASE = 'name: w\nphases: [{ for: 2s }]\n';
const OPEN = `${BASE}arrivals: { rate: 10/s }\n`;
const CLOSED = `${BASE}arrivals: { loop: closed, concurrency: 2 }\n`;
const ELSEWHERE = 'target: https://localhost:8000\ntable: { encryption: none }\n';

describe('a driver is asked for nothing that it can not do', () => {
  test.each([
    ['a session to resume', `${OPEN}driver: sdk\nconnections: { mode: resumed }`, /mode: driver 'sdk'.*http/],
    ['unsigned requests', `${OPEN}driver: sdk\nsign: false`, /sign: driver 'sdk' signs.*auth: none/],
    [
      'connections by count',
      `${OPEN}driver: sdk\nconnections: { operations: 9 }`,
      /operations: driver 'sdk'/,
    ],
    [
      'an open loop',
      `${OPEN}driver: autocannon`,
      /arrivals: driver 'autocannon' sends in bursts.*loop: closed/,
    ],
    [
      'fresh connections',
      `${CLOSED}driver: autocannon\nconnections: { mode: fresh }`,
      /mode: .*reconnectRate/,
    ],
    [
      'TLS',
      `${CLOSED}driver: autocannon\nconnections: { tls: true }`,
      /tls: .*rejectUnauthorized.*tls: false/,
    ],
    ['TLS by URL', `${CLOSED}driver: autocannon\n${ELSEWHERE}`, /rejectUnauthorized.*Name an http target/],
    [
      'time to think',
      `${BASE}driver: autocannon\narrivals: { loop: closed, concurrency: 2, think: 10ms }`,
      /think: driver 'autocannon' sends the next request as soon as/,
    ],
  ])('%s', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });
});

describe('what follows from the driver', () => {
  const armOf = (text: string) => parseWorkload(text, 'w.yaml').arms[0]!;

  test.each([
    ['http', OPEN, { tls: true, sign: true }],
    ['sdk', OPEN, { tls: true, sign: true }],
    ['autocannon', CLOSED, { tls: false, sign: true }],
    ['envelope', OPEN, { tls: false, sign: false }],
    ['noop', OPEN, { tls: false, sign: false }],
    ['./own.ts', OPEN, { tls: true, sign: true }],
  ])('%s: TLS and signatures', (driver, base, expected) => {
    const { connections, sign } = armOf(`${base}driver: ${driver}`);
    expect({ tls: connections.tls, sign }).toEqual(expected);
  });

  test('a module is found from the folder of the workload', () => {
    const { arms } = parseWorkload(`${OPEN}driver: ./own.ts`, '/somewhere/w.yaml');
    expect(arms[0]).toMatchObject({ driver: 'module', module: '/somewhere/own.ts' });
    expect(traitsOf(arms[0]!)).toMatchObject({ needs: 'server', callsKms: true });
  });
});
