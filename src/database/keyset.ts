import { createHmac, type KeyObject } from 'node:crypto';
import { Failure } from '../errors.ts';

/** The largest page, of every connection. */
const MAXIMUM_PAGE = 100;
const DEFAULT_PAGE = 25;
const VERSION = 1;

/** The arguments of a connection, as a client sends them. */
export interface PageRequest {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** A place in a list: the value it is ordered by, as text, and the id that breaks ties. */
export interface Position {
  readonly key: string;
  readonly id: string;
}

/** How a list is ordered: an SQL expression with an index behind it, and the type its text form is read back with. */
export interface Ordering {
  readonly expression: string;
  readonly type: 'text' | 'timestamptz' | 'uuid';
  readonly idColumn: string;
  readonly descending: boolean;
}

/** A page to read: ready-made pieces of SQL. `values` are the parameters, from `$<first>` on. */
export interface PageQuery {
  readonly condition: string;
  readonly orderBy: string;
  readonly limit: number;
  readonly values: readonly unknown[];
}

/** The rows of one page, in the order of the list. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/**
 * Pages by position instead of by number (keyset): the last page of a million rows costs as much as the first. Cursors are
 * opaque, signed, and carry the list they belong to, so that one of another filter or order is refused instead of answering
 * something that looks right.
 */
export class Keyset {
  readonly #key: KeyObject;
  readonly #ordering: Ordering;
  readonly #list: string;

  /** `list` identifies filter and order. */
  constructor(key: KeyObject, ordering: Ordering, list: string) {
    this.#key = key;
    this.#ordering = ordering;
    this.#list = list;
  }

  /** Reads the arguments of a connection. Throws BAD_USER_INPUT for sizes beyond 1 to 100 and for foreign cursors. */
  query(request: PageRequest, firstParameter: number): PageQuery {
    const backward = isBackward(request);
    const size = pageSize(request, backward);
    const after = this.#read(request.after);
    const before = this.#read(request.before);
    const { expression, type, idColumn, descending } = this.#ordering;
    const values: unknown[] = [];
    const conditions = [[after, descending ? '<' : '>'] as const, [before, descending ? '>' : '<'] as const].flatMap(
      ([position, operator]) => {
        if (position === null) return [];
        values.push(position.key, position.id);
        const parameter = firstParameter + values.length - 2;
        return [`(${expression}, ${idColumn}) ${operator} ($${parameter}::${type}, $${parameter + 1}::uuid)`];
      },
    );
    const direction = descending === backward ? 'asc' : 'desc';
    return {
      condition: conditions.length === 0 ? 'true' : conditions.join(' and '),
      orderBy: `${expression} ${direction}, ${idColumn} ${direction}`,
      limit: size + 1,
      values,
    };
  }

  /** Cuts the surplus row off, which only tells that there are more, and puts a backward page into the order of the list. */
  page<Row>(request: PageRequest, query: PageQuery, rows: readonly Row[]): Page<Row> {
    const more = rows.length === query.limit;
    const kept = more ? rows.slice(0, -1) : rows;
    if (isBackward(request)) {
      return { rows: kept.toReversed(), hasNextPage: isGiven(request.before), hasPreviousPage: more };
    }
    return { rows: kept, hasNextPage: more, hasPreviousPage: isGiven(request.after) };
  }

  /** The cursor of a row. */
  cursor(position: Position): string {
    const body = Buffer.from(JSON.stringify([VERSION, position.key, position.id]), 'utf8').toString('base64url');
    return `${body}.${this.#signature(body)}`;
  }

  #read(cursor: string | null | undefined): Position | null {
    if (!isGiven(cursor)) return null;
    const [body, signature, ...rest] = cursor.length > 2000 ? [] : cursor.split('.');
    if (body === undefined || signature === undefined || rest.length > 0 || this.#signature(body) !== signature) {
      throw new Failure('BAD_USER_INPUT', 'The cursor does not belong to this list; start again without it.');
    }
    const [, key, id] = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as [number, string, string];
    return { key, id };
  }

  #signature(body: string): string {
    return createHmac('sha256', this.#key).update(`${this.#list}\n${body}`).digest('base64url').slice(0, 16);
  }
}

const isGiven = (cursor: string | null | undefined): cursor is string => cursor !== null && cursor !== undefined;
const isNumber = (size: number | null | undefined): size is number => size !== null && size !== undefined;

const isBackward = (request: PageRequest): boolean => isNumber(request.last);

const pageSize = (request: PageRequest, backward: boolean): number => {
  if (isNumber(request.first) && isNumber(request.last)) {
    throw new Failure('BAD_USER_INPUT', 'Give first or last, not both.');
  }
  const size = (backward ? request.last : request.first) ?? DEFAULT_PAGE;
  if (size < 1 || size > MAXIMUM_PAGE) {
    throw new Failure('BAD_USER_INPUT', `A page has 1 to ${MAXIMUM_PAGE} items.`, {
      limit: 'pageSize',
      maximum: MAXIMUM_PAGE,
    });
  }
  return size;
};
