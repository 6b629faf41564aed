import { describe, expect, test } from 'vitest';
import {
  type GraphQLAnswer,
  type GraphQLRequest,
  type Identity,
  PlaygroundClient,
} from '../../../playground/client.ts';

interface Sent {
  readonly request: GraphQLRequest;
  readonly csrfToken: string | null;
  readonly init: RequestInit;
}

const followsNothing: AsyncIterable<GraphQLAnswer> = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: null }) }),
};

const change = { query: 'mutation Change { change }', operationName: 'Change' };
const denied = { data: { change: null }, errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }] };

/** A server whose session has `token`, whoever asks; a change with another token is denied. */
const serverWith = (state: { token: string | null; answer?: GraphQLAnswer; status?: 'down' }) => {
  const sent: Sent[] = [];
  const identities: Identity[] = [];
  const client = new PlaygroundClient({
    endpoint: '/graphql',
    onIdentity: (identity) => identities.push(identity),
    follow: async function* ({ operationName }, headers) {
      yield { data: { operationName, headers } };
    },
    fetch: async (_url, init) => {
      if (state.status === 'down') throw new TypeError('Failed to fetch');
      const request = JSON.parse(typeof init.body === 'string' ? init.body : '') as GraphQLRequest;
      const csrfToken = new Headers(init.headers).get('x-csrf-token');
      sent.push({ request, csrfToken, init });
      if (request.operationName === 'PlaygroundViewer') {
        const user = { displayName: 'Ada', email: 'ada@example.com' };
        return Response.json({ data: { viewer: state.token === null ? null : { csrfToken: state.token, user } } });
      }
      if (request.query.startsWith('mutation'))
        return Response.json(csrfToken === state.token ? (state.answer ?? { data: { change: 1 } }) : denied);
      return Response.json({ data: {} });
    },
  });
  const changes = (): readonly (string | null)[] =>
    sent.filter(({ request }) => request.query.startsWith('mutation')).map(({ csrfToken }) => csrfToken);
  const questions = (): number => sent.filter(({ request }) => request.operationName === 'PlaygroundViewer').length;
  return { client, sent, identities, changes, questions };
};

describe('the session token of changes', () => {
  test('is asked for once after a reload, however many changes begin together', async () => {
    const server = serverWith({ token: 'one' });
    await Promise.all([server.client.send(change), server.client.send(change), server.client.send(change)]);
    expect(server.changes()).toEqual(['one', 'one', 'one']);
    expect(server.sent.slice(0, 4).map(({ request }) => request.operationName)).toEqual([
      'PlaygroundViewer',
      'Change',
      'Change',
      'Change',
    ]);
  });

  test('is taken from the answer of a sign-in at once', async () => {
    const signedIn = { data: { signIn: { tokens: { csrfToken: 'new' } } } };
    const state: Parameters<typeof serverWith>[0] = {
      token: null,
      get answer() {
        this.token = 'new';
        return signedIn;
      },
    };
    const server = serverWith(state);
    expect(await server.client.send({ query: 'mutation SignIn { signIn { tokens { csrfToken } } }' })).toEqual(
      signedIn,
    );
    await server.client.send(change);
    expect(server.changes()).toEqual([null, 'new']);
  });

  test('is renewed when it is stale, and the change is sent once more', async () => {
    const state = { token: 'old' };
    const server = serverWith(state);
    await server.client.send(change);
    state.token = 'new';
    const answer = await server.client.send(change);
    expect(server.changes()).toEqual(['old', 'old', 'new']);
    expect(answer).toEqual({ data: { change: 1 } });
  });

  test('an honest denial is not repeated', async () => {
    const server = serverWith({ token: 'one', answer: denied });
    expect(await server.client.send(change)).toEqual(denied);
    expect(server.changes()).toEqual(['one']);
  });

  test('a change that was carried out in part is never repeated', async () => {
    const state: Parameters<typeof serverWith>[0] = { token: 'one' };
    const server = serverWith(state);
    await server.client.identify();
    state.answer = { data: { first: { id: 1 }, change: null }, errors: denied.errors };
    await server.client.send(change);
    expect(server.changes()).toEqual(['one']);
  });

  test('queries ask for nothing, and go with the cookie of this origin only', async () => {
    const server = serverWith({ token: 'one' });
    await server.client.send({ query: '{ users { id } }' }, { authorization: 'Bearer mine' });
    expect(server.questions()).toBe(0);
    const [only] = server.sent;
    expect(only?.init.credentials).toBe('same-origin');
    expect(new Headers(only?.init.headers).get('authorization')).toBe('Bearer mine');
    expect(new Headers(only?.init.headers).get('content-type')).toBe('application/json');
  });

  test('the name of the only operation replaces one left over from another tab', async () => {
    const server = serverWith({ token: 'one' });
    await server.client.send({ ...change, operationName: 'Former' });
    await server.client.send({ query: '{ users { id } }', operationName: 'Former' });
    await server.client.send({ query: 'query A { a } query B { b }', operationName: 'B' });
    const names = server.sent.map(({ request }) => request.operationName).filter((name) => name !== 'PlaygroundViewer');
    expect(names).toEqual(['Change', null, 'B']);
  });

  test('a document that does not parse is left to the server', async () => {
    const server = serverWith({ token: 'one' });
    await server.client.send({ query: '{ users {' });
    expect(server.questions()).toBe(0);
  });
});

describe('who is signed in', () => {
  test('is told, and forgotten with the session', async () => {
    const state: { token: string | null } = { token: 'one' };
    const server = serverWith(state);
    await server.client.identify();
    state.token = null;
    await server.client.identify();
    expect(server.identities).toEqual([{ displayName: 'Ada', email: 'ada@example.com' }, null]);
    await server.client.send(change);
    expect(server.changes()).toEqual([null]);
  });

  test('is unknown while the server is down, and asked again by the next change', async () => {
    const state: { token: string; status?: 'down' } = { token: 'one', status: 'down' };
    const server = serverWith(state);
    await expect(server.client.send(change)).rejects.toThrow('Failed to fetch');
    expect(server.identities).toEqual(['unknown']);
    delete state.status;
    await server.client.send(change);
    expect(server.changes()).toEqual(['one']);
  });

  test('of two questions the later one counts, even when it is answered first', async () => {
    const waiting: ((token: string) => void)[] = [];
    const identities: Identity[] = [];
    const client = new PlaygroundClient({
      endpoint: '/graphql',
      follow: () => followsNothing,
      onIdentity: (identity) => identities.push(identity),
      fetch: async () =>
        new Promise((resolve) => {
          waiting.push((name) =>
            resolve(Response.json({ data: { viewer: { csrfToken: name, user: { displayName: name } } } })),
          );
        }),
    });
    const both = [client.identify(), client.identify()];
    waiting[1]?.('later');
    await both[1];
    waiting[0]?.('earlier');
    await both[0];
    expect(identities).toEqual([{ displayName: 'later', email: null }]);
  });

  test('an answer that is no JSON becomes a sentence', async () => {
    const client = new PlaygroundClient({
      endpoint: '/graphql',
      follow: () => followsNothing,
      onIdentity: () => undefined,
      fetch: async () => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }),
    });
    await expect(client.send({ query: '{ a }' })).rejects.toThrow('The server answered 502 Bad Gateway without JSON.');
  });
});

describe('a subscription', () => {
  test('is followed and not posted; everything else is posted', async () => {
    const server = serverWith({ token: 'one' });
    const query = 'subscription Follow { viewerSessionEnded { reason } }';
    const answers = await server.client.run({ query, operationName: 'Former' }, { authorization: 'Bearer mine' });
    if (!(Symbol.asyncIterator in answers)) throw new Error('It was not followed.');
    const followed: GraphQLAnswer[] = [];
    for await (const answer of answers) followed.push(answer);
    expect(followed).toEqual([{ data: { operationName: 'Follow', headers: { authorization: 'Bearer mine' } } }]);
    expect(server.sent).toEqual([]);
    expect(await server.client.run({ query: '{ health }' })).toEqual({ data: {} });
    expect(await server.client.run(change)).toEqual({ data: { change: 1 } });
  });
});
