/** What is compared within this process: sealing with its peers, and our bounds for recording and the key cache. */
import { randomBytes } from 'node:crypto';
import { format } from '../../src/report/report.ts';
import { keycacheSuite } from '../keycache.bench.ts';
import { recordingSuite } from '../recording.bench.ts';
import { sealSuite } from '../seal.bench.ts';
import { type BenchTask, runSuites, type Suite, type TaskFigure } from '../suite.ts';
import { encryptionSdk } from './encryption-sdk.ts';
import { atLeast, below } from './targets.ts';
import type { Effort, Finding } from './types.ts';

const ITEM_BYTES = 1024;
const SDK = 'AWS Encryption SDK';

/** Every task against `seal + open`, the one of ours. */
function sealing(): Suite {
  const bare = taskOf(sealSuite, 'node:crypto seal + open');
  const own: BenchTask = { ...taskOf(sealSuite, 'seal + open'), against: undefined };
  const sdk = { name: SDK, fn: encryptionSdk(randomBytes(ITEM_BYTES)), against: own.name };
  return { name: 'sealing', tasks: [own, { ...bare, against: own.name }, sdk] };
}

export async function findInProcess({ suites_ms, cycles }: Effort): Promise<Finding[]> {
  const suites = [
    sealing(),
    { ...recordingSuite, tasks: [{ ...taskOf(recordingSuite, 'record'), against: undefined }] },
    { ...keycacheSuite, tasks: [{ ...taskOf(keycacheSuite, 'hit'), against: undefined }] },
  ];
  const [sealed, recorded, cached] = await runSuites(suites, { budget_ms: suites_ms, cycles });
  const [own, bare, sdk] = sealed!.tasks as [TaskFigure, TaskFigure, TaskFigure];
  return [
    atLeast(100, invertedRatio(sdk), {
      what: 'seal + open 1 KiB',
      ours: format.rate(own.rate_per_s),
      peer: `${format.rate(sdk.rate_per_s)} ${SDK}, materials cached`,
    }),
    atLeast(0.7, invertedRatio(bare), {
      what: 'seal + open 1 KiB',
      ours: format.rate(own.rate_per_s),
      peer: `${format.rate(bare.rate_per_s)} bare node:crypto`,
    }),
    below(100, recorded!.tasks[0]!.latency_ns, 'record a latency'),
    below(1000, cached!.tasks[0]!.latency_ns, 'hit the key cache'),
  ];
}

function taskOf({ tasks }: Suite, name: string): BenchTask {
  const task = tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new Error(`There is no task ${name}.`);
  return task;
}

function invertedRatio({ against }: TaskFigure) {
  const { ratio, low, high } = against!;
  return { ratio: 1 / ratio, low: 1 / high, high: 1 / low };
}
