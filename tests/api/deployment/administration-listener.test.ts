import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CreateApiKeyDocument, CreateUserDocument, SignInDocument } from '../../../generated/client/graphql.ts';
import { needsAdministration } from '../../../src/permissions/administration.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { tree } from '../../../src/permissions/tree.ts';
import {
  type Facts,
  mutationDocument,
  mutationInputs,
  queryDocuments,
} from '../../contract/permission-matrix.inputs.ts';
import { makeKey } from '../../support/api-keys.ts';
import { type Actor, PASSWORD } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { closeSubscribers, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import { TestClient } from '../../support/test-client.ts';
import { getQuery } from '../http/raw-requests.ts';

const app = useTestApp({ settings: { 'administration.port': '0' } });

/** The same caller by the second listener. */
const administrating = (client: TestClient): TestClient =>
  new TestClient(`${app().administrationUrl ?? ''}/graphql`, client.headers);

const REFUSED = { code: 'FORBIDDEN', missing: [], reason: 'ADMINISTRATION_ELSEWHERE' };

const administrators = (typeName: 'Query' | 'Mutation'): readonly string[] =>
  Object.entries(tree[typeName])
    .filter(([, rule]) => needsAdministration(rule))
    .map(([field]) => field);

const ODD: Readonly<Record<string, unknown>> = { overlapSeconds: 60, later: '2030-01-01T00:00:00Z' };

/** Any values of the right form will do: nothing is looked at. */
const facts = new Proxy({} as Facts, { get: (_target, name) => ODD[String(name)] ?? randomUUID() });

describe('on the first listener', () => {
  test('each of their queries is refused to an administrator', async () => {
    const { admin } = await app().cast();
    const fields = administrators('Query');
    expect(fields.length).toBeGreaterThan(5);
    for (const field of fields) {
      const document = queryDocuments[field as keyof typeof queryDocuments];
      const ids = [...document.matchAll(/\$(\w+): ID!/g)].map(([, name]) => [name, randomUUID()] as const);
      const { errors } = await admin.run(document, Object.fromEntries(ids));
      expect([field, errors.map(({ extensions }) => extensions)]).toEqual([field, [REFUSED]]);
    }
  });

  test('each of their mutations is refused to an administrator and changes nothing', async () => {
    const { admin } = await app().cast();
    const before = await databaseState(app());
    const fields = administrators('Mutation');
    expect(fields.length).toBeGreaterThan(30);
    for (const field of fields) {
      const name = field as keyof typeof mutationInputs;
      const { errors, data } = await admin.run(mutationDocument(name), { input: mutationInputs[name](facts) });
      expect([field, errors.map(({ extensions }) => extensions), data]).toEqual([field, [REFUSED], { [field]: null }]);
    }
    expect(await databaseState(app())).toEqual(before);
  });

  test('a stream of administrators is refused to one, and follows on the second listener', async () => {
    const { admin, member } = await app().cast();
    const document = 'subscription($ids: [ID!]!) { userChanged(ids: $ids) { userId } }';
    const here = await subscriberOf(app(), admin);
    const stopped = here.follow(document, { ids: [member.id] });
    const refused = (await stopped.ended) ?? stopped.messages.flatMap(({ errors }) => errors ?? []);
    expect(refused.map(({ extensions }) => extensions)).toEqual([REFUSED]);
    const there = await subscriberOf({ ...app(), url: app().administrationUrl ?? '' }, admin);
    const stream = there.follow(document, { ids: [member.id] });
    expect(await Promise.race([stream.ended, sleep(500, 'goes on')])).toBe('goes on');
    closeSubscribers();
  });

  test('there is no way round by headers, addresses, aliases, fragments or the query string', async () => {
    const { admin } = await app().cast();
    const port = new URL(app().administrationUrl ?? '').port;
    const spoofed = admin.with({
      host: `127.0.0.1:${port}`,
      'x-forwarded-host': `127.0.0.1:${port}`,
      'x-forwarded-port': port,
      'x-forwarded-for': '127.0.0.1',
      forwarded: `for=127.0.0.1;host="127.0.0.1:${port}"`,
      'x-original-url': `http://127.0.0.1:${port}/graphql`,
    });
    const documents = [
      '{ groups { totalCount } }',
      '{ viewer: groups { totalCount } }',
      'fragment F on Query { health: groups { totalCount } } { ...F }',
      '{ ... on Query { a: groups { totalCount } } }',
      '{ a: groups @skip(if: false) { totalCount } }',
    ];
    for (const document of documents) {
      const { errors } = await spoofed.run(document);
      expect(errors.map(({ extensions }) => extensions)).toEqual([REFUSED]);
    }
    const headers = { ...spoofed.headers, 'apollo-require-preflight': 'true' };
    expect((await getQuery(app(), '{ groups { totalCount } }', headers)).code).toBe('FORBIDDEN');
  });

  test('rows of others are hidden from an administrator, by lists, nested fields and _entities', async () => {
    const { admin, member } = await app().cast();
    const { data } = await admin.run<{
      users: { nodes: readonly { id: string }[] };
      sessions: { nodes: readonly { user: { id: string } }[] };
      auditEvents: { totalCount: number };
    }>('{ users { nodes { id } } sessions { nodes { user { id } } } }');
    expect(data.users.nodes).toEqual([{ id: admin.id }]);
    expect(new Set(data.sessions.nodes.map(({ user }) => user.id))).toEqual(new Set([admin.id]));
    const query = 'query($of: [_Any!]!) { _entities(representations: $of) { ... on User { id } } }';
    const of = [member.id, admin.id].map((id) => ({ __typename: 'User', id }));
    expect((await admin.run(query, { of })).data).toEqual({ _entities: [null, { id: admin.id }] });
    expect((await admin.run('query($id: ID!) { user(id: $id) { id } }', { id: member.id })).code).toBe('FORBIDDEN');
    const all = await administrating(admin).run<{ _entities: unknown[] }>(query, { of });
    expect(all.data._entities).toEqual(of.map(({ id }) => ({ id })));
  });

  test('what is read in the name of the session just begun is refused alike', async () => {
    await app().cast();
    const mutation = 'mutation($input: SignInInput!) { signIn(input: $input) { user { id externalId } } }';
    const input = { identifier: 'reader@cast.example', password: PASSWORD, delivery: 'BODY' };
    const here = await app().anonymous().run(mutation, { input });
    expect(here.errors.map(({ extensions }) => extensions)).toEqual([REFUSED]);
    expect((await administrating(app().anonymous()).run(mutation, { input })).errors).toEqual([]);
  });

  test('people go on with what is their own', async () => {
    const { admin, member } = await app().cast();
    for (const client of [admin, member]) {
      const { errors, data } = await client.run<{ viewer: { user: { groups: readonly unknown[] } } }>(
        '{ viewer { user { id groups { name } sessions { nodes { id } } } } }',
      );
      expect(errors).toEqual([]);
      expect(data.viewer.user.groups.length).toBeGreaterThan(0);
    }
    const made = await member.send(CreateApiKeyDocument, { input: { name: 'Mine', allMyPermissions: true } });
    expect(made.errors.map(({ extensions }) => extensions['reason'])).not.toContain('ADMINISTRATION_ELSEWHERE');
  });

  test('nobody who is not signed in is told more than that', async () => {
    const { errors } = await app().anonymous().run('{ groups { totalCount } }');
    expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'UNAUTHENTICATED' }]);
  });

  test('whoever lacks the permission hears the same as whoever has it', async () => {
    const { member } = await app().cast();
    const { errors } = await member.run('{ groups { totalCount } }');
    expect(errors.map(({ extensions }) => extensions)).toEqual([REFUSED]);
  });

  test('a key of an administrator is refused as well, a hundred times at once', async () => {
    const { admin } = await app().cast();
    const key = await makeKey(app(), administrating(admin));
    const answers = await Promise.all(Array.from({ length: 100 }, () => key.run('{ groups { totalCount } }')));
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['FORBIDDEN']));
    expect((await administrating(key).run('{ groups { totalCount } }')).code).toBe('OK');
  });
});

describe('on the second listener', () => {
  test('administrators administer, and everybody else stays what they are', async () => {
    const { admin, member } = await app().cast();
    const input = { email: `${randomUUID()}@listener.example`, displayName: 'New', groupIds: [MEMBERS_GROUP_ID] };
    const made = await administrating(admin).send(CreateUserDocument, { input });
    expect([made.errors, made.data.createUser?.errors]).toEqual([[], []]);
    const { errors } = await administrating(member).run('{ groups { totalCount } }');
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['view:groups'] });
  });

  test('one can sign in, and the same session is less on the other', async () => {
    await app().cast();
    const input = { identifier: 'support@cast.example', password: PASSWORD, delivery: 'BODY' as const };
    const { data } = await administrating(app().anonymous()).send(SignInDocument, { input });
    const bearer = { authorization: `Bearer ${data.signIn?.tokens?.accessToken ?? ''}` };
    expect((await administrating(app().anonymous(bearer)).run('{ groups { totalCount } }')).code).toBe('OK');
    expect((await app().anonymous(bearer).run('{ groups { totalCount } }')).code).toBe('FORBIDDEN');
  });

  test('explanations tell what happens on each', async () => {
    const { admin } = await app().cast();
    const ask = async (client: TestClient) => {
      const { data } = await client.run<{ explainOperation: { verdicts: readonly { allowed: boolean }[] } }>(
        '{ explainOperation(document: "{ groups { totalCount } }") { verdicts { allowed } } }',
      );
      return data.explainOperation.verdicts.map(({ allowed }) => allowed);
    };
    expect([await ask(admin), await ask(administrating(admin))]).toEqual([[false], [true]]);
    const sdl = async (client: TestClient) => (await client.run<{ schemaFor: string }>('{ schemaFor }')).data.schemaFor;
    // the one is not remembered for the other
    expect(await sdl(administrating(admin))).toContain('deleteUsers');
    expect(await sdl(admin)).not.toContain('deleteUsers');
    expect(await sdl(administrating(admin))).toContain('deleteUsers');
  });

  test('a request that asks for another protocol is answered as if it had not', async () => {
    const { hostname, port } = new URL(app().administrationUrl ?? '');
    for (const upgrade of ['h2c', 'websocket']) {
      const status = await new Promise<number | undefined>((resolve, fail) => {
        const headers = { connection: 'Upgrade', upgrade };
        const sent = request({ hostname, port, path: '/healthz', headers, agent: false, timeout: 5000 }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.once('timeout', () => sent.destroy(new Error('nobody answered')));
        sent.once('error', fail);
        sent.end();
      });
      expect([upgrade, status]).toEqual([upgrade, 200]);
    }
  });

  test('health and metrics are there, too', async () => {
    for (const path of ['/healthz', '/readyz']) {
      expect((await fetch(`${app().administrationUrl ?? ''}${path}`)).status).toBe(200);
    }
  });
});

describe('a network for administrators', () => {
  const limited = useTestApp({
    settings: { 'administration.networks': '10.0.0.0/8, 2001:db8::/32', 'server.trustedProxies': '127.0.0.0/8' },
  });
  const from = (actor: Actor, address: string): TestClient => actor.with({ 'x-forwarded-for': address });

  test.each([
    ['10.1.2.3', 'OK'],
    ['::ffff:10.1.2.3', 'OK'],
    ['2001:DB8:0::7', 'OK'],
    ['203.0.113.9', 'FORBIDDEN'],
    ['10.1.2.3, 203.0.113.9', 'FORBIDDEN'],
    ['203.0.113.9, 10.1.2.3', 'OK'],
    ['unknown', 'FORBIDDEN'],
    ['::ffff:203.0.113.9', 'FORBIDDEN'],
  ])('%s: %s', async (address, code) => {
    const { admin } = await limited().cast();
    expect((await from(admin, address).run('{ groups { totalCount } }')).code).toBe(code);
  });

  test('headers of strangers are not believed', async () => {
    const { admin } = await limited().cast();
    const client = admin.with({ 'x-real-ip': '10.0.0.1', forwarded: 'for=10.0.0.1', 'client-ip': '10.0.0.1' });
    expect((await client.run('{ groups { totalCount } }')).code).toBe('FORBIDDEN');
  });
});

describe('a network for administrators that the proxy lies in', () => {
  const limited = useTestApp({
    settings: { 'administration.networks': '127.0.0.0/8', 'server.trustedProxies': '127.0.0.0/8' },
  });

  test.each([
    ['127.0.0.9', 'OK'],
    ['203.0.113.9', 'FORBIDDEN'],
    ['unknown', 'FORBIDDEN'],
    ['_hidden, 127.0.0.2', 'FORBIDDEN'],
  ])('lets in whom the proxy says, and not the proxy for them: %s', async (address, code) => {
    const { admin } = await limited().cast();
    expect((await admin.with({ 'x-forwarded-for': address }).run('{ groups { totalCount } }')).code).toBe(code);
  });
});

describe('networks in other spellings', () => {
  const limited = useTestApp({
    settings: { 'administration.networks': '::FFFF:10.0.0.0/104', 'server.trustedProxies': '::ffff:127.0.0.0/104' },
  });

  test('IPv4 inside IPv6 is the IPv4 network', async () => {
    const { admin } = await limited().cast();
    const codeFrom = async (address: string) =>
      (await admin.with({ 'x-forwarded-for': address }).run('{ groups { totalCount } }')).code;
    expect([await codeFrom('10.1.2.3'), await codeFrom('203.0.113.9')]).toEqual(['OK', 'FORBIDDEN']);
  });

  test.each(['fe80::1%eth0', '::ffff:10.0.0.0/90', '::ffff:0:0/96'])(
    '%s is refused at the start: read as nothing, it served everybody',
    async (network) => {
      const started = startTestApp({ settings: { 'administration.networks': network } });
      await expect(started.then((open) => open.close())).rejects.toThrow(
        /administration\.networks.*entry 1 is not allowed/,
      );
    },
  );
});

describe('without these settings', () => {
  const plain = useTestApp();
  test('administrators are served as before, and nothing else listens', async () => {
    const { admin } = await plain().cast();
    expect(plain().administrationUrl).toBeNull();
    expect((await admin.run('{ groups { totalCount } }')).code).toBe('OK');
  });
});
