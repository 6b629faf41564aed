import { beforeAll, describe, expect, test } from 'vitest';
import type { UserId } from '../../../src/ids.ts';
import { type Actor, makePerson } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { holderWithin, makeOrganization, memberOf } from '../../support/organizations.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const DECLARED = [
  { name: 'department', type: 'enum', values: ['Sales', 'Research', 'No=w'], filterable: true },
  { name: 'level', type: 'number', visibility: ['administrator'], filterable: true },
  { name: 'hired', type: 'date', filterable: true },
  { name: 'remote', type: 'boolean', filterable: true },
  { name: 'note', type: 'string', filterable: true },
  { name: 'plain', type: 'string' },
  { name: 'secret', type: 'string', visibility: ['own'], editableBy: ['own'] },
];
const settings = { 'users.attributes': JSON.stringify(DECLARED) };
const LONG = 'ä'.repeat(150);

const PEOPLE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ada: { department: 'Research', level: 7, hired: '2024-02-29', remote: true, note: 'Grüße', secret: 'x', plain: 'x' },
  bob: { department: 'Sales', level: -2.5, hired: '2023-12-31', remote: false, note: `${LONG}1` },
  cyd: { department: 'Sales', level: 0, hired: '1999-01-01', note: `${LONG}2` },
  dan: { department: 'No=w', level: 1e21, note: '2024-02-29' },
  // Of a declaration before, seen by nobody now.
  eve: { department: 'Gone', level: '7', hired: 'yesterday', remote: 'true', note: 7 },
  fay: {},
};

interface Page {
  readonly users: {
    readonly nodes: readonly { readonly id: UserId; readonly displayName: string }[];
    readonly totalCount: number;
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  } | null;
}

const LIST = `query ($first: Int, $after: String, $filter: UserFilter, $orderBy: UserOrder) {
  users(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes { id displayName } totalCount pageInfo { endCursor hasNextPage } } }`;

const list = async (client: TestClient, filter: object, more: object = {}) => {
  const { data, code, errors } = await client.run<Page | null>(LIST, { first: 100, filter, ...more });
  const users = data?.users;
  return {
    code,
    message: errors[0]?.message,
    names: users?.nodes.map(({ displayName }) => displayName).toSorted(),
    total: users?.totalCount,
    page: users?.pageInfo,
  };
};

describe('the filter of users by attributes', () => {
  const app = useTestApp({ settings });
  const cast = useCast(app);
  const set = (id: UserId, values: object) =>
    app().database.query('update users set attributes = $2::jsonb where id = $1', [id, JSON.stringify(values)]);

  beforeAll(async () => {
    for (const [displayName, values] of Object.entries(PEOPLE)) {
      await set(await makePerson(app(), { email: `${displayName}@attributes.example`, displayName }), values);
    }
  });

  const found = async (attributes: readonly object[], more: object = {}, client: TestClient = cast().admin) => {
    const { names, total, code } = await list(client, { search: '@attributes.example', attributes, ...more });
    const alone = await list(client, { attributes, ...more });
    const known = alone.names?.filter((name) => Object.hasOwn(PEOPLE, name));
    expect([code, alone.code, names]).toEqual(['OK', 'OK', known]);
    expect([total, alone.total]).toEqual([names?.length, alone.names?.length]);
    return names;
  };

  test.each<[string, object, readonly string[]]>([
    ['an enum', { name: 'department', equals: 'Sales' }, ['bob', 'cyd']],
    ['an enum with a mark of the index in it', { name: 'department', equals: 'No=w' }, ['dan']],
    ['one of several', { name: 'department', in: ['Sales', 'Research'] }, ['ada', 'bob', 'cyd']],
    ['one of none', { name: 'department', in: [] }, []],
    ['equal and one of others', { name: 'department', equals: 'Sales', in: ['Research'] }, []],
    ['a number, and never the text of it', { name: 'level', equals: 7 }, ['ada']],
    ['a number that is zero', { name: 'level', equals: 0 }, ['cyd']],
    ['a number that is minus zero', { name: 'level', equals: -0 }, ['cyd']],
    ['a large number', { name: 'level', equals: 1e21 }, ['dan']],
    ['numbers from', { name: 'level', from: 0 }, ['ada', 'cyd', 'dan']],
    ['numbers until', { name: 'level', until: 0 }, ['bob']],
    ['numbers within', { name: 'level', from: -2.5, until: 7 }, ['bob', 'cyd']],
    ['numbers within nothing', { name: 'level', from: 7, until: 7 }, []],
    ['a day', { name: 'hired', equals: '2024-02-29' }, ['ada']],
    ['days within', { name: 'hired', from: '1999-01-01', until: '2024-02-29' }, ['bob', 'cyd']],
    ['days from', { name: 'hired', from: '2023-12-31' }, ['ada', 'bob']],
    ['yes', { name: 'remote', equals: true }, ['ada']],
    ['no, which is not nothing', { name: 'remote', equals: false }, ['bob']],
    ['a text, trimmed and in one form of Unicode', { name: 'note', equals: ' Gru\u0308ße ' }, ['ada']],
    ['a text in other letters', { name: 'note', equals: 'GRÜSSE' }, []],
    ['a text that looks like a day', { name: 'note', equals: '2024-02-29' }, ['dan']],
    ['texts that differ far behind', { name: 'note', equals: `${LONG}2` }, ['cyd']],
    ['the beginning of a text', { name: 'note', equals: LONG }, []],
    ['quotes and braces as themselves', { name: 'note', equals: `'}","{x` }, []],
    ['who has an enum', { name: 'department', isSet: true }, ['ada', 'bob', 'cyd', 'dan']],
    ['who has a number', { name: 'level', isSet: true }, ['ada', 'bob', 'cyd', 'dan']],
    ['who has a day', { name: 'hired', isSet: true }, ['ada', 'bob', 'cyd']],
    ['who has a text', { name: 'note', isSet: true }, ['ada', 'bob', 'cyd', 'dan']],
    ['who has a boolean', { name: 'remote', isSet: true }, ['ada', 'bob']],
    ['who has no boolean', { name: 'remote', isSet: false }, ['cyd', 'dan', 'eve', 'fay']],
    ['who has no day', { name: 'hired', isSet: false }, ['dan', 'eve', 'fay']],
    ['a value and none at once', { name: 'level', equals: 7, isSet: false }, []],
  ])('finds %s', async (_what, condition, expected) => {
    expect(await found([condition])).toEqual(expected);
  });

  test('and-s conditions, with each other and with the rest of the filter', async () => {
    const sales = { name: 'department', equals: 'Sales' };
    expect(await found([sales, { name: 'level', from: 0 }])).toEqual(['cyd']);
    expect(await found([sales], { search: 'bob@attributes.example' })).toEqual(['bob']);
    expect(await found([sales], { statusIn: ['DISABLED'] })).toEqual([]);
    expect(await found([sales], { statusIn: ['ACTIVE'] })).toEqual(['bob', 'cyd']);
    expect(await found([])).toEqual(Object.keys(PEOPLE));
  });

  test('pages in every order, with cursors that belong to the filter', async () => {
    const filter = { attributes: [{ name: 'level', isSet: true }] };
    for (const field of ['CREATED_AT', 'DISPLAY_NAME', 'EMAIL', 'LAST_SIGN_IN_AT']) {
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await list(cast().admin, filter, { first: 3, after, orderBy: { field } });
        seen.push(...(page.names ?? []));
        after = page.page?.hasNextPage === true ? page.page.endCursor : null;
      } while (after !== null);
      expect(seen.toSorted()).toEqual(['ada', 'bob', 'cyd', 'dan']);
    }
    const { page } = await list(cast().admin, filter, { first: 3 });
    const other = { attributes: [{ name: 'level', isSet: false }] };
    expect((await list(cast().admin, other, { after: page?.endCursor })).code).toBe('BAD_USER_INPUT');
  });

  test.each<[string, readonly object[]]>([
    ['nothing asked', [{ name: 'level' }]],
    ['null alone', [{ name: 'level', equals: null, in: null, isSet: null }]],
    ['a text for a number', [{ name: 'level', equals: '7' }]],
    ['a number for a text', [{ name: 'note', equals: 7 }]],
    ['a value that the enum cannot have', [{ name: 'department', in: ['Sales', 'Gone'] }]],
    ['a day that is none', [{ name: 'hired', from: '2023-02-29' }]],
    ['a NUL', [{ name: 'note', equals: 'a\u0000b' }]],
    ['a range of texts', [{ name: 'note', from: 'a' }]],
    ['a range of booleans', [{ name: 'remote', until: true }]],
    ['an object', [{ name: 'note', equals: { $ne: '' } }]],
    ['a list', [{ name: 'note', equals: [['x']] }]],
    ['101 values', [{ name: 'level', in: Array.from({ length: 101 }, (_, index) => index) }]],
    ['11 conditions', Array.from({ length: 11 }, () => ({ name: 'level', isSet: true }))],
  ])('refuses %s', async (_what, attributes) => {
    expect((await list(cast().admin, { attributes })).code).toBe('BAD_USER_INPUT');
  });

  test('takes numbers in documents as in variables, and none that is not finite', async () => {
    const ask = (value: string) =>
      cast().admin.run(`{ users(filter: { attributes: [{ name: "level", equals: ${value} }] }) { totalCount } }`);
    expect((await ask('7')).data).toEqual({ users: { totalCount: 1 } });
    expect((await ask('-2.5')).data).toEqual({ users: { totalCount: 1 } });
    expect((await ask('1e999')).code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect((await ask('{ a: 1 }')).code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('costs one statement, and one for the total', async () => {
    const attributes = [{ name: 'department', equals: 'Sales' }];
    const { statements: with_ } = await statementsOf(app(), () => list(cast().admin, { attributes }));
    const { statements: without } = await statementsOf(app(), () => list(cast().admin, {}));
    expect(with_).toBe(without);
  });

  describe('lets nobody find out what they do not see', () => {
    const refused = async (client: TestClient, name: string) => {
      const answers = [];
      for (const condition of [{ equals: 'x' }, { in: [] }, { isSet: false }, { from: 1 }, { equals: 7 }, {}]) {
        const { code, message, names } = await list(client, { attributes: [{ name, ...condition }] });
        answers.push([code, message, names]);
      }
      return answers;
    };

    test('names out of sight, not filterable, in other letters and of nothing are refused alike, whatever is asked', async () => {
      const { admin } = cast();
      const unknown = await refused(admin, 'nothing');
      expect(new Set(unknown.map(([code]) => code))).toEqual(new Set(['BAD_USER_INPUT']));
      expect(new Set(unknown.map(([, message]) => message)).size).toBe(1);
      for (const name of [
        'secret',
        'plain',
        'Level',
        'constructor',
        '__proto__',
        '',
        'x'.repeat(9000),
        `level' or 1=1`,
      ])
        expect(await refused(admin, name)).toEqual(unknown);
    });

    test('without view:users not even about oneself', async () => {
      const { member } = cast();
      expect(await refused(member, 'level')).toEqual(await refused(member, 'nothing'));
      expect(await refused(cast().anonymous, 'level')).toEqual(await refused(cast().anonymous, 'nothing'));
    });

    test('an administrator of an organization finds who is there, and counts no one else', async () => {
      const [here, elsewhere] = [await makeOrganization(app()), await makeOrganization(app())];
      const administrator: Actor = await holderWithin(app(), here, ['view:users']);
      const [inside, outside] = [await memberOf(app(), here), await memberOf(app(), elsewhere)];
      const note = unique('note');
      for (const { id } of [inside, outside]) await set(id, { note, secret: note });
      const ask = async (actor: TestClient) => {
        const { data } = await actor.run<Page>(LIST, { filter: { attributes: [{ name: 'note', equals: note }] } });
        return [data.users?.nodes.map(({ id }) => id).toSorted(), data.users?.totalCount];
      };
      expect(await ask(administrator)).toEqual([[inside.id], 1]);
      expect(await ask(cast().admin)).toEqual([[inside.id, outside.id].toSorted(), 2]);
      expect(await refused(administrator, 'secret')).toEqual(await refused(administrator, 'nothing'));
    });

    test('a holder of view:users alone filters by what administrators see', async () => {
      const reader = await holderOf(app(), ['view:users']);
      expect((await list(reader, { attributes: [{ name: 'level', equals: 7 }] })).names).toEqual(['ada']);
    });

    test('nor by a server whose settings declare it otherwise', async () => {
      const declared = [{ name: 'level', type: 'number', visibility: ['own'], editableBy: ['own'] }];
      const other = await startTestApp({
        beside: app(),
        settings: { 'users.attributes': JSON.stringify(declared) },
      });
      try {
        const client = other.anonymous(cast().admin.headers);
        expect(await refused(client, 'level')).toEqual(await refused(client, 'nothing'));
      } finally {
        await other.close();
      }
    });
  });
});
