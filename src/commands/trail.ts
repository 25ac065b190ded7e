import { InputError } from '../std/errors.ts';
import { matches, readTrailFiles, readTrailQuery, TrailCounter } from '../system/system.ts';
import { printData, printNote } from './output.ts';

/** As the admin port's `GET /trail` takes them. */
export type TrailOptions = Readonly<Record<string, string>>;

/** Prints the events in a directory that `serve --trail` wrote, or counts them. @throws InputError */
export async function trail(directory: string, options: TrailOptions): Promise<void> {
  const query = readTrailQuery(Object.entries(options));
  if ('problem' in query) {
    throw new InputError('E_TRAIL_QUERY', {
      where: 'trail',
      what: `${query.problem}.`,
      remedy: 'See trail --help.',
    });
  }
  let skipped = 0;
  let events = 0;
  const counter = query.countBy && new TrailCounter(query.countBy);
  for await (const event of readTrailFiles(directory, () => skipped++)) {
    if (!matches(event, query.filter)) continue;
    events++;
    if (counter === undefined) printData(JSON.stringify(event));
    else counter.add(event);
  }
  if (counter !== undefined) printData(JSON.stringify({ events, counts: counter.counts() }, null, 2));
  if (skipped > 0) printNote(`${skipped} lines that are no event were skipped: a crash may leave one.`);
}
