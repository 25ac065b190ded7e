import { attributeText, createPlan, type OperationStream } from '../src/plan/plan.ts';
import { parseWorkload } from '../src/workload/workload.ts';
import type { Suite } from './suite.ts';

const LANES = 100;

/** The first lane's stream of a plan that no benchmark reaches the end of. */
function streamOf(popularity: string, callers: number, lanes: number): OperationStream {
  const text = `name: bench
callers: ${callers}
table: { items: 100k }
keys: { popularity: ${popularity} }
arrivals: { rate: 20k/s }
phases: [ { for: 7d } ]
`;
  return createPlan(parseWorkload(text, 'plan.bench.ts').arms[0]!, 1).stream(0, lanes);
}

const uniform = streamOf('uniform', 16, 1);
const zipf = streamOf('zipf 0.99', 16, 1);
const oneOfMany = streamOf('uniform', LANES, LANES);
const wire = Buffer.alloc(2048);
let version = 0;

/** What a lane spends on knowing what to do next. */
export const planSuite: Suite = {
  name: 'plan',
  tasks: [
    { name: 'next operation, uniform keys', fn: () => uniform.next() },
    { name: 'next operation, zipf keys', fn: () => zipf.next() },
    { name: `next operation, one in ${LANES} its own`, fn: () => oneOfMany.next() },
    {
      name: 'item of 1 KiB, written out',
      fn: () => wire.write(attributeText(1, version++, 1024), 'latin1'),
      bytes: 1024,
    },
  ],
};
