import { expect, it } from 'vitest';
import { parseWorkload } from '../../src/workload/workload.ts';
import { problemsOf, SOUND } from './problems.ts';

it('a round trip is emulated for what goes over a network', () => {
  expect(parseWorkload(SOUND, 'w.yaml').arms[0]!.network).toEqual({ rtt_ns: 0 });
  const { network } = parseWorkload(`${SOUND}network: { rtt: 2ms }\n`, 'w.yaml').arms[0]!;
  expect(network).toEqual({ rtt_ns: 2e6 });
  expect(problemsOf(`${SOUND}network: { rtt: 0ms }\ndriver: noop\n`)).toEqual([]);
});

it.each(['envelope', 'noop'])('driver %s goes over none', (driver) => {
  expect(problemsOf(`${SOUND}driver: ${driver}\nnetwork: { rtt: 2ms }`)).toEqual([
    `w.yaml:5: network.rtt: driver '${driver}' goes over no network. Remove it, or use 'driver: http'.`,
  ]);
});

it("a user's own driver can't be led through it", () => {
  const [problem] = problemsOf(`${SOUND}driver: ./own.ts\nnetwork: { rtt: 2ms }`);
  expect(problem).toContain('w.yaml:5: network.rtt: a driver of your own makes its connections by itself');
});
