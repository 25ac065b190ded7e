/**
 * LMDB says why a commit failed, on a full disk say, in a promise that comes with the error. Unheard, its rejection
 * would end the process.
 * @returns the error
 */
export function heardCommitError(error: unknown): unknown {
  (error as { commitError?: Promise<never> }).commitError?.catch(() => {});
  return error;
}
