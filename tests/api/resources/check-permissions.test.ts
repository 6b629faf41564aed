import { beforeAll, describe, expect, test } from 'vitest';
import {
  CheckPermissionsDocument,
  LockUsersDocument,
  MoveOrganizationDocument,
  type PermissionCheckInput,
  type ResourceInput,
  UnlockUsersDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { makeKey } from '../../support/api-keys.ts';
import { raiseToAal2 } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { holderWithin, makeOrganization } from '../../support/organizations.ts';
import { statementsOf } from '../../support/records.ts';
import { decisionsOf, makeApplication, reasonOf, registered } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);
const resource = 'depot.crates';

const crates: ResourceInput = {
  name: 'crates',
  title: 'Crates',
  actions: ['view', 'move', 'move-own', 'seal-own', 'weigh'],
  protectedActions: ['burn'],
  actionDetails: [{ action: 'weigh', title: 'Weigh', description: '', grantableToApiKey: false }],
  attributes: [
    { name: 'creator', type: 'STRING' },
    { name: 'state', type: 'STRING' },
  ],
  ownerRule: { attribute: 'creator' },
};

let root: OrganizationId;
let branch: OrganizationId;
let elsewhere: OrganizationId;

beforeAll(async () => {
  const { key } = await makeApplication(app(), 'depot');
  await registered(key, [
    crates,
    {
      name: 'sites',
      title: 'Sites',
      actions: ['close-own'],
      attributes: [{ name: 'organization', type: 'STRING' }],
      ownerRule: { attribute: 'organization', subject: 'ORGANIZATION' },
    },
  ]);
  root = await makeOrganization(app());
  branch = await makeOrganization(app(), { parentId: root });
  elsewhere = await makeOrganization(app());
});

const check = (action: string, more: Partial<PermissionCheckInput> = {}): PermissionCheckInput => ({
  action,
  resource,
  ...more,
});

describe('about oneself', () => {
  test('answers every question in its order, with the row given back', async () => {
    const person = await holderOf(app(), [`view:${resource}`, `move-own:${resource}`]);
    const decisions = await decisionsOf(person, [
      check('view', { rowId: 'C-1' }),
      check('move', { attributes: { creator: person.id } }),
      check('move', { attributes: { creator: newId<UserId>() } }),
      check('move-own', { attributes: {} }),
      check('weigh'),
      check('burn'),
      check('fly'),
      { action: 'view', resource: 'users' },
    ]);
    expect(decisions[0]).toEqual({
      action: 'view',
      resource,
      rowId: 'C-1',
      allowed: true,
      reason: 'GRANTED',
      missing: [],
      required: null,
    });
    expect(decisions.map(({ reason, missing }) => [reason, ...missing])).toEqual([
      ['GRANTED'],
      ['GRANTED_AS_OWNER'],
      ['NOT_OWNER', `move:${resource}`],
      ['NOT_OWNER'],
      ['NO_GRANT', `weigh:${resource}`],
      ['NO_GRANT', `burn:${resource}`],
      ['UNKNOWN_PERMISSION'],
      ['NO_GRANT', 'view:users'],
    ]);
  });

  test('names the version that changes with the permissions', async () => {
    const person = await holderOf(app(), [`view:${resource}`]);
    const ask = async () =>
      (await person.send(CheckPermissionsDocument, { checks: [check('view')] })).data?.checkPermissions;
    const before = await ask();
    expect((await ask())?.permissionVersion).toBe(before?.permissionVersion);
    await app().database.query('delete from memberships where user_id = $1 and group_id = $2', [
      person.id,
      person.groupId,
    ]);
    const after = await ask();
    expect(after?.decisions[0]?.reason).toBe('NO_GRANT');
    expect(after?.permissionVersion).not.toBe(before?.permissionVersion);
  });

  test('names another version as soon as a row’s organization moves, or the subject is shut out', async () => {
    const { admin } = cast();
    const place = await makeOrganization(app(), { level: 1 });
    const person = await holderWithin(app(), root, [`view:${resource}`]);
    const ask = async () => {
      const { data } = await admin.send(CheckPermissionsDocument, {
        checks: [check('view', { organizationId: place })],
        subject: { userId: person.id },
      });
      return [data.checkPermissions?.decisions[0]?.reason, data.checkPermissions?.permissionVersion];
    };
    const [outside, first] = await ask();
    await admin.send(MoveOrganizationDocument, { input: { id: place, parentId: root } });
    const [inside, second] = await ask();
    await admin.send(LockUsersDocument, { input: { ids: [person.id], reason: 'gone' } });
    const [locked, third] = await ask();
    await admin.send(UnlockUsersDocument, { input: { ids: [person.id], reason: 'back' } });
    expect([outside, inside, locked]).toEqual(['OUT_OF_SCOPE', 'GRANTED', 'SUBJECT_INACTIVE']);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await ask()).toEqual(['GRANTED', second]);
  });

  test('costs one statement for a hundred questions, two when they name organizations, and changes nothing', async () => {
    const person = await holderOf(app(), [`view:${resource}`]);
    await decisionsOf(person, [check('view')]);
    const hundred = Array.from({ length: 100 }, () => check('view'));
    const places = hundred.map((one, index) => ({
      ...one,
      organizationId: [root, branch, elsewhere][index % 3] ?? root,
    }));
    const before = await databaseState(app());
    expect(await statementsOf(app(), () => decisionsOf(person, hundred))).toBe(1);
    expect(await statementsOf(app(), () => decisionsOf(person, places))).toBe(2);
    expect(await databaseState(app())).toEqual(before);
  });

  test.each([
    ['none', 0],
    ['101', 101],
  ])('refuses %s questions', async (_what, count) => {
    const { code } = await cast().member.send(CheckPermissionsDocument, {
      checks: Array.from({ length: count }, () => check('view')),
    });
    expect(code).toBe('BAD_USER_INPUT');
  });

  test('refuses a row with a long name, and whoever is not signed in', async () => {
    const checks = [check('view', { rowId: 'x'.repeat(201) })];
    expect((await cast().member.send(CheckPermissionsDocument, { checks })).code).toBe('BAD_USER_INPUT');
    expect((await cast().anonymous.send(CheckPermissionsDocument, { checks: [check('view')] })).code).toBe(
      'UNAUTHENTICATED',
    );
  });

  test('takes attributes as they are declared', async () => {
    const person = await holderOf(app(), [`move-own:${resource}`]);
    const values: readonly unknown[] = [[person.id], { id: person.id }, 7, true, null, ` ${person.id}`];
    const decisions = await decisionsOf(
      person,
      values.map((creator) => check('move-own', { attributes: { creator } })),
    );
    expect(new Set(decisions.map(({ reason }) => reason))).toEqual(new Set(['NOT_OWNER']));
    const odd = { toString: person.id, valueOf: 1, hasOwnProperty: 'x' };
    expect(await reasonOf(person, check('move-own', { attributes: odd }))).toBe('NOT_OWNER');
  });
});

describe('where a row lies', () => {
  test('grants within an organization hold there and below', async () => {
    const person = await holderWithin(app(), root, [`move:${resource}`]);
    const decisions = await decisionsOf(person, [
      check('move', { organizationId: root }),
      check('move', { organizationId: branch }),
      check('move', { organizationId: branch.toUpperCase() }),
      check('move', { organizationId: elsewhere }),
      check('move', { organizationId: newId<OrganizationId>() }),
      check('move', { organizationId: 'nowhere' }),
      check('move'),
    ]);
    const out = 'OUT_OF_SCOPE';
    expect(decisions.map(({ reason }) => reason)).toEqual(['GRANTED', 'GRANTED', 'GRANTED', out, out, out, out]);
  });

  test('grants that hold everywhere hold in every organization there is, and in none that is not', async () => {
    const person = await holderOf(app(), [`move:${resource}`]);
    expect(await reasonOf(person, check('move', { organizationId: branch }))).toBe('GRANTED');
    expect(await reasonOf(person, check('move', { organizationId: newId<OrganizationId>() }))).toBe('OUT_OF_SCOPE');
  });

  test("an organization that owns a row makes it its members' own", async () => {
    const person = await holderWithin(app(), root, ['close-own:depot.sites']);
    const close = (organization: string) => ({
      action: 'close-own',
      resource: 'depot.sites',
      organizationId: root,
      attributes: { organization },
    });
    expect(await reasonOf(person, close(root))).toBe('GRANTED_AS_OWNER');
    expect(await reasonOf(person, close(elsewhere))).toBe('NOT_OWNER');
  });
});

describe('what a session must raise', () => {
  test('protected permissions need a fresh session of two factors', async () => {
    const person = await holderOf(app(), [`burn:${resource}`]);
    expect(await decisionsOf(person, [check('burn')])).toMatchObject([
      { allowed: false, reason: 'STEP_UP_REQUIRED', missing: [], required: { assuranceLevel: 'AAL2' } },
    ]);
    await raiseToAal2(app(), person);
    expect(await reasonOf(person, check('burn'))).toBe('GRANTED');
    await app().database.query(
      `update sessions set authenticated_at = authenticated_at - interval '11 minutes' where user_id = $1`,
      [person.id],
    );
    expect(await decisionsOf(person, [check('burn')])).toMatchObject([
      { reason: 'STEP_UP_REQUIRED', required: { assuranceLevel: null, withinMinutes: 10 } },
    ]);
  });

  test('a key holds them where the declaration says so', async () => {
    const person = await holderOf(app(), [`burn:${resource}`, `weigh:${resource}`]);
    const key = await makeKey(app(), await raiseToAal2(app(), person));
    expect(await reasonOf(key, check('burn'))).toBe('GRANTED');
    expect(await decisionsOf(key, [check('weigh')])).toMatchObject([{ reason: 'NARROWED_BY_API_KEY', missing: [] }]);
  });

  test('admin:* covers what is open, and nothing that is protected', async () => {
    const admin = await holderOf(app(), ['admin:*']);
    expect(await decisionsOf(admin, [check('move'), check('burn')])).toMatchObject([
      { reason: 'GRANTED' },
      { reason: 'PROTECTED', missing: [`burn:${resource}`] },
    ]);
    expect(await reasonOf(await holderOf(app(), ['admin:*', `move:${resource}`]), check('burn'))).toBe('PROTECTED');
  });
});

describe('about others', () => {
  test('needs view:groups, and to see them', async () => {
    const target = await holderOf(app(), [`move:${resource}`]);
    const reader = await holderOf(app(), ['view:groups', 'view:users']);
    expect(await reasonOf(reader, check('move'), { userId: target.id })).toBe('GRANTED');
    expect(await reasonOf(target, check('move'), { userId: target.id })).toBe('GRANTED');
    const ask = async (by: typeof target, subject: object) =>
      (await by.send(CheckPermissionsDocument, { checks: [check('move')], subject })).code;
    expect(await ask(target, { userId: reader.id })).toBe('FORBIDDEN');
    expect(await ask(target, { anonymous: true })).toBe('FORBIDDEN');
    expect(await ask(reader, { userId: newId<UserId>() })).toBe('NOT_FOUND');
    expect(await ask(reader, { userId: target.id, anonymous: true })).toBe('BAD_USER_INPUT');
    expect(await ask(reader, {})).toBe('BAD_USER_INPUT');
    const local = await holderWithin(app(), root, ['view:groups', 'view:users']);
    expect(await ask(local, { userId: target.id })).toBe('NOT_FOUND');
  });

  test('knows nothing of their sessions: what must be raised is said to be', async () => {
    const target = await holderOf(app(), [`burn:${resource}`]);
    await raiseToAal2(app(), target);
    expect(await reasonOf(cast().admin, check('burn'), { userId: target.id })).toBe('STEP_UP_REQUIRED');
  });

  test('tells that they are inactive', async () => {
    const target = await holderOf(app(), [`move:${resource}`]);
    await app().database.query(`update users set status = 'DISABLED' where id = $1`, [target.id]);
    expect(await reasonOf(cast().admin, check('move'), { userId: target.id })).toBe('SUBJECT_INACTIVE');
  });

  test('asks about keys and about nobody', async () => {
    const owner = await holderOf(app(), [`view:${resource}`, `move:${resource}`]);
    const key = await makeKey(app(), owner, { permissions: grants(`view:${resource}`) });
    const about = async (action: string) => reasonOf(cast().admin, check(action), { apiKeyId: key.keyId });
    expect([await about('view'), await about('move')]).toEqual(['GRANTED', 'NARROWED_BY_API_KEY']);
    expect(await reasonOf(owner, check('move'), { apiKeyId: key.keyId })).toBe('NARROWED_BY_API_KEY');
    await app().database.query('update api_keys set revoked_at = now() where id = $1', [key.keyId]);
    expect(await about('view')).toBe('SUBJECT_INACTIVE');
    expect(await reasonOf(cast().admin, check('view'), { anonymous: true })).toBe('NO_GRANT');
  });

  test('costs one statement more', async () => {
    const target = await somebody(app());
    const reader = await holderOf(app(), ['view:groups', 'view:users']);
    await decisionsOf(reader, [check('view')]);
    const ask = () => decisionsOf(reader, [check('view', { organizationId: root })], { userId: target });
    expect(await statementsOf(app(), ask)).toBe(3);
  });

  test('an organization that the caller may not see is like none', async () => {
    const target = await holderOf(app(), [`move:${resource}`]);
    const local = await holderWithin(app(), root, ['view:groups', 'view:users']);
    await app().database.query(
      'insert into organization_members (user_id, organization_id, joined_at) values ($1, $2, now())',
      [target.id, branch],
    );
    const ask = (organizationId: string) => reasonOf(local, check('move', { organizationId }), { userId: target.id });
    expect([await ask(branch), await ask(elsewhere), await ask(newId<OrganizationId>())]).toEqual([
      'GRANTED',
      'OUT_OF_SCOPE',
      'OUT_OF_SCOPE',
    ]);
  });
});
