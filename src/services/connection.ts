import type { Keyset, Page, Position } from '../database/keyset.ts';

/** A Relay connection. Cursors and the total are functions: nothing is computed that nobody asks for. */
export interface Connection<Node> {
  readonly nodes: readonly Node[];
  readonly edges: () => readonly Edge<Node>[];
  readonly pageInfo: () => PageInfo;
  readonly totalCount: () => Promise<number>;
}

export interface Edge<Node> {
  readonly node: Node;
  readonly cursor: () => string;
}

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: () => string | null;
  readonly endCursor: () => string | null;
}

/** What a row of a page turns into. `facts` are further fields of the edge. */
export interface Mapped<Row, Node> {
  readonly node: (row: Row) => Node;
  readonly position: (row: Row) => Position;
  readonly facts?: (row: Row) => object;
}

/** A row of a statement that counts for several keys; keys without anything to count may be missing. */
export interface Counted<Key> {
  readonly key: Key;
  readonly count: number;
}

/** `work`, done at the first call and never again: what several connections of one request share. */
export const once = <Result>(work: () => Promise<Result>): (() => Promise<Result>) => {
  let result: Promise<Result> | null = null;
  return () => (result ??= work());
};

/** The totals of the connections of several rows: all of them by one statement, when the first is asked for. */
export const totalsOf = <Key>(count: () => Promise<readonly Counted<Key>[]>): ((key: Key) => Promise<number>) => {
  const totals = once(async () => new Map((await count()).map((row) => [row.key, row.count])));
  return async (key) => (await totals()).get(key) ?? 0;
};

/**
 * Names a list for its cursors. What is not asked for, be it absent, null or an object of nothing else, makes no other list: clients put
 * their filters together anew for each page. An empty list of values does, since it asks for nothing to be found.
 */
export const listName = (name: string, ...asked: readonly unknown[]): string =>
  JSON.stringify([name, ...asked.map((one) => given(one))]);

const given = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((one) => given(one));
  if (value === null || typeof value !== 'object' || value instanceof globalThis.Date) return value ?? null;
  const entries = Object.entries(value).map(([key, one]) => [key, given(one)] as const);
  const asked = entries.filter(([, one]) => one !== null);
  return asked.length === 0 ? null : Object.fromEntries(asked);
};

/** Builds the connection of a page. */
export const connectionOf = <Row, Node>(
  keyset: Keyset,
  page: Page<Row>,
  mapped: Mapped<Row, Node>,
  totalCount: () => Promise<number>,
): Connection<Node> => {
  const nodes = page.rows.map(mapped.node);
  const cursorAt = (index: number): string | null => {
    const row = page.rows.at(index);
    return row === undefined ? null : keyset.cursor(mapped.position(row));
  };
  return {
    nodes,
    edges: () =>
      page.rows.map((row, index) => ({
        ...mapped.facts?.(row),
        node: nodes[index] as Node,
        cursor: () => keyset.cursor(mapped.position(row)),
      })),
    pageInfo: () => ({
      hasNextPage: page.hasNextPage,
      hasPreviousPage: page.hasPreviousPage,
      startCursor: () => cursorAt(0),
      endCursor: () => cursorAt(-1),
    }),
    totalCount,
  };
};

export type { PageRequest } from '../database/keyset.ts';
