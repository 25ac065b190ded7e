import { open } from 'node:fs/promises';
import { InputError } from '../std/errors.ts';
import { surveyTrace, type TraceFormat, type TraceSurvey } from '../trace/trace.ts';
import { LARGEST_FILE_bytes, tooLarge } from './document.ts';
import type { WorkloadOverrides } from './overrides.ts';
import { parseWorkload } from './parse.ts';
import type { Workload } from './types.ts';

/**
 * Reads and resolves a workload file.
 * @throws InputError E_WORKLOAD with every problem found, each with its line
 */
export async function loadWorkload(path: string, overrides: WorkloadOverrides = {}): Promise<Workload> {
  return parseWorkload(await readBounded(path), path, overrides, lookInto);
}

async function readBounded(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      // Reading one byte past the bound also stops at pipes and devices, which have no size.
      const buffer = Buffer.allocUnsafe(LARGEST_FILE_bytes + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length);
        length += bytesRead;
        if (length > LARGEST_FILE_bytes) throw tooLarge(path);
        if (bytesRead === 0) return buffer.toString('utf8', 0, length);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
}

function lookInto(file: string, format: TraceFormat): TraceSurvey {
  try {
    return surveyTrace(file, format);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new Error(`${file}: ${REASONS[code] ?? `can't be read: ${code}.`}`);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file.',
  EISDIR: 'this is a directory.',
  ESPIPE: 'this is a pipe or a device.',
  EACCES: 'reading it is not permitted.',
};

function unreadable(path: string, error: NodeJS.ErrnoException): InputError {
  const what = REASONS[error.code ?? ''] ?? `can't be read: ${error.message}.`;
  const problem = { what, where: path, remedy: 'Name a workload file (YAML).' };
  return new InputError('E_WORKLOAD', problem, { cause: error });
}
