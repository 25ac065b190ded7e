import { LatencyHistogram } from '../recording/recording.ts';
import { InputError } from '../std/errors.ts';

/**
 * The histogram of a `…hdr` field.
 * @throws InputError `E_RESULT_HDR` when the text is no HdrHistogram V2.
 */
export function readHdr(text: string): LatencyHistogram {
  try {
    return LatencyHistogram.decode(text);
  } catch (cause) {
    throw new InputError(
      'E_RESULT_HDR',
      {
        what: `A histogram in the result can't be read: ${(cause as Error).message}.`,
        remedy: 'The file was edited or damaged; measure again, or restore it.',
      },
      { cause },
    );
  }
}
