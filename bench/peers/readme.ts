const BEGIN = '<!-- peers:begin -->';
const END = '<!-- peers:end -->';

/** @returns the README with `section` between its markers. @throws Error when they are not there */
export function replaceSection(readme: string, section: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`README.md has no ${BEGIN} … ${END}.`);
  return `${readme.slice(0, begin + BEGIN.length)}\n${section}\n${readme.slice(end)}`;
}
