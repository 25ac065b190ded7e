import { invalidParameter } from '../errors.ts';
import type { CompiledExpressions } from '../expressions/expressions.ts';
import { parseItem } from '../operation.ts';
import type { RequestReader } from '../request.ts';
import type { StoredItem } from '../sealed-records.ts';
import { type CapacityReport, capacityReport, consumedCapacityMember, readUnits } from './capacity.ts';
import { type ReadTarget, startKeyOf } from './read-target.ts';

/** A page ends with the item that takes it to this size, before filtering. */
const PAGE_BYTES = 1024 * 1024;

export interface PageRequest {
  limit: number;
  consistent: boolean;
  report: CapacityReport;
  select: Select | undefined;
}

type Select = (typeof SELECTS)[number];
const SELECTS = ['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'] as const;

/** What Query and Scan have in common. Constraints that are broken show in `request.done()`. */
export function readPageRequest(request: RequestReader): PageRequest {
  const select = request.choice('Select', SELECTS);
  const limit = request.integer('Limit', { min: 1 }) ?? Number.POSITIVE_INFINITY;
  const consistent = request.boolean('ConsistentRead') ?? false;
  return { limit, consistent, report: capacityReport(request), select };
}

/** Refuses a `Select` that does not go with the other parameters. */
export function checkSelect(body: Readonly<Record<string, unknown>>, { index }: ReadTarget): void {
  const projects = body.ProjectionExpression !== undefined && body.ProjectionExpression !== null;
  const { Select: select } = body;
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && index === undefined) {
    throw invalidParameter('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
  }
  if (select === 'SPECIFIC_ATTRIBUTES' && !projects) {
    throw invalidParameter(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    );
  }
  if (select !== undefined && select !== null && select !== 'SPECIFIC_ATTRIBUTES' && projects) {
    const choosing = select === 'COUNT' ? 'only the Count' : select;
    throw invalidParameter(`Cannot specify the ProjectionExpression when choosing to get ${choosing}`);
  }
}

/** A page of a Query or Scan as it fills: items in, response text out. */
export class ResultPage {
  readonly #target: ReadTarget;
  readonly #request: PageRequest;
  readonly #expressions: CompiledExpressions;
  readonly #items: string[] = [];
  #count = 0;
  #scanned = 0;
  #bytes = 0;
  #fetched_units = 0;
  #last: StoredItem | undefined;

  constructor(target: ReadTarget, request: PageRequest, expressions: CompiledExpressions) {
    this.#target = target;
    this.#request = request;
    this.#expressions = expressions;
  }

  get full(): boolean {
    return this.#scanned >= this.#request.limit || this.#bytes >= PAGE_BYTES;
  }

  /** @param whole what the table has of an index's entry, where it was read, too */
  add(stored: StoredItem, whole: StoredItem = stored): void {
    this.#scanned += 1;
    this.#bytes += stored.size_bytes;
    if (whole !== stored) this.#fetched_units += readUnits(whole.size_bytes, this.#request.consistent);
    this.#last = stored;
    const { filter, projection } = this.#expressions;
    const item = filter !== undefined || projection !== undefined ? parseItem(whole) : undefined;
    if (filter !== undefined && !filter(item!)) return;
    this.#count += 1;
    if (this.#request.select === 'COUNT') return;
    this.#items.push(projection === undefined ? whole.json.toString() : JSON.stringify(projection(item!)));
  }

  /** The response. A full page names where to go on, even if nothing should follow: DynamoDB doesn't look ahead. */
  toJson(): string {
    const { report, consistent, select } = this.#request;
    const members = [`"Count":${this.#count}`, `"ScannedCount":${this.#scanned}`];
    if (select !== 'COUNT') members.unshift(`"Items":[${this.#items.join(',')}]`);
    if (this.full && this.#last !== undefined) {
      const key = startKeyOf(this.#target, parseItem(this.#last));
      members.push(`"LastEvaluatedKey":${JSON.stringify(key)}`);
    }
    const { table, index } = this.#target;
    const units = readUnits(this.#bytes, consistent);
    const consumed =
      index === undefined
        ? consumedCapacityMember(report, table.name, units)
        : consumedCapacityMember(report, table.name, this.#fetched_units, [{ ...index, units }]);
    if (consumed !== '') members.push(consumed);
    return `{${members.join(',')}}`;
  }
}
