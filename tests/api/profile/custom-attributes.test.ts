import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  AttributesOfDocument,
  CreateUserWithAttributesDocument,
  RefreshSessionDocument,
  UpdateProfileDocument,
  UpdateUserAttributesDocument,
  UsersDocument,
} from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { jwtParts } from '../../support/records.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const DECLARED = [
  { name: 'nickname', type: 'string', editableBy: ['own', 'administrator'] },
  { name: 'department', type: 'enum', values: ['Sales', 'Research'], visibility: ['own', 'administrator', 'claim'] },
  { name: 'level', type: 'number', visibility: ['own', 'administrator', 'claim'] },
  { name: 'member', type: 'boolean', visibility: ['administrator'] },
  { name: 'birthday', type: 'date', visibility: ['own'], editableBy: ['own'] },
  { name: 'motto', type: 'string', visibility: ['own', 'claim'], editableBy: ['own'] },
];

const settings = { 'users.attributes': JSON.stringify(DECLARED) };
const app = useTestApp({ settings });
const cast = useCast(app);
let id: UserId;
let email: string;
let owner: Actor;

beforeEach(async () => {
  email = `${unique('owner')}@example.com`;
  id = await makePerson(app(), { email, displayName: 'Ada' });
  owner = await signIn(app(), email);
});

const setOwn = (attributes: unknown, by = owner) =>
  by.send(UpdateProfileDocument, { input: { attributes: attributes as Record<string, unknown> } });
const setAs = (by: Actor, attributes: unknown, target: string = id) =>
  by.send(UpdateUserAttributesDocument, { input: { id: target, attributes: attributes as Record<string, unknown> } });
const seenBy = async (by: Actor, target: string = id) =>
  (await by.send(AttributesOfDocument, { id: target })).data.user?.attributes;
const stored = async (target: string = id) =>
  (await app().database.query<{ attributes: unknown }>('select attributes from users where id = $1', [target]))[0]
    ?.attributes;
const claimsOf = (token: string | null | undefined) => jwtParts(token ?? '').claims['attributes'];

describe('attributes', () => {
  test('are set by those whom the settings name, with a line in the log', async () => {
    const { answer, audit, events } = await recording(app(), () =>
      setAs(cast().admin, { nickname: ' Ada ', department: 'Research', level: 7, member: true }),
    );
    expect(answer.data.updateUser).toMatchObject({ errors: [], user: { id, version: 2 } });
    expect(audit).toMatchObject([
      {
        action: 'user.updated',
        target: { id },
        metadata: {},
        changes: [
          { field: 'attributes.nickname', before: null, after: 'Ada' },
          { field: 'attributes.department', before: null, after: 'Research' },
          { field: 'attributes.level', before: null, after: '7' },
          { field: 'attributes.member', before: null, after: 'true' },
        ],
      },
    ]);
    expect(events).toMatchObject([{ type: 'UserUpdated', payload: { userId: id } }]);
    expect(JSON.stringify(events)).not.toContain('Research');
    const own = await setOwn({ birthday: '1815-12-10', nickname: null });
    expect(own.data.updateProfile?.errors).toEqual([]);
    expect(await stored()).toEqual({ department: 'Research', level: 7, member: true, birthday: '1815-12-10' });
  });

  test('are seen by those whom the settings name', async () => {
    await setAs(cast().admin, { nickname: 'Ada', department: 'Sales', member: false });
    await setOwn({ birthday: '1815-12-10', motto: 'Poetical science' });
    const forOwner = { nickname: 'Ada', department: 'Sales', birthday: '1815-12-10', motto: 'Poetical science' };
    expect(await seenBy(owner)).toEqual(forOwner);
    expect(await seenBy(await holderOf(app(), ['view:users']))).toEqual({
      nickname: 'Ada',
      department: 'Sales',
      member: false,
    });
    const list = await cast().admin.run<{ users: { nodes: { id: string; attributes: object }[] } }>(
      '{ users(first: 100) { nodes { id attributes } } }',
    );
    expect(list.data.users.nodes.find((user) => user.id === id)?.attributes).not.toHaveProperty('birthday');
    const viewer = await owner.run<{ viewer: { user: object } }>('{ viewer { user { attributes } } }');
    expect(viewer.data.viewer.user).toEqual({ attributes: forOwner });
    const entities = await cast().reader.run<{ _entities: object[] }>(
      'query ($all: [_Any!]!) { _entities(representations: $all) { ... on User { attributes } } }',
      { all: [{ __typename: 'User', id }] },
    );
    expect(entities.data._entities[0]).not.toHaveProperty('attributes.motto');
    expect((await cast().member.send(AttributesOfDocument, { id })).code).toBe('FORBIDDEN');
  });

  test('stand in the access token only where they are claims', async () => {
    expect(claimsOf(owner.accessToken)).toBeUndefined();
    await setAs(cast().admin, { nickname: 'Ada', department: 'Sales', level: 3, member: true });
    await setOwn({ motto: 'M', birthday: '1815-12-10' });
    const expected = { department: 'Sales', level: 3, motto: 'M' };
    expect(claimsOf((await signIn(app(), email)).accessToken)).toEqual(expected);
    const { data } = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: owner.refreshToken } });
    const token = data.refreshSession?.tokens?.accessToken;
    expect(claimsOf(token)).toEqual(expected);
    const bearer = app().anonymous({ authorization: `Bearer ${token}` });
    expect((await bearer.run('{ viewer { user { id } } }')).data).toEqual({ viewer: { user: { id } } });
  });

  test('of a new account are given with it', async () => {
    const input = { email: `${unique('new')}@example.com`, displayName: 'New', groupIds: [MEMBERS_GROUP_ID] };
    const { data } = await cast().admin.send(CreateUserWithAttributesDocument, {
      input: { ...input, attributes: { department: 'Sales', level: 0, nickname: null } },
    });
    expect(data.createUser).toMatchObject({ errors: [], user: { attributes: { department: 'Sales', level: 0 } } });
    const { answer, changed } = await changing(app(), () =>
      cast().admin.send(CreateUserWithAttributesDocument, {
        input: { ...input, email: `x.${input.email}`, attributes: { birthday: '1815-12-10' } },
      }),
    );
    expect(answer.data.createUser).toEqual({
      user: null,
      errors: [{ code: 'INVALID_ATTRIBUTE', field: ['attributes', 'birthday'] }],
    });
    expect(changed).toEqual([]);
  });

  test('that change at once for one user all hold', async () => {
    const { admin } = cast();
    const answers = await Promise.all(
      ['nickname', 'motto', 'birthday'].map((name) => setOwn({ [name]: name === 'birthday' ? '1815-12-10' : 'x' })),
    );
    const others = await inParallel(5, (level) => setAs(admin, { level, department: 'Sales' }));
    expect(answers.flatMap(({ data }) => data.updateProfile?.errors)).toEqual([]);
    expect(others.flatMap(({ data }) => data.updateUser?.errors)).toEqual([]);
    expect(await stored()).toMatchObject({ nickname: 'x', motto: 'x', birthday: '1815-12-10', department: 'Sales' });
  });
});

describe('what does not fit', () => {
  const LONG = 'x'.repeat(9000);
  test.each<[string, unknown, readonly string[]]>([
    ['a name that is not declared', { shoeSize: 43 }, ['shoeSize']],
    ['a name that only administrators set', { department: 'Sales' }, ['department']],
    ['a name that only administrators see', { member: true }, ['member']],
    ['a name in other letters', { Nickname: 'x' }, ['Nickname']],
    [
      'what every object has',
      { constructor: 'x', toString: 'y', hasOwnProperty: null },
      ['constructor', 'toString', 'hasOwnProperty'],
    ],
    ['a number for a text', { nickname: 7 }, ['nickname']],
    ['a list for a text', { nickname: ['x'] }, ['nickname']],
    ['an object for a text', { nickname: { $gt: '' } }, ['nickname']],
    ['a blank text', { nickname: '  ' }, ['nickname']],
    ['a NUL', { nickname: 'a\u0000b' }, ['nickname']],
    ['a lone surrogate', { nickname: '\ud83d' }, ['nickname']],
    ['a day that is none', { birthday: '2026-02-30' }, ['birthday']],
    ['an instant for a day', { birthday: '2026-02-03T00:00:00Z' }, ['birthday']],
    ['several at once', { nickname: 'x', birthday: 'soon', age: 1 }, ['birthday', 'age']],
    ['a long name', { [LONG]: 1 }, [LONG.slice(0, 100)]],
  ])('is refused: %s', async (_what, attributes, names) => {
    const { answer, changed } = await changing(app(), () => setOwn(attributes));
    expect(answer.data.updateProfile).toEqual({
      user: null,
      errors: names.map((name) => ({ code: 'INVALID_ATTRIBUTE', field: ['attributes', name] })),
    });
    expect(changed).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['more than 8 KiB', { nickname: LONG }],
    ['more than 2 KiB of claims', { motto: 'm'.repeat(2050) }],
    ['more names than there can be', Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`n${index}`, 1]))],
  ])('is refused as a whole: %s', async (_what, attributes) => {
    const { answer, changed } = await changing(app(), () => setOwn(attributes));
    expect(answer.data.updateProfile).toMatchObject({ user: null });
    expect(answer.data.updateProfile?.errors.every(({ code }) => code === 'INVALID_ATTRIBUTE')).toBe(true);
    expect(changed).toEqual([]);
  });

  test('counts what is stored already, in bytes, and can always be cleared', async () => {
    expect((await setOwn({ nickname: 'é'.repeat(4000) })).data.updateProfile?.errors).toEqual([]);
    const { answer, changed } = await changing(app(), () => setOwn({ motto: 'm'.repeat(300) }));
    expect(answer.data.updateProfile?.errors).toEqual([{ code: 'INVALID_ATTRIBUTE', field: ['attributes'] }]);
    expect(changed).toEqual([]);
    expect((await setOwn({ nickname: null })).data.updateProfile?.errors).toEqual([]);
    expect(await stored()).toEqual({});
  });

  test.each([
    ['number', { level: '7' }],
    ['number', { level: true }],
    ['enum', { department: 'sales' }],
    ['enum', { department: '' }],
    ['boolean', { member: 'true' }],
    ['boolean', { member: 0 }],
  ])('is refused to administrators too: %s %j', async (_type, attributes) => {
    const { answer, changed } = await changing(app(), () => setAs(cast().admin, attributes));
    const [name = ''] = Object.keys(attributes);
    expect(answer.data.updateUser?.errors).toEqual([{ code: 'INVALID_ATTRIBUTE', field: ['attributes', name] }]);
    expect(changed).toEqual([]);
  });

  test('takes no prototype keys, from variables or from the document', async () => {
    const { answer, changed } = await changing(app(), async () => [
      await owner.post(
        `{"query":"mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { errors { code } } }",
          "variables":{"input":{"attributes":{"__proto__":{"isAdmin":true}}}}}`,
      ),
      await owner.run(
        'mutation { updateProfile(input: { attributes: { __proto__: { isAdmin: true } } }) { errors { code } } }',
      ),
      await owner.run(
        'mutation { updateProfile(input: { attributes: { constructor: { prototype: { isAdmin: true } } } }) { errors { code } } }',
      ),
    ]);
    for (const { status, code, data } of answer as { status: number; code: string; data: unknown }[]) {
      expect(status).toBeLessThan(500);
      expect([code, JSON.stringify(data)]).not.toEqual(['OK', '{"updateProfile":{"errors":[]}}']);
    }
    expect(changed).toEqual([]);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test.each(['text', 7, true, ['nickname'], [[]]])('must be an object: %j', async (attributes) => {
    const { answer, changed } = await changing(app(), () => setOwn(attributes));
    expect([answer.code, changed]).toEqual(['BAD_USER_INPUT', []]);
  });
});

describe('lists', () => {
  test('cost what they cost, with and without attributes', async () => {
    await setAs(cast().admin, { nickname: 'Ada' });
    const { statements: plain } = await statementsOf(app(), () => cast().admin.send(UsersDocument, { first: 100 }));
    const { statements } = await statementsOf(app(), () =>
      cast().admin.run('{ users(first: 100) { nodes { id attributes } } }'),
    );
    expect(statements).toBeLessThanOrEqual(plain);
    const { statements: viewer } = await statementsOf(app(), () => owner.run('{ viewer { user { attributes } } }'));
    expect(viewer).toBe(1);
  });
});

describe('when the settings change', () => {
  let plain: TestApp;

  beforeAll(async () => {
    const changed = [
      { name: 'nickname', type: 'number' },
      { name: 'motto', type: 'string', visibility: ['own', 'claim'], editableBy: ['own'] },
      { name: 'birthday', type: 'string', visibility: ['own', 'claim'], editableBy: ['own'] },
    ];
    plain = await startTestApp({ beside: app(), settings: { 'users.attributes': JSON.stringify(changed) } });
    return () => plain.close();
  });

  test('values that are not declared, or of another type, are there for nobody, and stay stored', async () => {
    await setAs(cast().admin, { nickname: 'Ada', department: 'Sales' });
    const actor = await signIn(plain, email);
    expect(await seenBy(actor)).toEqual({});
    expect(claimsOf(actor.accessToken)).toBeUndefined();
    await setOwn({ motto: 'M' }, actor);
    expect(await stored()).toEqual({ nickname: 'Ada', department: 'Sales', motto: 'M' });
    expect(await seenBy(owner)).toEqual({ nickname: 'Ada', department: 'Sales', motto: 'M' });
  });

  test('tokens stay as small as ever: what does not fit any more is left out', async () => {
    await app().database.query('update users set attributes = $2::jsonb where id = $1', [
      id,
      JSON.stringify({ motto: 'm'.repeat(1500), birthday: 'b'.repeat(1500) }),
    ]);
    const { accessToken } = await signIn(plain, email);
    expect(claimsOf(accessToken)).toEqual({ motto: 'm'.repeat(1500) });
    expect(Buffer.byteLength(accessToken)).toBeLessThan(4096);
  });
});

test('values of attributes are not in the log', async () => {
  app().log.length = 0;
  await setOwn({ nickname: 'Xyzzy plugh' });
  await setOwn({ nickname: 'Xyzzy plugh', nothing: 'Xyzzy plover' });
  expect(app().log.join('\n')).toContain('UpdateProfile');
  expect(app().log.join('\n')).not.toContain('Xyzzy');
});
