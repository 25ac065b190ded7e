/** Lines of recorded traffic as records. Pure: no file is read here. */
import type { TraceColumns, TraceFormat, TraceOperation, TraceRecord } from './types.ts';

/** Reads one line: a record, why it is none, or undefined for a line that is not meant to be one (a heading, a blank). */
export type LineReader = (line: string) => TraceRecord | string | undefined;

/** A reader of one pass through a trace: a CSV file's heading is its first line. @throws Error a column is not there */
export function createLineReader(format: TraceFormat): LineReader {
  switch (format.format) {
    case 'twitter':
      return (line) => (line === '' ? undefined : twitterRecord(splitCsv(line)));
    case 'access-log':
      return (line) => (line === '' ? undefined : accessRecord(line));
    case 'csv':
      return createCsvReader(format);
  }
}

const OPERATIONS: Record<string, TraceOperation> = {
  get: 'get',
  gets: 'get',
  read: 'get',
  head: 'get',
  put: 'put',
  set: 'put',
  add: 'put',
  replace: 'put',
  cas: 'put',
  write: 'put',
  insert: 'put',
  post: 'put',
  update: 'update',
  append: 'update',
  prepend: 'update',
  incr: 'update',
  decr: 'update',
  patch: 'update',
  delete: 'delete',
  remove: 'delete',
  scan: 'scan',
  query: 'scan',
};

/** timestamp (s), anonymised key, key size, value size, client id, operation, TTL (twitter/cache-trace). */
function twitterRecord(fields: readonly string[]): TraceRecord | string {
  if (fields.length < 6) return `${fields.length} fields where there should be 7`;
  const [time, key, keySize, valueSize, client, word] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const time_us = timeOf(time, 1e6);
  if (time_us === undefined) return `${shown(time)} is no time`;
  const operation = OPERATIONS[word.toLowerCase()];
  if (!operation) return `${shown(word)} is no operation`;
  const bytes = sizeOf(keySize) + sizeOf(valueSize);
  if (Number.isNaN(bytes)) return `${shown(keySize)} and ${shown(valueSize)} are no sizes`;
  return { time_us, client: hash32(client), operation, key: hash53(key), bytes };
}

const ACCESS =
  /^(\S+) \S+ (.+?) \[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})\] "([A-Z]+) (\S+)[^"]*" \d{3} (\d+|-)/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The common log format, or the combined one, which goes on after it. The path without its query is the key. */
function accessRecord(line: string): TraceRecord | string {
  const match = ACCESS.exec(line);
  if (!match) return 'not in the common or combined log format';
  const [, host, user, day, month, year, time, zone, zoneMinutes, method, path, size] = match as string[];
  const number = String(MONTHS.indexOf(month!) + 1).padStart(2, '0');
  const time_us = Date.parse(`${year}-${number}-${day}T${time}${zone}:${zoneMinutes}`) * 1e3;
  if (Number.isNaN(time_us)) return `${shown(`${day}/${month}/${year}:${time}`)} is no time`;
  const operation = OPERATIONS[method!.toLowerCase()];
  if (!operation) return `${method} has no counterpart`;
  const key = path!.split('?', 1)[0]!;
  const client = user === '-' ? host! : user!;
  return {
    time_us,
    client: hash32(client),
    operation,
    key: hash53(key),
    bytes: size === '-' ? 0 : Number(size),
  };
}

function createCsvReader({ columns, unit_us, words }: TraceFormat): LineReader {
  const named = Object.values(columns).some((column) => typeof column === 'string');
  let places: Record<keyof TraceColumns, number> | undefined = named ? undefined : placesOf(columns, []);
  return (line) => {
    if (line === '') return undefined;
    const fields = splitCsv(line);
    if (!places) {
      places = placesOf(columns, fields);
      return undefined;
    }
    const { time: timeAt, key: keyAt, client: clientAt, operation: operationAt, bytes: bytesAt } = places;
    const last = Math.max(timeAt, keyAt, clientAt, operationAt, bytesAt);
    if (fields.length <= last) return `${fields.length} fields where there should be ${last + 1} or more`;
    const time_us = timeOf(fields[timeAt]!, unit_us);
    if (time_us === undefined) return `${shown(fields[timeAt]!)} is no time`;
    const word = operationAt < 0 ? 'get' : fields[operationAt]!.trim().toLowerCase();
    const operation = words[word] ?? OPERATIONS[word];
    if (!operation) return `${shown(word)} is no operation`;
    const bytes = bytesAt < 0 ? 0 : sizeOf(fields[bytesAt]!);
    if (Number.isNaN(bytes)) return `${shown(fields[bytesAt]!)} is no size`;
    const client = clientAt < 0 ? 0 : hash32(fields[clientAt]!);
    return { time_us, client, operation, key: hash53(fields[keyAt]!), bytes };
  };
}

/** Positions of the columns, −1 for those that were not asked for. */
function placesOf(columns: TraceColumns, heading: readonly string[]): Record<keyof TraceColumns, number> {
  const names = heading.map((name) => name.trim());
  const placeOf = (column: string | number | undefined): number => {
    if (column === undefined) return -1;
    if (typeof column === 'number') return column - 1;
    const place = names.indexOf(column);
    if (place >= 0) return place;
    const shownNames = names.slice(0, 20).map(shown).join(', ');
    throw new Error(`there is no column ${shown(column)}; the first line has ${shownNames}.`);
  };
  return {
    time: placeOf(columns.time),
    key: placeOf(columns.key),
    client: placeOf(columns.client),
    operation: placeOf(columns.operation),
    bytes: placeOf(columns.bytes),
  };
}

/** One line of RFC 4180: fields between commas, in double quotes where they hold one, quotes in them doubled. */
export function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let field = '';
      let close = line.indexOf('"', at + 1);
      while (close >= 0 && line[close + 1] === '"') {
        field += line.slice(at + 1, close + 1);
        at = close + 1;
        close = line.indexOf('"', at + 1);
      }
      const end = close < 0 ? line.length : close;
      fields.push(field + line.slice(at + 1, end));
      at = line.indexOf(',', end);
    } else {
      const comma = line.indexOf(',', at);
      fields.push(line.slice(at, comma < 0 ? line.length : comma));
      at = comma;
    }
    if (at < 0) return fields;
    at++;
  }
}

/** @param unit_us of a number; a date without it */
function timeOf(text: string, unit_us: number | undefined): number | undefined {
  const trimmed = text.trim();
  if (unit_us === undefined) {
    const time_ms = /^\d{4}-\d{2}-\d{2}[T ]/.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
    return Number.isNaN(time_ms) ? undefined : time_ms * 1e3;
  }
  return /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) * unit_us : undefined;
}

/** Bytes; NaN for what is no size. */
function sizeOf(text: string): number {
  const trimmed = text.trim();
  return trimmed === '' ? 0 : /^\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** FNV-1a, folded through a full avalanche so that its low bits are fit for a remainder. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function hash53(text: string): number {
  return (hash32(text) * 2 ** 21 + (hash32(`${text}\u0001`) >>> 11)) % 2 ** 53;
}

/** A value of the trace as an error shows it: keys of a trace may be secret, so never a long one. */
function shown(text: string): string {
  return JSON.stringify(text.length > 24 ? `${text.slice(0, 24)}…` : text);
}
