import { writeFile } from 'node:fs/promises';
import { formats } from '../report/report.ts';
import { readResult } from '../result/result.ts';
import { InputError } from '../std/errors.ts';
import { printData } from './output.ts';

export interface ReportOptions {
  format: string;
  output?: string;
}

/** Prints or writes a result in another format. @throws InputError for an unknown format or an unusable file */
export async function report(path: string, { format, output }: ReportOptions): Promise<void> {
  const formatter = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (!formatter) {
    throw new InputError('E_FORMAT', {
      what: `unknown format '${format}'.`,
      where: '--format',
      remedy: `There are: ${Object.keys(formats).join(', ')}.`,
    });
  }
  const text = formatter(await readResult(path));
  if (output === undefined) {
    printData(text);
    return;
  }
  try {
    await writeFile(output, text);
  } catch (error) {
    throw new InputError('E_OUTPUT', {
      what: `can't be written (${(error as NodeJS.ErrnoException).code}).`,
      where: `--output ${output}`,
      remedy: 'Give a path in a directory that exists and that you may write to.',
    });
  }
}
