import { openRecords } from './records.ts';
import { emptySurvey, type TraceFormat, type TraceSurvey } from './types.ts';

const DISTINCT_MAX = 1_000_000;
const BROKEN_SHOWN = 3;

/** One pass through a trace, in bounded memory. @throws the file system's error; Error a column is not there */
export function surveyTrace(file: string, format: TraceFormat): TraceSurvey {
  const survey = emptySurvey();
  const clients = new Set<number>();
  const keys = new Set<number>();
  const ticks = [1e6, 1e3];
  let last_us = 0;
  const records = openRecords({
    file,
    format,
    onBroken: (line, reason) => {
      survey.broken++;
      if (survey.brokenLines.length < BROKEN_SHOWN) survey.brokenLines.push({ line, reason });
    },
    onDisordered: () => survey.disordered++,
  });
  try {
    for (let record = records.next(); record !== undefined; record = records.next()) {
      if (survey.records++ === 0) survey.first_us = record.time_us;
      last_us = record.time_us;
      while (ticks.length > 0 && last_us % ticks[0]! !== 0) ticks.shift();
      if (clients.size < DISTINCT_MAX) clients.add(record.client);
      if (keys.size < DISTINCT_MAX) keys.add(record.key);
    }
  } finally {
    records.close();
  }
  survey.tick_us = ticks[0] ?? 0;
  survey.span_us = last_us - survey.first_us + Math.max(survey.tick_us, 1e-3);
  survey.clients = clients.size;
  survey.keys = keys.size;
  return survey;
}
