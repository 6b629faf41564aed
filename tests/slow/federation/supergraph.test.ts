import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { apolloSupergraph, guildSupergraph, type Subgraph } from '../../../examples/supergraph/compose.ts';
import { documentsSdl, documentsSubgraph } from '../../../examples/supergraph/documents.ts';
import { apolloGateway, hiveGateway, type RunningGateway } from '../../../examples/supergraph/gateways.ts';
import { listen, subgraphListener } from '../../../examples/supergraph/serve.ts';
import { type Cast, createCast, PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { freePort } from '../process/server-process.ts';

let plain: TestApp;
let secured: TestApp;
let documents: Server;
let documentsUrl: string;
let cast: Cast;

beforeAll(async () => {
  plain = await startTestApp();
  secured = await startTestApp({ beside: plain, settings: { 'federation.securityDirectives': 'true' } });
  cast = await createCast(plain);
  const rows = [
    { id: 'd1', title: 'Of the administrator', ownerId: cast.admin.id },
    { id: 'd2', title: 'Of the member', ownerId: cast.member.id },
    { id: 'd3', title: 'Of nobody', ownerId: '00000000-0000-7000-8000-000000000000' },
  ];
  documents = await listen(subgraphListener(documentsSubgraph(rows)), 0);
  documentsUrl = `http://127.0.0.1:${(documents.address() as AddressInfo).port}/graphql`;
});

afterAll(async () => {
  await new Promise((resolve) => documents.close(resolve));
  await secured.close();
  await plain.close();
});

const subgraphs = async (app: TestApp): Promise<Subgraph[]> => {
  const { data } = await app.anonymous().run<{ _service: { sdl: string } }>('{ _service { sdl } }');
  return [
    { name: 'gatehouse', url: `${app.url}/graphql`, sdl: data._service.sdl },
    { name: 'documents', url: documentsUrl, sdl: documentsSdl },
  ];
};

describe('composition', () => {
  test.each([
    ['Apollo', apolloSupergraph],
    ['The Guild', guildSupergraph],
  ])(
    'by the library of %s takes both forms, and keeps the security directives of the secured one',
    async (_name, compose) => {
      const supergraph = compose(await subgraphs(plain));
      expect(supergraph).not.toMatch(/@requiresScopes\(|@authenticated$/m);
      expect(supergraph).toMatch(/type User[^{]*@join__type\(graph: DOCUMENTS, key: "id"\)/);
      const closed = compose(await subgraphs(secured));
      expect(closed).toContain('@requiresScopes(scopes: [["create:users"]])');
      expect(closed).toContain('@authenticated');
    },
  );

  test('says why subgraphs do not fit together', async () => {
    const [gatehouse] = await subgraphs(plain);
    const other = { name: 'other', url: documentsUrl, sdl: documentsSdl.replace('owner: User', 'owner: Owner') };
    for (const compose of [apolloSupergraph, guildSupergraph]) {
      expect(() => compose([...(gatehouse === undefined ? [] : [gatehouse]), other])).toThrow(/Owner/);
    }
  });
});

const gateways = [
  ['Apollo’s gateway over the plain form', async () => apolloGateway(apolloSupergraph(await subgraphs(plain)))],
  ['Hive’s gateway over the plain form', async () => hiveGateway(guildSupergraph(await subgraphs(plain)))],
  ['Hive’s gateway over the secured form', async () => hiveGateway(guildSupergraph(await subgraphs(secured)))],
] as const;

describe.each(gateways)('a supergraph through %s', (_name, start) => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.stop());

  const bearer = (actor: { accessToken: string }): string => `Bearer ${actor.accessToken}`;

  test('joins documents to their owners for who may see them', async () => {
    const query = '{ documents { title owner { displayName status } } }';
    const { data, errors = [] } = await gateway.query({ query, authorization: bearer(cast.admin) });
    // Hive's gateway adds an error of its own where an owner is missing; the owner is null for both
    expect(errors.filter(({ path }) => path?.[1] !== 2)).toEqual([]);
    expect(data).toEqual({
      documents: [
        { title: 'Of the administrator', owner: { displayName: 'The admin', status: 'ACTIVE' } },
        { title: 'Of the member', owner: { displayName: 'The member', status: 'ACTIVE' } },
        { title: 'Of nobody', owner: null },
      ],
    });
  });

  test('joins a user of Gatehouse to the documents elsewhere', async () => {
    const query = '{ viewer { user { email documents { title } } } }';
    const { data, errors } = await gateway.query({ query, authorization: bearer(cast.member) });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ viewer: { user: { email: cast.member.email, documents: [{ title: 'Of the member' }] } } });
  });

  test('asks Gatehouse for all owners of a list at once', async () => {
    await gateway.query({ query: '{ documents { owner { username } } }', authorization: bearer(cast.admin) });
    const before = plain.database.statements.count + secured.database.statements.count;
    await gateway.query({ query: '{ documents { owner { username } } }', authorization: bearer(cast.admin) });
    expect(plain.database.statements.count + secured.database.statements.count - before).toBe(2);
  });

  test('shows a member no owner but themselves', async () => {
    const query = '{ documents { title owner { displayName } } }';
    const { data } = await gateway.query({ query, authorization: bearer(cast.member) });
    expect(data).toEqual({
      documents: [
        { title: 'Of the administrator', owner: null },
        { title: 'Of the member', owner: { displayName: 'The member' } },
        { title: 'Of nobody', owner: null },
      ],
    });
  });

  test('hands on the code of a denied field', async () => {
    const query = '{ document(id: "d2") { title owner { displayName statusReason } } }';
    const { data, errors } = await gateway.query({ query, authorization: bearer(cast.member) });
    expect(data).toEqual({
      document: { title: 'Of the member', owner: { displayName: 'The member', statusReason: null } },
    });
    expect(errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['FORBIDDEN']);
  });

  test('hands on the code of a denied operation, and of nobody', async () => {
    const denied = await gateway.query({ query: '{ groups { totalCount } }', authorization: bearer(cast.member) });
    expect(denied.errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['FORBIDDEN']);
    const nobody = await gateway.query({ query: '{ documents { owner { displayName } } }' });
    expect(nobody.errors?.map(({ extensions }) => extensions?.['code'])).toContain('UNAUTHENTICATED');
  });

  test('carries mutations with their payloads', async () => {
    const query = 'mutation { createGroup(input: { name: "" }) { group { id } errors { code field } } }';
    const { data } = await gateway.query({ query, authorization: bearer(cast.admin) });
    expect(data).toEqual({ createGroup: { group: null, errors: [{ code: 'REQUIRED', field: ['name'] }] } });
  });
});

describe('the example as its page starts it', () => {
  const execute = async (url: string, query: string, accessToken: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
    return { cookies: response.headers.getSetCookie(), answer: await response.json() };
  };

  test('serves documents of users beside a running Gatehouse, and hands no cookie of a sign-in on', async () => {
    const [port, documentsPort] = [await freePort(), await freePort()];
    const moved = ['--gatehouse', `${plain.url}/graphql`, '--documents-port', `${documentsPort}`, '--port', `${port}`];
    const program = ['--import', 'tsx', 'examples/supergraph/main.ts', ...moved, cast.member.id];
    const example = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(example, 'exit');
    onTestFinished(async () => {
      example.kill();
      expect(await ended).toEqual([0, null]);
    });
    await once(example.stdout, 'data');
    const url = `http://127.0.0.1:${port}/graphql`;
    const query = '{ documents { title owner { displayName documents { id } } } }';
    const { answer } = await execute(url, query, cast.member.accessToken);
    const owner = { displayName: 'The member', documents: [{ id: 'd1' }] };
    expect(answer).toEqual({ data: { documents: [{ title: 'Document 1', owner }] } });
    const signIn = `mutation { signIn(input: { identifier: "${cast.member.email}", password: "${PASSWORD}" }) { step } }`;
    expect((await execute(`${plain.url}/graphql`, signIn, cast.member.accessToken)).cookies).not.toEqual([]);
    expect(await execute(url, signIn, cast.member.accessToken)).toEqual({
      cookies: [],
      answer: { data: { signIn: { step: 'COMPLETE' } } },
    });
  });
});
