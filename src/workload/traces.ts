/** The `trace` field: recorded traffic that takes the place of arrivals, operations and keys. */
import { resolve as resolvePath } from 'node:path';
import * as z from 'zod';
import {
  emptySurvey,
  TRACE_FORMATS,
  type TraceFormat,
  type TraceOperation,
  type TraceSurvey,
} from '../trace/types.ts';
import type { WrittenArm } from './schema.ts';
import type { Arm, TraceSettings } from './types.ts';

const UNITS_us = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3, iso: undefined } as const;
const OPERATIONS = ['get', 'put', 'update', 'delete', 'scan'] as const satisfies TraceOperation[];

const column = (description: string) =>
  z.union([z.string().min(1).max(200), z.int().min(1).max(1000)]).describe(description);

export const trace = z
  .strictObject({
    file: z.string().min(1).describe('Path of the recording; a relative one starts at this file.'),
    format: z
      .enum(TRACE_FORMATS)
      .describe(
        "csv: any columns, named below. twitter: Twitter's cache traces as published. access-log: common or combined log format.",
      )
      .optional(),
    columns: z
      .strictObject({
        time: column('When.'),
        key: column('What was asked for.'),
        client: column('Who asked. Default: one client.').optional(),
        operation: column(
          'get, put, update, delete, scan, or words that mean them. Default: get.',
        ).optional(),
        bytes: column('Size of the item. Default: the smallest.').optional(),
      })
      .describe('csv: columns by their names in the first line, or by their numbers from 1.')
      .optional(),
    timeUnit: z
      .enum(Object.keys(UNITS_us) as [keyof typeof UNITS_us])
      .describe('csv: unit of the times, or iso for dates. Default: s.')
      .optional(),
    operations: z
      .record(z.string().min(1).max(100), z.enum(OPERATIONS))
      .describe('csv: what the words of the operation column mean, where they are not the usual ones.')
      .optional(),
    speed: z
      .union([z.number().min(1e-6).max(1e6), z.literal('max')])
      .describe('Times as fast as recorded; max: as fast as answers come, in a closed loop. Default: 1.')
      .optional(),
  })
  .meta({ id: 'trace', description: 'Recorded traffic to replay.' });

type WrittenTrace = z.output<typeof trace>;

/** What a trace comes to before anybody has looked into it. @param directory of the workload file */
export function resolveTrace(written: WrittenTrace, directory: string): TraceSettings {
  const { columns = { time: 1, key: 2 }, timeUnit = 's', operations = {} } = written;
  const words = Object.entries(operations).map(([word, kind]) => [word.toLowerCase(), kind]);
  const format: TraceFormat = {
    format: written.format ?? 'csv',
    columns,
    unit_us: UNITS_us[timeUnit],
    words: Object.fromEntries(words),
  };
  const speed = written.speed === 'max' ? null : (written.speed ?? 1);
  return { file: resolvePath(directory, written.file), format, speed, survey: emptySurvey() };
}

/** Callers that a trace's clients become where the file doesn't say how many. */
const CALLERS_MAX = 1000;

/** Fills in what follows from the trace where the file says nothing: callers, items, and how long it all lasts. */
export function applySurvey(arm: Arm, written: WrittenArm, survey: TraceSurvey): void {
  const { trace: settings } = arm;
  if (!settings) return;
  settings.survey = survey;
  if (!written.callers) arm.callers = Math.min(Math.max(survey.clients, 1), CALLERS_MAX);
  if (written.table?.items === undefined) arm.table.items = Math.max(survey.keys, arm.table.count);
  if (arm.arrivals.loop === 'closed' && written.arrivals?.concurrency === undefined) {
    arm.arrivals.concurrency = arm.callers * arm.connections.perCaller;
  }
  if (written.phases) return;
  const whole = { name: 'trace', rate: null, measured: true };
  arm.phases =
    settings.speed === null
      ? [{ ...whole, duration_ns: null, operations: survey.records }]
      : [{ ...whole, duration_ns: Math.ceil((survey.span_us * 1e3) / settings.speed), operations: null }];
}

/** More lines than this share that are no records: it was read wrongly, and what is left is not the traffic. */
const BROKEN_SHARE_MAX = 0.01;

/** Why a trace can't be replayed, in words; undefined where it can. */
export function surveyProblem({ records, broken, brokenLines }: TraceSurvey): string | undefined {
  const examples = brokenLines.map(({ line, reason }) => `line ${line}: ${reason}`).join('; ');
  if (records === 0) return `there is no record in it${examples === '' ? '' : ` (${examples})`}.`;
  if (broken <= BROKEN_SHARE_MAX * (records + broken)) return undefined;
  return `${broken} of ${records + broken} lines are no records (${examples}); 1 % are let pass.`;
}
