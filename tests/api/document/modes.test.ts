import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { pageDocuments } from '../../../src/http/account-pages/page-documents.ts';
import { makeKey } from '../../support/api-keys.ts';
import { disable, documentIdOf, documentNamed, registered, runById } from '../../support/documents.ts';
import { useCast } from '../../support/holder.ts';
import { closeSubscribers, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import { TestClient } from '../../support/test-client.ts';

const TRUSTED = 'query Me { viewer { user { id } } }';
const STREAM = 'subscription End { viewerSessionEnded { reason } }';
const OTHER_STREAM = `${STREAM} `;
const PATIENTLY = { timeout: 10_000, interval: 20 };
const NOT_FOUND = 'PERSISTED_DOCUMENT_NOT_FOUND';

/** Where documents are registered: no request could bring that document where only registered ones are run. */
const open = useTestApp();
const cast = useCast(open);

const beside = (mode: string): (() => TestApp) => {
  let app: TestApp | null = null;
  beforeAll(async () => {
    app = await startTestApp({ beside: open(), settings: { 'server.trustedDocuments': mode } });
  });
  afterAll(() => app?.close());
  return () => app ?? open();
};

beforeAll(async () => {
  await registered(cast().admin, TRUSTED, STREAM);
});
afterEach(() => closeSubscribers());

describe('only', () => {
  const app = beside('only');
  const there = ({ headers }: TestClient): TestClient => new TestClient(`${app().url}/graphql`, headers);

  test('registered documents run, by id and as text', async () => {
    const member = there(cast().member);
    const answer = { viewer: { user: { id: cast().member.id } } };
    expect((await runById(member, TRUSTED)).data).toEqual(answer);
    expect((await member.run(TRUSTED)).data).toEqual(answer);
    expect((await member.post({ query: TRUSTED, documentId: documentIdOf(TRUSTED) })).data).toEqual(answer);
  });

  test.each([
    ['another text', `${TRUSTED} `],
    ['a broken one, of which nothing is told', 'query {'],
    ['introspection', '{ __schema { types { name } } }'],
    ['a name alone', '{ __typename }'],
    ['the schema for routers', '{ _service { sdl } }'],
    ['entities for routers', '{ _entities(representations: []) { __typename } }'],
    ['open mutations', 'mutation { signOut(input: {}) { errors { code } } }'],
  ])('%s is refused', async (_what, query) => {
    const answer = await there(cast().admin).run(query);
    expect([answer.status, answer.code, answer.data, answer.errors.length]).toEqual([400, NOT_FOUND, undefined, 1]);
  });

  test('what is no text, or nothing, is told as what it is', async () => {
    const admin = there(cast().admin);
    for (const body of [
      { query: ['{ __typename }'] },
      { query: '' },
      { query: null, variables: {} },
      { variables: {} },
      [{ query: TRUSTED }],
    ]) {
      const answer = await admin.post(body);
      expect([answer.status, answer.code, answer.data]).toEqual([400, 'BAD_REQUEST', undefined]);
    }
  });

  test('an address that can be read in two ways is no way in', async () => {
    const headers = { ...cast().admin.headers, 'apollo-require-preflight': 'x' };
    const get = async (search: string): Promise<number> =>
      (await fetch(`${app().url}/graphql?${search}`, { headers })).status;
    const trusted = `query=${encodeURIComponent(TRUSTED)}`;
    const other = `query=${encodeURIComponent('{ __typename }')}`;
    expect(await get(trusted)).toBe(200);
    for (const search of [
      other,
      `${trusted}&${other}`,
      `${other}&${trusted}`,
      `${other}&documentId=${documentIdOf(TRUSTED)}`,
      `x?${trusted}`,
    ]) {
      expect([search, await get(search)]).toEqual([search, 400]);
    }
  });

  test('what was disabled is refused as text, too', async () => {
    const text = documentNamed('Former');
    const [made] = await registered(cast().admin, text);
    const anonymous = there(cast().anonymous);
    await expect.poll(async () => (await anonymous.run(text)).code, PATIENTLY).toBe('OK');
    await disable(cast().admin, [made?.id ?? '']);
    await expect.poll(async () => (await anonymous.run(text)).code, PATIENTLY).toBe(NOT_FOUND);
  });

  test("the server's own pages go on working", async () => {
    for (const [name, text] of Object.entries(pageDocuments)) {
      const { code } = await there(cast().anonymous).run(text);
      expect([name, code]).not.toEqual([name, NOT_FOUND]);
      expect([name, code]).not.toEqual([name, 'GRAPHQL_VALIDATION_FAILED']);
    }
    const page = await (await fetch(`${app().url}/account/reset`)).text();
    expect(page).toContain('AccountTokenStatus');
  });

  test('a key that is bound to a document runs it only where it is registered', async () => {
    const own = 'query Own { viewer { permissionVersion } }';
    const key = await makeKey(open(), cast().admin, { documents: [TRUSTED, own], bindToDocuments: true });
    expect((await runById(there(key), TRUSTED)).code).toBe('OK');
    expect((await there(key).run(own)).code).toBe(NOT_FOUND);
  });

  test('streams, too, are registered ones', async () => {
    const subscriber = await subscriberOf(app(), cast().member);
    const [refused] = (await subscriber.follow(OTHER_STREAM).ended) ?? [];
    expect(refused?.extensions.code).toBe(NOT_FOUND);
    const stream = subscriber.follow(STREAM);
    await expect.poll(async () => streams(app()), PATIENTLY).toBe(1);
    stream.stop();
  });
});

describe('prefer', () => {
  test('texts run without any look at the registry', async () => {
    const statements: string[] = [];
    const stop = open().database.statements.record((text) => statements.push(text));
    expect((await cast().member.run(`${TRUSTED} `)).code).toBe('OK');
    stop();
    expect(statements.filter((text) => text.includes('where hash'))).toEqual([]);
  });

  describe('over a connection', () => {
    /** What the server says to a message of the protocol, by type: the library of the client would demand a text. */
    const said = async (payload: Readonly<Record<string, unknown>>): Promise<readonly unknown[]> => {
      const socket = new WebSocket(`${open().url.replace('http', 'ws')}/graphql/ws`, 'graphql-transport-ws');
      const messages: { type: string; payload?: unknown }[] = [];
      socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as (typeof messages)[number]));
      socket.on('open', () =>
        socket.send(
          JSON.stringify({
            type: 'connection_init',
            payload: { authorization: cast().member.headers['authorization'] },
          }),
        ),
      );
      await expect.poll(() => messages.some(({ type }) => type === 'connection_ack'), PATIENTLY).toBe(true);
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }));
      await expect
        .poll(
          async () => messages.length > 1 || (await streams(open())) === 1 || socket.readyState === WebSocket.CLOSED,
          PATIENTLY,
        )
        .toBe(true);
      socket.terminate();
      await expect.poll(() => streams(open()), PATIENTLY).toBe(0);
      return messages.slice(1).map(({ payload: told }) => told);
    };

    test.each([
      ['without a text', { documentId: documentIdOf(STREAM) }],
      ['with an empty one', { documentId: documentIdOf(STREAM), query: '' }],
      ['with its own', { documentId: documentIdOf(STREAM), query: STREAM }],
      [
        'with variables that look like a message',
        { documentId: documentIdOf(STREAM), variables: { payload: { documentId: 'x' } } },
      ],
    ])('a subscription runs by its id, %s', async (_what, payload) => {
      expect(await said(payload)).toEqual([]);
    });

    test.each([
      ['an unknown one', { documentId: documentIdOf(OTHER_STREAM) }, NOT_FOUND],
      ['one that is no text', { documentId: 7 }, 'BAD_USER_INPUT'],
      ['one with another text', { documentId: documentIdOf(STREAM), query: OTHER_STREAM }, 'BAD_USER_INPUT'],
      ['that of a query', { documentId: documentIdOf(TRUSTED) }, 'BAD_USER_INPUT'],
    ])('%s is refused', async (_what, payload, code) => {
      expect(await said(payload)).toMatchObject([[{ extensions: { code } }]]);
    });
  });
});

describe('off', () => {
  const app = beside('off');

  test('texts run, ids do not', async () => {
    const member = new TestClient(`${app().url}/graphql`, cast().member.headers);
    expect((await member.run(TRUSTED)).code).toBe('OK');
    const answer = await runById(member, TRUSTED);
    expect([answer.status, answer.code]).toEqual([400, NOT_FOUND]);
  });

  test('documents can be registered before ids are switched on', async () => {
    const admin = new TestClient(`${app().url}/graphql`, cast().admin.headers);
    expect(await registered(admin, documentNamed('Early'))).toHaveLength(1);
  });
});

const streams = async (app: TestApp): Promise<number> => {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return Number(/^gatehouse_subscriptions (\d+)$/m.exec(text)?.[1] ?? 0);
};
