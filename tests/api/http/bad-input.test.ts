import { describe, expect, test } from 'vitest';
import {
  CreateGroupDocument,
  CreateUserDocument,
  GroupDocument,
  SetGroupPermissionsDocument,
  SignInDocument,
  UpdateGroupDocument,
  UserDocument,
  UsersDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, PASSWORD } from '../../support/cast.ts';
import { useTestApp } from '../../support/test-app.ts';
import { postRaw } from './raw-requests.ts';

const app = useTestApp();

const person = { displayName: 'Bad Input', groupIds: [MEMBERS_GROUP_ID] };

describe('texts', () => {
  test.each([
    '',
    ' ',
    'plain',
    '@x.example',
    'a@',
    'a@b@c.example',
    'a b@x.example',
    'a@x..example',
    'a@-x.example',
    'a\u0000@x.example',
    `${'a'.repeat(300)}@x.example`,
    'a@x.example\nbcc: b@y.example',
  ])('that are no address are refused on their field, and nobody is made: %j', async (email) => {
    const { admin } = await app().cast();
    const before = await app().database.query('select count(*) from users');
    const { status, data } = await admin.send(CreateUserDocument, { input: { ...person, email } });
    expect(status).toBe(200);
    expect(data.createUser?.user).toBeNull();
    for (const { code } of data.createUser?.errors ?? [])
      expect(['INVALID_EMAIL', 'TOO_LONG', 'REQUIRED', 'EXACTLY_ONE_REQUIRED']).toContain(code);
    expect(data.createUser?.errors).not.toHaveLength(0);
    expect(await app().database.query('select count(*) from users')).toEqual(before);
  });

  test('of a megabyte are refused by the limit of the body, within it by that of the field', async () => {
    const { admin } = await app().cast();
    const megabyte = await admin.send(CreateGroupDocument, { input: { name: 'x'.repeat(1_048_576) } });
    expect([megabyte.status, megabyte.code]).toEqual([413, 'BAD_REQUEST']);
    const long = await admin.send(CreateGroupDocument, { input: { name: 'x'.repeat(200_000) } });
    expect(long.data.createGroup?.errors).toMatchObject([{ code: 'TOO_LONG', field: ['name'] }]);
    const guess = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'x'.repeat(100_000), password: 'y'.repeat(100_000) } });
    expect(guess.data.signIn?.errors.map(({ code }) => code)).toEqual(['INVALID_CREDENTIALS']);
    const search = await admin.send(UsersDocument, { filter: { search: 'z'.repeat(100_000) } });
    expect([search.status < 500, search.code]).toEqual([true, 'BAD_USER_INPUT']);
  });

  test('with NUL bytes, lone surrogates and direction marks never reach the database as a fault', async () => {
    const { admin } = await app().cast();
    for (const name of ['a\u0000b', '\u0000', 'a\uD800b', '\u202Eadmin', '\uFEFF', '\u200B']) {
      const { status, code, data } = await admin.send(CreateGroupDocument, { input: { name, description: name } });
      expect(status).toBeLessThan(500);
      expect(['OK', 'BAD_USER_INPUT']).toContain(code);
      expect(data?.createGroup?.group?.name ?? '').not.toContain('\u0000');
    }
    const search = await admin.send(UsersDocument, { filter: { search: 'a\u0000b' } });
    expect(['OK', 'BAD_USER_INPUT']).toContain(search.code);
    const signIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'a\u0000@b.example', password: '\u0000\u0000' } });
    expect(signIn.data.signIn?.errors.map(({ code }) => code)).toEqual(['INVALID_CREDENTIALS']);
  });
});

describe('values of the wrong type', () => {
  test.each([
    [{ identifier: 1, password: 'hunter2-in-variables' }],
    [{ identifier: 'a@b.example', password: ['hunter2-in-variables'] }],
    [{ identifier: 'a@b.example', password: { text: 'hunter2-in-variables' } }],
    [{ identifier: 'a@b.example', password: 'hunter2-in-variables', delivery: 'hunter2-in-variables' }],
    [{ identifier: 'a@b.example', password: 'hunter2-in-variables', surplus: true }],
    [{ identifier: 'a@b.example', passwort: 'hunter2-in-variables' }],
    ['hunter2-in-variables'],
    [null],
    [['hunter2-in-variables']],
  ])('in variables are BAD_USER_INPUT that names the place and no value: %j', async (input) => {
    const query = 'mutation In($input: SignInInput!) { signIn(input: $input) { step } }';
    const answer = await postRaw(app(), JSON.stringify({ query, variables: { input } }));
    expect([answer.status, answer.code]).toEqual([400, 'BAD_USER_INPUT']);
    expect(answer.text).not.toContain('hunter2');
    expect(answer.text).toContain('$input');
  });

  test.each([
    'signIn(input: { identifier: "a@b.example", password: "hunter2", delivery: "hunter2" }) { step }',
    'signIn(input: { identifier: "a@b.example", password: ["hunter2"] }) { step }',
    'signIn(input: { identifier: "a@b.example", password: hunter2 }) { step }',
    'signIn(input: { identifier: "a@b.example", password: "hunter2 }) { step }',
    'signIn(input: "hunter2") { step }',
  ])('as literals are refused without the value: %s', async (field) => {
    const answer = await postRaw(app(), JSON.stringify({ query: `mutation { ${field} }` }));
    expect(answer.status).toBe(400);
    expect(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED']).toContain(answer.code);
    expect(answer.text).not.toContain('hunter2');
  });

  test('twenty thousand wrong variables get one short answer', async () => {
    const query = 'query U($ids: [ID!]) { users(filter: { groupIds: $ids }) { totalCount } }';
    const answer = await postRaw(
      app(),
      JSON.stringify({ query, variables: { ids: Array.from({ length: 20_000 }, () => null) } }),
    );
    expect([answer.status, answer.code]).toEqual([400, 'BAD_USER_INPUT']);
    expect(answer.text.length).toBeLessThan(50_000);
  });
});

describe('ids, cursors and versions', () => {
  test.each(['', '1', 'null', "' or 1=1", '\u0000', 'x'.repeat(5000), newId(), '00000000-0000-0000-0000-000000000000'])(
    'that name nothing are NOT_FOUND, whatever they look like: %j',
    async (id) => {
      const { admin } = await app().cast();
      const user = await admin.send(UserDocument, { id });
      const group = await admin.send(GroupDocument, { id });
      for (const { status, code } of [user, group]) {
        expect(status).toBe(200);
        expect(code).toBe('NOT_FOUND');
      }
      const update = await admin.send(UpdateGroupDocument, { input: { id, name: 'Nothing' } });
      expect(update.status).toBe(200);
      expect(update.data?.updateGroup?.group ?? null).toBeNull();
    },
  );

  test('forged cursors are BAD_USER_INPUT: of another list, changed, cut, or made up', async () => {
    const { admin } = await app().cast();
    const page = await admin.send(UsersDocument, { first: 2 });
    const cursor = page.data.users?.pageInfo.endCursor ?? '';
    expect((await admin.send(UsersDocument, { first: 2, after: cursor })).code).toBe('OK');
    const flipped = cursor.slice(0, -2) + (cursor.at(-2) === 'A' ? 'B' : 'A') + cursor.slice(-1);
    for (const forged of [
      '',
      'x',
      flipped,
      cursor.slice(0, -4),
      `${cursor}AAAA`,
      Buffer.from('["1",{"id":"x"}]').toString('base64url'),
      '\u0000',
      'é'.repeat(3000),
    ]) {
      const { status, code } = await admin.send(UsersDocument, { first: 2, after: forged });
      expect([forged.slice(0, 20), status, code]).toEqual([forged.slice(0, 20), 200, 'BAD_USER_INPUT']);
    }
    const otherOrder = await admin.send(UsersDocument, {
      first: 2,
      after: cursor,
      orderBy: { field: 'EMAIL', direction: 'ASC' },
    });
    expect(otherOrder.code).toBe('BAD_USER_INPUT');
  });

  test.each([{ first: -1 }, { first: 101 }, { first: 2_147_483_647 }, { last: 0 - 1 }, { first: 1, last: 1 }])(
    'pages that nobody may ask for are BAD_USER_INPUT: %j',
    async (page) => {
      const { admin } = await app().cast();
      const { status, code } = await admin.send(UsersDocument, page);
      expect(code).toBe('BAD_USER_INPUT');
      expect(status).toBeLessThan(500);
    },
  );

  test('stale versions change nothing and show the present state', async () => {
    const { admin } = await app().cast();
    const id = await makeGroup(app(), 'Versioned', ['view:users']);
    for (const expectedVersion of [0, -1, 2, 2_147_483_647]) {
      const { data } = await admin.send(SetGroupPermissionsDocument, {
        input: { id, permissions: [], expectedVersion },
      });
      expect(data.setGroupPermissions?.errors).toMatchObject([{ code: 'VERSION_CONFLICT' }]);
      expect(data.setGroupPermissions?.group).toMatchObject({
        version: 1,
        permissions: [{ action: 'view', resource: 'users' }],
      });
    }
  });

  test('twenty groups of one name at once become one group', async () => {
    const { admin } = await app().cast();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        admin.send(CreateGroupDocument, { input: { name: index % 2 === 0 ? 'Twins' : 'TWINS' } }),
      ),
    );
    expect(answers.filter(({ data }) => data.createGroup?.group != null)).toHaveLength(1);
    const refused = answers.flatMap(({ data }) => data.createGroup?.errors ?? []);
    expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 19 }, () => 'NAME_IN_USE'));
    expect(await app().database.query(`select 1 from groups where name_key = 'twins'`)).toHaveLength(1);
  });
});

describe('access tokens', () => {
  const parts = (token: string): [string, string, string] => token.split('.') as [string, string, string];
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('that were tampered with are refused with 401, one and all, and no other identity is taken', async () => {
    const { admin, member } = await app().cast();
    const [header, payload, signature] = parts(member.accessToken);
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const head = JSON.parse(Buffer.from(header, 'base64url').toString()) as object;
    const forged = [
      `${header}.${encoded({ ...claims, sub: admin.id })}.${signature}`,
      `${header}.${encoded({ ...claims, exp: 9_999_999_999 })}.${signature}`,
      `${encoded({ ...head, alg: 'none' })}.${payload}.`,
      `${encoded({ ...head, alg: 'HS256' })}.${payload}.${signature}`,
      `${encoded({ ...head, kid: '../../etc/passwd' })}.${payload}.${signature}`,
      `${encoded({ ...head, jwk: {}, jku: 'http://127.0.0.1:1/' })}.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.${signature}`,
      'x'.repeat(7000),
      '..',
    ];
    const cookieSignIn = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: member.email, password: PASSWORD } });
    const cookie = cookieSignIn.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    for (const token of forged) {
      const { status, code, headers, data } = await app()
        .anonymous({ authorization: `Bearer ${token}`, cookie })
        .send(ViewerDocument, {});
      expect([token.slice(-60), status, code]).toEqual([token.slice(-60), 401, 'UNAUTHENTICATED']);
      expect(headers.get('www-authenticate')).toContain('Bearer');
      expect(data).toBeUndefined();
    }
  });

  test.each(['Basic YTpi', 'Bearer', 'Bearer ', 'bearer a b', 'Negotiate', 'Bearer é'])(
    'in a header of another form are refused with 401: %j',
    async (authorization) => {
      const response = await fetch(`${app().url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: Buffer.from(authorization).toString('latin1') },
        body: JSON.stringify({ query: '{ __typename }' }),
      });
      expect(response.status).toBe(401);
    },
  );

  test('that are past their life are refused, and the session lives on', async () => {
    const { member } = await app().cast();
    app().clock.advance(901 + 5);
    const { status, code } = await member.send(ViewerDocument, {});
    expect([status, code]).toEqual([401, 'UNAUTHENTICATED']);
    const query = 'mutation R($t: String!) { refreshSession(input: { refreshToken: $t }) { tokens { accessToken } } }';
    const { data } = await app()
      .anonymous()
      .run<{ refreshSession: { tokens: { accessToken: string } } }>(query, { t: member.refreshToken });
    expect(data.refreshSession.tokens.accessToken).toMatch(/^eyJ/);
  });
});

describe('instants', () => {
  const from = async (instant: string) => {
    const { admin } = await app().cast();
    const { code, status } = await admin.send(UsersDocument, { filter: { createdAt: { from: instant } } });
    return [code, status];
  };

  test.each([
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '2026-02-29T00:00:00Z',
    '2026-04-31T12:00:00+02:00',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
  ])('that no calendar has, or no database, are refused: %s', async (instant) => {
    expect(await from(instant)).toEqual(['BAD_USER_INPUT', 400]);
  });

  test.each([
    '0001-01-01T00:00:00Z',
    '0000-12-31T23:59:00-00:01',
    '9999-12-31T23:59:59.999999999Z',
    '2028-02-29T23:59:59+23:59',
  ])('at the ends of what there is are taken: %s', async (instant) => {
    expect(await from(instant)).toEqual(['OK', 200]);
  });

  test('beyond it are no fault of the server in whatever is given one', async () => {
    const { admin, member } = await app().cast();
    const instant = '9999-12-31T23:59:59-23:59';
    const answers = await Promise.all([
      admin.run('query ($t: DateTime) { auditEvents(filter: { at: { until: $t } }) { totalCount } }', { t: instant }),
      admin.run('query ($t: DateTime) { impersonations(filter: { startedAt: { until: $t } }) { totalCount } }', {
        t: instant,
      }),
      admin.run('mutation ($input: LockUsersInput!) { lockUsers(input: $input) { errors { code } } }', {
        input: { ids: [member.id], reason: 'For ever and a day.', until: instant },
      }),
    ]);
    expect(answers.map(({ code }) => code)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT', 'BAD_USER_INPUT']);
  });
});
