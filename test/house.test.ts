/** Holds the rules of the house: who imports whom (the table in docs/ARCHITECTURE.md), and what a file may contain. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 400;
/** Open beside the door: light files of types, constants and error classes that threads load without the whole room. */
const CONTRACTS = ['types.ts', 'errors.ts'];
/** Entry points of processes that report by message and exit code: they have nobody to return to. */
const PROCESS_ENTRIES = [
  'src/selftest/peer-process.ts',
  'src/selftest/process.ts',
  'src/system/process.ts',
  'src/network/process.ts',
];

interface Room {
  name: string;
  imports: { room: string; typesOnly: boolean }[];
  pure: boolean;
}

interface Import {
  file: string;
  specifier: string;
  typeOnly: boolean;
}

const rooms = readRooms(readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8'));
const sources = typeScriptFiles('src').map((file) => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
}));
const imports = sources.flatMap(({ file, text }) => importsOf(file, text));

describe('the table in docs/ARCHITECTURE.md', () => {
  it('names every room there is, and none that is not', () => {
    const inSource = new Set(sources.map(({ file }) => roomOf(file)));
    expect([...inSource].filter((room) => !rooms.has(room))).toEqual([]);
    expect([...rooms.keys()].filter((room) => !inSource.has(room))).toEqual([]);
  });

  it('names only rooms that it describes', () => {
    const named = [...rooms.values()].flatMap((room) => room.imports.map((target) => target.room));
    expect(named.filter((room) => room !== 'all' && !rooms.has(room))).toEqual([]);
  });
});

describe('imports', () => {
  it('are found by this test', () => {
    const found = importsOf(
      'src/a/b.ts',
      [
        "import type { A } from './a.ts';",
        "import {\n  B,\n  type C,\n} from './b.ts';",
        "export * from './c.ts';",
        "export type * from './d.ts';",
        "import './e.ts';",
        "const f = await import('./f.ts');",
        "// import './not.ts'",
      ].join('\n'),
    );
    expect(found.map(({ specifier, typeOnly }) => `${specifier}${typeOnly ? ' type' : ''}`)).toEqual([
      './a.ts type',
      './b.ts',
      './c.ts',
      './d.ts type',
      './e.ts',
      './f.ts',
    ]);
  });

  it('keep to the table', () => {
    const broken = crossings().filter(({ from, to, typeOnly }) => {
      const allowed = rooms.get(from)?.imports.filter(({ room }) => room === 'all' || covers(room, to)) ?? [];
      return !allowed.some(({ typesOnly }) => typeOnly || !typesOnly);
    });
    expect(broken.map(describeCrossing)).toEqual([]);
  });

  it('enter a room by its door', () => {
    const broken = crossings().filter(({ to, target }) => {
      const door = `${posix.basename(to)}.ts`;
      const isOpen = isSingleFile(to) || to === 'commands';
      return !isOpen && ![door, ...CONTRACTS].some((file) => target === `src/${to}/${file}`);
    });
    expect(broken.map(describeCrossing)).toEqual([]);
  });

  it('of packages are of declared ones, and of threads only in load and network', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const packages = imports.filter(({ specifier }) => !/^(\.|node:)/.test(specifier));
    const undeclared = packages.filter(({ specifier }) => !(packageOf(specifier) in manifest.dependencies));
    expect(undeclared.map(({ file, specifier }) => `${file}: ${specifier}`)).toEqual([]);
    const threads = imports.filter(({ specifier }) => /^(piscina|node:worker_threads)$/.test(specifier));
    expect(
      threads.map(({ file }) => file).filter((file) => !['load', 'network'].includes(roomOf(file))),
    ).toEqual([]);
  });
});

describe('source', () => {
  it('of pure rooms knows no clock, disk, thread, randomness or process', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.\w|\bperformance\.|\bsetTimeout\b|\bsetInterval\b/;
    const modules = /^node:(fs|fs\/promises|worker_threads|child_process|net|tls|http|https|timers)$/;
    const isPure = (file: string) => rooms.get(roomOf(file))?.pure && posix.basename(file) !== 'file.ts';
    const uses = linesMatching((file) => Boolean(isPure(file)), impure);
    const modulesUsed = imports.filter(({ file, specifier }) => isPure(file) && modules.test(specifier));
    expect([...uses, ...modulesUsed.map(({ file, specifier }) => `${file}: ${specifier}`)]).toEqual([]);
  });

  it('prints and exits only in commands and cli', () => {
    const printing = /\bconsole\.|\bprocess\.(exit\b|exitCode|stdout|stderr)/;
    const elsewhere = (file: string) =>
      !['commands', 'cli'].includes(roomOf(file)) && !PROCESS_ENTRIES.includes(file);
    expect(linesMatching(elsewhere, printing)).toEqual([]);
  });

  it('takes randomness from std or node:crypto', () => {
    expect(linesMatching((file) => roomOf(file) !== 'std', /\bMath\.random\b/)).toEqual([]);
  });

  it(`stays under ${MAX_LINES} lines a file`, () => {
    const files = [
      ...sources.map(({ file }) => file),
      ...['bench', 'scripts', 'test'].flatMap(typeScriptFiles),
    ];
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long.map(({ file, lines }) => `${file}: ${lines} lines`)).toEqual([]);
  });
});

describe('everything in the repository', () => {
  it('is finished, and names no path of the machine it was written on', () => {
    // In pieces, so that this file does not match itself.
    const unfinished = ['TO', 'DO|FIX', 'ME'].join('');
    const forbidden = new RegExp(`\\b(${unfinished})\\b|/(wor${'k'}|roo${'t'})/|/hom${'e'}/[a-z]+/`);
    const text = repositoryFiles().filter(
      (file) => !/^(package-lock\.json|reports\/)|\.(png|hdr|gz)$/.test(file),
    );
    const found = text.flatMap((file) =>
      matchingLines(file, readFileSync(join(root, file), 'utf8'), forbidden),
    );
    expect(found).toEqual([]);
  });
});

function readRooms(document: string): Map<string, Room> {
  const rows = document.split('\n').filter((line) => /^\| `[a-z/]+` \|/.test(line));
  const parsed = rows.map((row) => {
    const [name, , mayImport, pure] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const targets = [...mayImport!.matchAll(/\b([a-z/]+)\b`?(?: \((types)\))?/g)];
    return {
      name: name!.replaceAll('`', ''),
      imports: targets.map(([, room, types]) => ({ room: room!, typesOnly: types !== undefined })),
      pure: pure === 'pure',
    };
  });
  return new Map(parsed.map((room) => [room.name, room]));
}

/** `src/system/kms/server.ts` → `system/kms`, `src/system/launch.ts` → `system`, `src/cli.ts` → `cli`. */
function roomOf(file: string): string {
  const parts = file
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .split('/');
  if (parts.length === 1) return parts[0]!;
  const nested = parts.slice(0, 2).join('/');
  return parts.length > 2 && rooms.has(nested) ? nested : parts[0]!;
}

/** `system` stands for the rooms within it too. */
function covers(allowed: string, room: string): boolean {
  return room === allowed || (allowed === 'system' && room.startsWith('system/'));
}

function isSingleFile(room: string): boolean {
  return existsSync(join(root, `src/${room}.ts`));
}

function crossings() {
  return imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ file, specifier, typeOnly }) => {
      const target = targetOf(file, specifier);
      return { file, target, typeOnly, from: roomOf(file), to: roomOf(target) };
    })
    .filter(({ from, to }) => from !== to && to !== 'std');
}

function describeCrossing({
  file,
  target,
  typeOnly,
}: {
  file: string;
  target: string;
  typeOnly: boolean;
}): string {
  return `${file} imports ${typeOnly ? 'a type of ' : ''}${target}`;
}

function importsOf(file: string, text: string): Import[] {
  const code = withoutComments(text);
  const statement = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s+)?'([^'\n]+)'/gm;
  const dynamic = /\bimport\(\s*'([^'\n]+)'\s*\)/g;
  return [
    ...[...code.matchAll(statement)].map(([, type, specifier]) => ({
      file,
      specifier: specifier!,
      typeOnly: type !== undefined,
    })),
    ...[...code.matchAll(dynamic)].map(([, specifier]) => ({ file, specifier: specifier!, typeOnly: false })),
  ];
}

function withoutComments(text: string): string {
  const tokens = /\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return text.replace(tokens, (token) => (token.startsWith('/') ? token.replace(/[^\n]/g, '') : token));
}

function targetOf(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function linesMatching(wanted: (file: string) => boolean, pattern: RegExp): string[] {
  return sources
    .filter(({ file }) => wanted(file))
    .flatMap(({ file, text }) => matchingLines(file, withoutComments(text), pattern));
}

function matchingLines(file: string, text: string, pattern: RegExp): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 100)}`] : [],
    );
}

function typeScriptFiles(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => posix.join(entry.parentPath.slice(root.length), entry.name))
    .sort();
}

function repositoryFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  return list
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}
