import { expect, vi } from 'vitest';
import type { TestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

/** A step of a plan, as PostgreSQL tells it in JSON. */
export interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  /** Decides once whether what is below is done at all. */
  readonly 'One-Time Filter'?: string;
  readonly 'Plan Rows': number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly Node[];
}

export interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: Node }[];
}

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Sends a document that succeeds, and gives the statements by which it read lists; there is one at least. */
export const sentLists = async (
  { database }: TestApp,
  client: TestClient,
  query: string,
  variables: object,
): Promise<readonly Statement[]> => {
  const sent: Statement[] = [];
  const original = database.query.bind(database);
  const spy = vi.spyOn(database, 'query').mockImplementation((text, values = []) => {
    sent.push({ text, values });
    return original(text, values);
  });
  try {
    const { code, errors } = await client.run(query, { ...variables });
    expect([code, errors]).toEqual(['OK', []]);
  } finally {
    spy.mockRestore();
  }
  const lists = sent.filter(({ text }) => /order by/.test(text) && /^\s*(with|select)/.test(text));
  expect(lists.length).toBeGreaterThan(0);
  return lists;
};
