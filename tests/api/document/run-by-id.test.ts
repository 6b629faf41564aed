import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '../../support/api-keys.ts';
import {
  disable,
  statementsWithin,
  documentIdOf,
  documentNamed,
  hashOf,
  registered,
  runById,
  type ShownDocument,
} from '../../support/documents.ts';
import { useCast } from '../../support/holder.ts';
import { cookieOf, statementsOf } from '../../support/records.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import { TestClient } from '../../support/test-client.ts';
import { SignInDocument } from '../../../generated/client/graphql.ts';
import { PASSWORD } from '../../support/cast.ts';
import { killConnections, refuseConnections } from '../http/database-faults.ts';

const app = useTestApp();
const cast = useCast(app);

const VIEWER = 'query Me { viewer { user { id } } }';
const TWO = 'query First($id: ID!) { user(id: $id) { id } } query Second { viewer { user { id } } }';
const CHANGE = 'mutation Leave { signOut(input: {}) { errors { code } } }';

/** Another replica knows within a second; a busy machine has more time. */
const PATIENTLY = { timeout: 10_000, interval: 20 };

beforeAll(async () => {
  await registered(cast().admin, VIEWER, TWO, CHANGE);
});

describe('a document by its id', () => {
  test('runs as its text would, for whoever calls', async () => {
    const { status, data } = await runById(cast().member, VIEWER);
    expect([status, data]).toEqual([200, { viewer: { user: { id: cast().member.id } } }]);
    const bare = await cast().support.post({ documentId: hashOf(VIEWER) });
    expect(bare.data).toEqual({ viewer: { user: { id: cast().support.id } } });
    expect((await runById(cast().anonymous, VIEWER)).data).toEqual({ viewer: null });
  });

  test('takes variables, the name of an operation and extensions', async () => {
    const { id } = cast().admin;
    const asked = { documentId: documentIdOf(TWO), variables: { id }, extensions: {}, operationName: 'First' };
    expect((await cast().admin.post(asked)).data).toEqual({ user: { id } });
    expect((await cast().admin.post({ ...asked, operationName: 'Second' })).data).toEqual({ viewer: { user: { id } } });
    expect((await cast().admin.post({ ...asked, operationName: 'Third' })).code).toBe('OPERATION_RESOLUTION_FAILURE');
  });

  test('costs no statement that its text would not', async () => {
    await runById(cast().member, VIEWER);
    const byText = await statementsWithin(app(), () => cast().member.run(VIEWER));
    expect(await statementsWithin(app(), () => runById(cast().member, VIEWER))).toEqual(byText);
    expect(byText).toHaveLength(1);
  });

  test('is read once for all who ask at the same time', async () => {
    const text = documentNamed('Flight');
    await registered(cast().admin, text);
    const texts = await statementsWithin(app(), () =>
      Promise.all(Array.from({ length: 30 }, () => runById(cast().anonymous, text))),
    );
    expect(texts.filter((statement) => statement.includes('trusted_documents'))).toHaveLength(1);
  });

  test.each([
    ['unknown', documentIdOf('{ unknown }')],
    ['of another method', `md5:${'0'.repeat(32)}`],
    ['in upper case', documentIdOf(VIEWER).toUpperCase()],
    ['with a blank', `${documentIdOf(VIEWER)} `],
    ['empty', ''],
    ['of a prototype', '__proto__'],
  ])('that is %s is not found', async (_what, documentId) => {
    const answer = await cast().member.post({ documentId });
    expect([answer.status, answer.code, answer.data, answer.errors.length]).toEqual([
      400,
      'PERSISTED_DOCUMENT_NOT_FOUND',
      undefined,
      1,
    ]);
  });

  test.each([[7], [true], [['a']], [{}]])('that is no text is refused: %j', async (documentId) => {
    const answer = await cast().member.post({ documentId });
    expect([answer.status, answer.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  test('with a text beside it is run where both are the same, else refused', async () => {
    const { member } = cast();
    const documentId = documentIdOf(VIEWER);
    expect((await member.post({ documentId, query: VIEWER })).code).toBe('OK');
    expect((await member.post({ documentId, query: '' })).code).toBe('OK');
    for (const query of [`${VIEWER} `, '{ __typename }']) {
      const answer = await member.post({ documentId, query });
      expect([answer.status, answer.code]).toEqual([400, 'BAD_USER_INPUT']);
    }
    const unknown = await member.post({ documentId: documentIdOf('{ a }'), query: '{ __typename }' });
    expect(unknown.code).toBe('BAD_USER_INPUT');
  });

  test('is no way around the CSRF token of a cookie', async () => {
    const { member } = cast();
    const signedIn = await cast().anonymous.send(SignInDocument, {
      input: { identifier: 'member@cast.example', password: PASSWORD, delivery: 'COOKIE' },
    });
    const byCookie = new TestClient(`${app().url}/graphql`, { cookie: cookieOf(signedIn).pair });
    expect((await runById(byCookie, VIEWER)).data).toEqual({ viewer: { user: { id: member.id } } });
    const refused = await runById(byCookie, CHANGE);
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', reason: 'CSRF_TOKEN' });
  });

  test("does not come in batches, nor by Apollo's automatic persisted queries", async () => {
    expect((await cast().member.post([{ documentId: documentIdOf(VIEWER) }])).status).toBe(400);
    const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf(VIEWER) } };
    expect((await cast().member.post({ extensions })).code).toBe('PERSISTED_QUERY_NOT_SUPPORTED');
  });
});

describe('by GET', () => {
  const get = async (
    parameters: readonly (readonly [string, string])[],
    headers: Readonly<Record<string, string>> = { 'apollo-require-preflight': 'x' },
  ) => {
    const url = `${app().url}/graphql?${new URLSearchParams(parameters.map(([name, value]) => [name, value]))}`;
    const response = await fetch(url, { headers: { ...cast().admin.headers, ...headers } });
    const { data, errors } = (await response.json()) as {
      data?: unknown;
      errors?: { message: string; extensions: { code: string } }[];
    };
    return { status: response.status, data, code: errors?.[0]?.extensions.code ?? 'OK' };
  };

  test('queries run, with variables and operationName', async () => {
    const { id } = cast().admin;
    const asked = [
      ['documentId', documentIdOf(TWO)],
      ['operationName', 'First'],
      ['variables', JSON.stringify({ id })],
    ] as const;
    expect(await get(asked)).toEqual({ status: 200, data: { user: { id } }, code: 'OK' });
  });

  test('a page of another site cannot make a browser ask', async () => {
    expect((await get([['documentId', documentIdOf(VIEWER)]], {})).status).toBe(400);
  });

  test('mutations do not run', async () => {
    expect((await get([['documentId', documentIdOf(CHANGE)]])).status).toBe(405);
    expect((await runById(cast().admin, VIEWER)).code).toBe('OK');
  });

  test('two ids, or an id and another text, are refused', async () => {
    const twice = ['documentId', documentIdOf(VIEWER)] as const;
    expect(await get([twice, twice])).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    expect(await get([twice, ['query', '{ __typename }']])).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    expect(await get([['documentId', documentIdOf('{ a }')]])).toMatchObject({
      status: 400,
      code: 'PERSISTED_DOCUMENT_NOT_FOUND',
    });
  });
});

describe('a key that is bound to documents', () => {
  test('runs those by id, and no other', async () => {
    const other = documentNamed('Other');
    await registered(cast().admin, other);
    const key = await makeKey(app(), cast().admin, { documents: [VIEWER], bindToDocuments: true });
    expect((await runById(key, VIEWER)).data).toEqual({ viewer: { user: { id: cast().admin.id } } });
    const refused = await runById(key, other);
    expect(refused.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', reason: 'DOCUMENT_NOT_BOUND' });
  });
});

describe('another replica', () => {
  let second: TestApp | null = null;
  const there = (): TestClient => second?.anonymous() ?? cast().anonymous;

  beforeAll(async () => {
    second = await startTestApp({ beside: app() });
  });
  afterAll(async () => {
    await second?.close();
  });

  test('runs what was registered here, and no longer what was disabled, within a second', async () => {
    const text = documentNamed('Elsewhere');
    const outcome = async (): Promise<string> => (await runById(there(), text)).code;
    expect(await outcome()).toBe('PERSISTED_DOCUMENT_NOT_FOUND');
    const [made] = await registered(cast().admin, text);
    await expect.poll(outcome, PATIENTLY).toBe('OK');
    await disable(cast().admin, [made?.id ?? '']);
    await expect.poll(outcome, PATIENTLY).toBe('PERSISTED_DOCUMENT_NOT_FOUND');
    await registered(cast().admin, text);
    await expect.poll(outcome, PATIENTLY).toBe('OK');
  });

  test('reads first what changed while nobody asked', async () => {
    const text = documentNamed('Idle');
    second?.services.trustedDocumentDirectory.stop();
    const third = await startTestApp({ beside: app() });
    await registered(cast().admin, text);
    expect((await runById(third.anonymous(), text)).code).toBe('OK');
    await third.close();
  });
});

describe('unknown ids', () => {
  test('cost no statement each, and leave nothing behind', async () => {
    await runById(cast().anonymous, VIEWER);
    const directory = app().services.trustedDocumentDirectory;
    const asked = Array.from({ length: 2000 }, (_, index) => hashOf(`unknown ${index}`));
    const statements = await statementsOf(app(), async () => {
      for (const hash of asked) expect(await directory.textOf(hash)).toBeNull();
    });
    // Whatever the rounds read that fell into this time.
    expect(statements).toBeLessThan(20);
    const held = directory.size;
    await Promise.all(asked.slice(0, 50).map((hash) => cast().anonymous.post({ documentId: hash })));
    expect(directory.size).toEqual(held);
  });

  test('are counted', async () => {
    const metric = async (outcome: string): Promise<number> => {
      const text = await (await fetch(`${app().url}/metrics`)).text();
      return Number(
        new RegExp(`gatehouse_trusted_documents_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0,
      );
    };
    const before = { run: await metric('run'), unknown: await metric('not_found') };
    await runById(cast().anonymous, VIEWER);
    await runById(cast().anonymous, '{ unknown }');
    expect([await metric('run'), await metric('not_found')]).toEqual([before.run + 1, before.unknown + 1]);
  });
});

describe('while the database is away', () => {
  let known: ShownDocument | undefined;

  test('a remembered document still runs, an unknown one is told to come back', async () => {
    const text = 'query Keys { signingKeys { kid } }';
    const unread = documentNamed('Unread');
    [known] = await registered(cast().admin, text, unread);
    expect((await runById(cast().anonymous, text)).code).toBe('OK');
    const back = await refuseConnections(app());
    try {
      await expect
        .poll(async () => (await runById(cast().anonymous, '{ unknown }')).code, PATIENTLY)
        .toBe('SERVICE_UNAVAILABLE');
      expect((await runById(cast().anonymous, text)).errors).toEqual([]);
      const answer = await runById(cast().anonymous, unread);
      expect([answer.status, answer.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    } finally {
      await back();
    }
    await expect.poll(async () => (await runById(cast().anonymous, unread)).code, PATIENTLY).toBe('OK');
    await disable(cast().admin, [known?.id ?? '']);
    expect((await runById(cast().anonymous, text)).code).toBe('PERSISTED_DOCUMENT_NOT_FOUND');
  });

  test('runs that could not be written are written later', async () => {
    const use = app().services.trustedDocumentUse;
    const text = documentNamed('Late');
    await registered(cast().admin, text);
    await runById(cast().anonymous, text);
    const back = await refuseConnections(app());
    const flushed = (): Promise<string> =>
      use.flush().then(
        () => 'written',
        () => 'failed',
      );
    expect(await flushed()).toBe('failed');
    await back();
    await killConnections(app());
    await expect.poll(flushed, PATIENTLY).toBe('written');
    const rows = await app().database.query<{ use_count: string }>(
      'select use_count::text from trusted_documents where hash = $1',
      [hashOf(text)],
    );
    expect(rows).toEqual([{ use_count: '1' }]);
  });
});
