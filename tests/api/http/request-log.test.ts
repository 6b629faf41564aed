import { describe, expect, test } from 'vitest';
import { SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import { getPath, getQuery } from './raw-requests.ts';

interface Entry {
  readonly msg: string;
  readonly requestId: string;
  readonly [key: string]: unknown;
}

const entriesOf = (app: TestApp, requestId: string): Entry[] =>
  app.log.map((line) => JSON.parse(line) as Entry).filter((entry) => entry.requestId === requestId);

describe('the log', () => {
  const app = useTestApp();

  test('has one entry for a request: who did what, how it went, how long it took', async () => {
    const { member } = await app().cast();
    await member.with({ 'x-request-id': 'request-of-member' }).send(ViewerDocument, {});
    const [entry, ...more] = entriesOf(app(), 'request-of-member');
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      level: 30,
      msg: 'request completed',
      method: 'POST',
      path: '/graphql',
      status: 200,
      operation: 'Viewer',
      type: 'query',
      principalId: member.id,
    });
    expect(entry?.['durationMs']).toBeTypeOf('number');
    expect(entry).not.toHaveProperty('code');
    expect(entry).not.toHaveProperty('req');
  });

  test('has the code of a refusal, and no principal for nobody', async () => {
    await app().anonymous({ 'x-request-id': 'refused-request' }).run('query Everybody { users { totalCount } }');
    expect(entriesOf(app(), 'refused-request')).toMatchObject([
      { operation: 'Everybody', principalId: null, code: 'UNAUTHENTICATED', status: 200 },
    ]);
  });

  test('has requests that never became an operation', async () => {
    await app().anonymous({ 'x-request-id': 'malformed-request' }).run('query {');
    expect(entriesOf(app(), 'malformed-request')).toMatchObject([{ status: 400, code: 'GRAPHQL_PARSE_FAILED' }]);
    await app().anonymous({ 'x-request-id': 'bad-token-request', authorization: 'Bearer x.y.z' }).run('{ __typename }');
    expect(entriesOf(app(), 'bad-token-request')).toMatchObject([{ msg: 'request completed', status: 401 }]);
    await getPath(app(), '/nothing', { 'x-request-id': 'nothing-there' });
    expect(entriesOf(app(), 'nothing-there')).toMatchObject([{ path: '/nothing', status: 404 }]);
  });

  test('takes names of operations from the document, at most 64 characters of them', async () => {
    const client = app().anonymous({ 'x-request-id': 'long-named-request' });
    await client.run(`query ${'N'.repeat(300)} { __typename }`);
    expect(entriesOf(app(), 'long-named-request')[0]?.['operation']).toBe('N'.repeat(64));
    const forged = app().anonymous({ 'x-request-id': 'forged-name-request' });
    await forged.post({ query: 'query Real { __typename }', operationName: 'ghs_no_such_operation' });
    expect(entriesOf(app(), 'forged-name-request')[0]).not.toHaveProperty('operation');
  });

  test('has no secret of any request: headers, bodies, variables, addresses', async () => {
    const { member } = await app().cast();
    app().log.length = 0;
    const secrets = [
      'a wrong password 1',
      'guessed-refresh-token',
      'csrf-header-value',
      'cookie-value-here',
      'in-the-address',
    ];
    const [wrong = '', refresh = '', csrf = '', cookie = '', address = ''] = secrets;
    await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: member.email, password: wrong } });
    await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: member.email, password: PASSWORD, delivery: 'BODY' } });
    await app()
      .anonymous({ 'x-csrf-token': csrf, cookie: `gatehouse=${cookie}` })
      .run(`mutation { refreshSession(input: { refreshToken: "${refresh}" }) { errors { code } } }`);
    await app().anonymous().run(`mutation { signIn(input: { identifier: "x", password: "${wrong} ) { step } }`);
    await app()
      .anonymous()
      .run('mutation S($input: SignInInput!) { signIn(input: $input) { step } }', {
        input: { identifier: 1, password: [wrong] },
      });
    await getQuery(app(), `{ tokenStatus(token: "${address}") { state } }`, { 'apollo-require-preflight': '1' });
    await getPath(app(), `/playground?token=${address}`);
    await member.send(ViewerDocument, {});
    const log = app().log.join('\n');
    expect(app().log.length).toBeGreaterThan(6);
    for (const secret of [...secrets, PASSWORD, member.accessToken, member.refreshToken, member.email]) {
      expect(log).not.toContain(secret);
    }
  });

  test('leaves out what load balancers ask all the time', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics'])
      await getPath(app(), path, { 'x-request-id': `probe-${path.slice(1)}-1` });
    expect(app().log.filter((line) => line.includes('probe-'))).toEqual([]);
  });
});

describe('the log without requests', () => {
  test('still has what goes wrong in the server', async () => {
    const app = await startTestApp({ settings: { 'log.requests': 'false' } });
    try {
      await app.anonymous().run('{ __typename }');
      await app.anonymous().run('{ users { totalCount } }');
      expect(app.log.filter((line) => line.includes('request completed'))).toEqual([]);
      await app.database.query('drop table one_time_tokens cascade');
      const token = `ghi_${'a'.repeat(12)}_${'b'.repeat(49)}`;
      await app.anonymous({ 'x-request-id': 'broken-request' }).run(`{ tokenStatus(token: "${token}") { state } }`);
      await app.anonymous({ 'x-request-id': 'broken-request' }).run('{ signInOptions { setupRequired } }');
      expect(app.log.every((line) => !line.includes(token))).toBe(true);
    } finally {
      await app.close();
    }
  });
});
