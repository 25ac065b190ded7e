/** Data goes to stdout, progress and prose to stderr; a reader that has gone away ends neither with a stack trace. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

export function printData(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printNote(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Colours only where a person reads them: a terminal, and `NO_COLOR` unset. */
export function terminalOptions(): { color: boolean; width: number } {
  const { isTTY, columns } = process.stdout;
  return { color: isTTY === true && !process.env.NO_COLOR, width: columns ?? 100 };
}
