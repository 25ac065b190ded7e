/** Text for a terminal: colours, columns, wrapped lines. */

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
}

const ESCAPE = '\u001b[';

export function styleFor(color: boolean): Style {
  const paint = (code: number, reset: number) => (text: string) =>
    color && text !== '' ? `${ESCAPE}${code}m${text}${ESCAPE}${reset}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    green: paint(32, 39),
  };
}

/** Characters that show. */
export function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what starts a colour
  return [...text.replace(/\u001b\[\d+m/g, '')].length;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - visibleLength(text)));
  return align === 'left' ? text + space : space + text;
}

/** Columns two spaces apart, the first to the left and the others to the right; short rows end early. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, visibleLength(cell));
    });
  }
  return rows.map((row) =>
    (indent + row.map((cell, i) => pad(cell, widths[i]!, i === 0 ? 'left' : 'right')).join('  ')).trimEnd(),
  );
}

/** Where a line may end: at a space, but not between a number and its unit. */
const BREAK = / (?!(?:%|ns|µs|ms|s|MB)(?!\p{L}))/u;

/** Breaks a sentence at spaces; its first line starts with `first`, the others with `rest`. */
export function wrap(text: string, width: number, first = '', rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(BREAK)) {
    if (!empty && visibleLength(line) + 1 + visibleLength(word) > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
