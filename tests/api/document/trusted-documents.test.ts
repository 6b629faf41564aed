import { beforeAll, describe, expect, test } from 'vitest';
import {
  statementsWithin,
  disable,
  documentNamed,
  hashOf,
  register,
  registered,
  runById,
  type ShownDocument,
} from '../../support/documents.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);

interface Page {
  readonly nodes: readonly ShownDocument[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number;
}

const list = async (
  filter: Readonly<Record<string, unknown>> | null,
  page = '',
): Promise<{ readonly page: Page; readonly code: string }> => {
  const { data, code } = await cast().admin.run<{ trustedDocuments: Page }>(
    `query ($filter: TrustedDocumentFilter) { trustedDocuments(filter: $filter ${page}) {
       nodes { id documentId operationName text clientName enabled useCount lastUsedAt registeredAt }
       pageInfo { hasNextPage endCursor } totalCount } }`,
    { filter },
  );
  return { page: data.trustedDocuments, code };
};
const namesOf = async (filter: Readonly<Record<string, unknown>> | null): Promise<readonly (string | null)[]> =>
  (await list(filter)).page.nodes.map(({ operationName }) => operationName);

const NAMES = ['Alpha', 'Beta', 'Gamma', 'Delta_100', 'Delta1100'];

describe('trustedDocuments', () => {
  beforeAll(async () => {
    for (const name of NAMES) await register(cast().admin, [documentNamed(name)], name === 'Beta' ? 'web' : null);
    const { page } = await list({ search: 'gamma' });
    await disable(cast().admin, [page.nodes[0]?.id ?? '']);
    await runById(cast().anonymous, documentNamed('Alpha'));
    await app().services.trustedDocumentUse.flush();
  });

  test('are listed newest first, page by page', async () => {
    expect(await namesOf(null)).toEqual(NAMES.toReversed());
    const first = (await list(null, 'first: 3')).page;
    const second = (await list(null, `first: 3, after: "${first.pageInfo.endCursor}"`)).page;
    expect([...first.nodes, ...second.nodes].map(({ operationName }) => operationName)).toEqual(NAMES.toReversed());
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage, second.totalCount]).toEqual([true, false, 5]);
    const elsewhere = await list({ enabled: true }, `first: 3, after: "${first.pageInfo.endCursor}"`);
    expect(elsewhere.code).toBe('BAD_USER_INPUT');
  });

  test('by client, by switch, by use', async () => {
    expect(await namesOf({ clientName: 'web' })).toEqual(['Beta']);
    expect(await namesOf({ enabled: false })).toEqual(['Gamma']);
    expect(await namesOf({ enabled: true, clientName: 'web' })).toEqual(['Beta']);
    const now = app().clock.now();
    const unusedSince = (seconds: number) => ({ unusedSince: new Date(now.getTime() + seconds * 1000).toISOString() });
    expect(await namesOf(unusedSince(-60))).not.toContain('Alpha');
    expect(await namesOf(unusedSince(60))).toEqual(NAMES.toReversed());
  });

  test('by a part of the name or the beginning of the hash, wildcards taken as they are', async () => {
    expect(await namesOf({ search: 'ALPH' })).toEqual(['Alpha']);
    expect(await namesOf({ search: 'a_1' })).toEqual(['Delta_100']);
    expect(await namesOf({ search: '%%' })).toEqual([]);
    const hash = hashOf(documentNamed('Beta'));
    expect(await namesOf({ search: hash.slice(0, 12) })).toEqual(['Beta']);
    expect(await namesOf({ search: `sha256:${hash}` })).toEqual(['Beta']);
    expect(await namesOf({ search: hash.slice(1, 20) })).toEqual([]);
    expect((await list({ search: 'x' })).code).toBe('BAD_USER_INPUT');
  });

  test('cost one statement beside the session, and one more for the total', async () => {
    const { admin } = cast();
    const nodes = '{ trustedDocuments(first: 100) { nodes { id text } } }';
    expect(await statementsWithin(app(), () => admin.run(nodes))).toHaveLength(2);
    expect(await statementsWithin(app(), () => admin.run(nodes.replace('nodes', 'totalCount nodes')))).toHaveLength(3);
  });

  test('count their runs, whoever runs them, with one statement for all', async () => {
    const counted = documentNamed('Counted');
    const [made] = await registered(cast().admin, counted, documentNamed('Never'));
    for (const client of [cast().admin, cast().anonymous, cast().anonymous]) await runById(client, counted);
    expect((await list({ search: 'Counted' })).page.nodes[0]).toMatchObject({ useCount: 0, lastUsedAt: null });
    app().clock.advance(7);
    const use = app().services.trustedDocumentUse;
    expect(await statementsWithin(app(), () => use.flush())).toHaveLength(1);
    expect(await statementsWithin(app(), () => use.flush())).toHaveLength(0);
    expect((await list({ search: 'Counted' })).page.nodes[0]).toEqual({
      ...made,
      useCount: 3,
      lastUsedAt: app().clock.now().toISOString(),
    });
    expect((await list({ search: 'Never' })).page.nodes[0]).toMatchObject({ useCount: 0, lastUsedAt: null });
  });
});
