import { open } from 'node:fs/promises';
import { InputError } from '../std/errors.ts';
import { mergeBlockPairs } from './blocks.ts';
import { checkShape } from './schema.ts';
import { RESULT_SCHEMA, type Result } from './types.ts';

/** No result file is larger. */
export const RESULT_BYTES_MAX = 20e6;

/** Fewer blocks than this make no interval worth having. */
const BLOCKS_KEPT_MIN = 5;

/**
 * The result as JSON text of at most `bytes_max`. Where it is larger, neighbouring blocks are merged (of all arms
 * alike, so that they stay paired), down to five, and then left out: comparisons made before stand.
 * @throws InputError `E_RESULT_TOO_LARGE` when even that is not enough, which takes dozens of arms.
 */
export function serialiseResult(result: Result, bytes_max = RESULT_BYTES_MAX): string {
  let fitting = result;
  for (;;) {
    const text = `${JSON.stringify(fitting)}\n`;
    if (Buffer.byteLength(text) <= bytes_max) return text;
    const blocks = Math.max(0, ...fitting.arms.map((arm) => arm.blocks.length));
    if (blocks === 0) throw tooLarge(result.arms.length, bytes_max);
    const fewer = blocks >= 2 * BLOCKS_KEPT_MIN ? mergeBlockPairs : () => [];
    fitting = { ...fitting, arms: fitting.arms.map((arm) => ({ ...arm, blocks: fewer(arm.blocks) })) };
  }
}

function tooLarge(arms: number, bytes_max: number): InputError {
  return new InputError('E_RESULT_TOO_LARGE', {
    what: `The result of ${arms} arms does not fit into ${bytes_max / 1e6} MB.`,
    remedy: 'Split the workload into several with fewer arms each.',
  });
}

/**
 * Reads a result file.
 * @throws InputError `E_RESULT_FILE` for a file that can't be read, is too large, is not JSON (or was cut off), or
 * is not a result of this schema.
 */
export async function readResult(path: string): Promise<Result> {
  const value = parse(await readBounded(path), path);
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema !== RESULT_SCHEMA) throw otherSchema(path, schema);
  const checked = checkShape(value);
  if ('result' in checked) return checked.result;
  const { path: field, message } = checked.problem;
  throw unreadable(
    path,
    `This is not a complete ${RESULT_SCHEMA} file: ${field}: ${message}.`,
    'It was edited or damaged; measure again, or restore it.',
  );
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    const what =
      cause.code === 'ENOENT' ? 'There is no such file.' : `The file can't be opened (${cause.code}).`;
    throw unreadable(path, what, 'Give the path of a result.json that `sealbench run` wrote.', cause);
  });
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) {
      throw unreadable(path, 'This is a directory.', 'Give the result.json inside of it.');
    }
    if (stat.size > RESULT_BYTES_MAX) {
      const size = `${(stat.size / 1e6).toFixed(1)} MB`;
      throw unreadable(
        path,
        `The file has ${size}; no result is larger than ${RESULT_BYTES_MAX / 1e6} MB.`,
        'It is something else.',
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const looksCut = text.trimStart().startsWith('{') && !text.trimEnd().endsWith('}');
    throw looksCut
      ? unreadable(
          path,
          `The JSON ends after ${text.length} characters: the file was cut off.`,
          'Copy it again, or measure again.',
          cause,
        )
      : unreadable(path, 'This is not JSON.', 'Give a result.json that `sealbench run` wrote.', cause);
  }
}

function otherSchema(path: string, schema: unknown): InputError {
  if (typeof schema === 'string' && schema.startsWith('sealbench/result/')) {
    return unreadable(
      path,
      `The file's schema is ${JSON.stringify(schema.slice(0, 80))}; this version reads ${RESULT_SCHEMA}.`,
      'Use the sealbench version that wrote it, or measure again.',
    );
  }
  const found =
    typeof schema === 'string' ? `its schema is ${JSON.stringify(schema.slice(0, 80))}` : 'it has no schema';
  return unreadable(
    path,
    `This JSON is not a sealbench result: ${found}.`,
    'Give a result.json that `sealbench run` wrote.',
  );
}

function unreadable(path: string, what: string, remedy: string, cause?: unknown): InputError {
  return new InputError('E_RESULT_FILE', { what, where: path, remedy }, { cause });
}
