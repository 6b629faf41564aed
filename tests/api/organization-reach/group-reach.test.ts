import { beforeAll, describe, expect, test } from 'vitest';
import { newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { holderWithin, makeOrganization, memberOf } from '../../support/organizations.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

interface Answered {
  readonly group: {
    readonly id: string;
    readonly version: number;
    readonly allowedOrganizations: { readonly mode: string; readonly organizations: readonly { id: string }[] | null };
  } | null;
  readonly errors: readonly {
    readonly code: string;
    readonly field: readonly string[] | null;
    readonly targetId: string | null;
  }[];
}

const PAYLOAD =
  '{ group { id version allowedOrganizations { mode organizations { id } } } errors { code field targetId } }';
const CREATE = `mutation ($input: CreateGroupInput!) { change: createGroup(input: $input) ${PAYLOAD} }`;
const UPDATE = `mutation ($input: UpdateGroupInput!) { change: updateGroup(input: $input) ${PAYLOAD} }`;

describe('the reach of a group', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const organizations = {} as Record<'one' | 'below' | 'two', OrganizationId>;

  beforeAll(async () => {
    organizations.one = await makeOrganization(app());
    organizations.below = await makeOrganization(app(), { parentId: organizations.one });
    organizations.two = await makeOrganization(app());
  });

  const send = async (actor: Actor, document: string, input: object) => {
    const { data, code } = await actor.run<{ change: Answered | null } | null>(document, { input });
    const { group = null, errors = [] } = data?.change ?? {};
    return {
      code,
      group,
      problems: errors.map(({ code: one, field, targetId }) => [one, field?.join('.') ?? null, targetId]),
    };
  };
  const create = (actor: Actor, input: object) => send(actor, CREATE, { name: unique('Reach'), ...input });
  const update = (actor: Actor, input: object) => send(actor, UPDATE, input);
  const listed = (...organizationIds: readonly string[]) => ({ mode: 'LISTED', organizationIds });
  const refused = async (work: () => ReturnType<typeof send>) => {
    const { answer, changed } = await changing(app(), work);
    expect(changed).toEqual([]);
    return answer;
  };
  const scopeOf = (ids: readonly string[]) => ({ mode: 'LISTED', organizations: ids.map((id) => ({ id })) });

  /** A signed-in member of this group alone, beside Members. */
  const memberOfGroup = async (groupId: string): Promise<Actor> => {
    const email = `${unique('reached')}@example.com`;
    await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, groupId as never] });
    return signIn(app(), email);
  };

  test('is as the input lists it, holds there and below, and is told to members with their permissions', async () => {
    const made = await create(cast().admin, {
      permissions: grants('view:users', 'view:organizations'),
      allowedOrganizations: listed(organizations.one, organizations.one),
    });
    expect(made).toMatchObject({ problems: [], group: { allowedOrganizations: scopeOf([organizations.one]) } });
    const member = await memberOfGroup(made.group?.id ?? '');
    const inside = await memberOf(app(), organizations.below);
    const outside = await memberOf(app(), organizations.two);
    const sees = (id: UserId) =>
      member.run('query($id: ID!) { user(id: $id) { id } }', { id }).then(({ code }) => code);
    expect([await sees(inside.id), await sees(outside.id)]).toEqual(['OK', 'NOT_FOUND']);
    interface Viewer {
      readonly viewer: {
        readonly permissions: readonly { permission: { resource: string; action: string }; scope: object }[];
      };
    }
    const { data } = await member.run<Viewer>(
      '{ viewer { permissions { permission { action resource } scope { mode organizations { id } } } } }',
    );
    const scopes = data.viewer.permissions.map(({ permission, scope }) => [
      `${permission.action}:${permission.resource}`,
      scope,
    ]);
    expect(Object.fromEntries(scopes)).toEqual({
      'create-own:api-keys': { mode: 'ALL', organizations: null },
      'view:users': scopeOf([organizations.one]),
      'view:organizations': scopeOf([organizations.one]),
    });
  });

  test('changes from the next request on, in every replica; absent keeps it, an empty list clears it', async () => {
    const replica = await startTestApp({ beside: app() });
    const made = await create(cast().admin, {
      permissions: grants('view:users'),
      allowedOrganizations: listed(organizations.one),
    });
    const id = made.group?.id ?? '';
    const member = await memberOfGroup(id);
    const elsewhere = replica.anonymous(member.headers);
    const inTwo = await memberOf(app(), organizations.two);
    const sees = async () => (await elsewhere.run('query($id: ID!) { user(id: $id) { id } }', { id: inTwo.id })).code;
    expect(await sees()).toBe('NOT_FOUND');
    const both = [organizations.one, organizations.two].toSorted();
    const changed = await recording(app(), () =>
      update(cast().admin, { id, allowedOrganizations: listed(organizations.two, organizations.one) }),
    );
    expect(changed.answer.problems).toEqual([]);
    expect(changed.answer.group?.allowedOrganizations.organizations?.map((one) => one.id).toSorted()).toEqual(both);
    expect(changed.audit).toMatchObject([
      {
        action: 'group.updated',
        changes: [
          { field: 'allowedOrganizations', before: `LISTED ${organizations.one}`, after: `LISTED ${both.join(' ')}` },
        ],
      },
    ]);
    expect(await sees()).toBe('OK');
    for (const allowedOrganizations of [undefined, { mode: 'LISTED' }, { mode: 'LISTED', organizationIds: null }]) {
      const kept = await update(cast().admin, { id, description: unique('Kept'), allowedOrganizations });
      expect(kept.group?.allowedOrganizations.organizations).toHaveLength(2);
    }
    expect(await sees()).toBe('OK');
    expect((await update(cast().admin, { id, allowedOrganizations: listed() })).group).toMatchObject({
      allowedOrganizations: { mode: 'LISTED', organizations: [] },
    });
    expect(await sees()).toBe('FORBIDDEN');
    expect((await update(cast().admin, { id, allowedOrganizations: { mode: 'ALL' } })).group).toMatchObject({
      allowedOrganizations: { mode: 'ALL', organizations: null },
    });
    expect(await sees()).toBe('OK');
    const stored = await app().database.query('select from group_organizations where group_id = $1', [id]);
    expect(stored).toEqual([]);
    await replica.close();
  });

  test('is refused where the input does not fit: a list beside ALL, too long a list, what nobody sees', async () => {
    const id = await makeGroup(app(), unique('Reach'), []);
    const field = 'allowedOrganizations.organizationIds';
    const unknown = newId<OrganizationId>();
    const cases: readonly (readonly [object, readonly unknown[]])[] = [
      [{ mode: 'ALL', organizationIds: [] }, [['INVALID_VALUE', field, null]]],
      [{ mode: 'ALL', organizationIds: [organizations.one] }, [['INVALID_VALUE', field, null]]],
      [listed(...Array.from({ length: 101 }, () => organizations.one)), [['TOO_MANY_ITEMS', field, null]]],
      [
        listed(organizations.one, unknown, 'nonsense'),
        [
          ['TARGET_NOT_FOUND', field, unknown],
          ['TARGET_NOT_FOUND', field, 'nonsense'],
        ],
      ],
    ];
    for (const [allowedOrganizations, problems] of cases) {
      expect((await refused(() => create(cast().admin, { allowedOrganizations }))).problems).toEqual(problems);
      expect((await refused(() => update(cast().admin, { id, allowedOrganizations }))).problems).toEqual(problems);
    }
    const blind = await holderOf(app(), ['create:groups', 'grant:groups', 'view:groups']);
    expect((await refused(() => create(blind, { allowedOrganizations: listed(organizations.one) }))).problems).toEqual([
      ['TARGET_NOT_FOUND', field, organizations.one],
    ]);
  });

  test('needs grant:groups, and at most what one holds in each of the places', async () => {
    const id = await makeGroup(app(), unique('Reach'), ['lock:users'], 'LISTED');
    const keeper = await holderOf(app(), ['create:groups', 'update:groups', 'view:groups', 'view:organizations']);
    const reach = { id, allowedOrganizations: listed(organizations.one) };
    expect((await refused(() => update(keeper, reach))).code).toBe('FORBIDDEN');
    expect((await refused(() => create(keeper, { allowedOrganizations: listed(organizations.one) }))).code).toBe(
      'FORBIDDEN',
    );
    const granter = await holderWithin(app(), organizations.one, ['lock:users']);
    const everywhere = await makeGroup(app(), unique('Everywhere'), [
      'grant:groups',
      'create:groups',
      'update:groups',
      'view:groups',
      'view:organizations',
    ]);
    await app().database.query(
      'insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())',
      [granter.id, everywhere],
    );
    expect((await update(granter, reach)).problems).toEqual([]);
    for (const allowedOrganizations of [listed(organizations.one, organizations.two), { mode: 'ALL' }]) {
      const answer = await refused(() => update(granter, { id, allowedOrganizations }));
      expect(answer.problems).toEqual([['EXCEEDS_OWN_PERMISSIONS', 'permissions', null]]);
    }
    await update(cast().admin, { id, allowedOrganizations: listed(organizations.one, organizations.two) });
    const narrowed = await refused(() => update(granter, reach));
    expect(narrowed.problems).toEqual([['EXCEEDS_OWN_PERMISSIONS', 'permissions', null]]);
  });

  test('does not hide what a group gives elsewhere by memberships there: new grants are judged at each place', async () => {
    const id = await makeGroup(app(), unique('Spread'), ['view:users'], 'LISTED');
    await update(cast().admin, { id, allowedOrganizations: listed(organizations.one) });
    const person = await memberOf(app(), organizations.two);
    await app().database.query(
      `insert into memberships (id, user_id, group_id, organization_id, added_at) values (gen_random_uuid(), $1, $2, $3, now())`,
      [person.id, id, organizations.two],
    );
    const granter = await holderWithin(app(), organizations.one, ['lock:users', 'view:users']);
    const granting = await makeGroup(app(), unique('Granting'), ['grant:groups', 'view:groups']);
    await app().database.query(
      'insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())',
      [granter.id, granting],
    );
    const document = `mutation ($input: SetGroupPermissionsInput!) { change: setGroupPermissions(input: $input) ${PAYLOAD} }`;
    const input = { id, permissions: grants('view:users', 'lock:users') };
    expect((await refused(() => send(granter, document, input))).problems).toEqual([
      ['EXCEEDS_OWN_PERMISSIONS', 'permissions', null],
    ]);
    await app().database.query('delete from memberships where group_id = $1 and organization_id = $2', [
      id,
      organizations.two,
    ]);
    expect((await send(granter, document, input)).problems).toEqual([]);
  });

  test('that is narrowed never leaves the installation without an administrator', async () => {
    const own = await startTestApp();
    const email = 'last@example.com';
    const groupId = await makeGroup(own, 'Every power', ['admin:*']);
    await makePerson(own, { email, groupIds: [groupId] });
    await own.database.query('update permission_epoch set first_administrator_at = now()');
    const organizationId = await makeOrganization(own);
    const last = await signIn(own, email);
    for (const allowedOrganizations of [listed(organizationId), listed()]) {
      const { problems } = await update(last, { id: groupId, allowedOrganizations });
      expect(problems).toEqual([['LAST_ADMIN', null, null]]);
    }
    await own.close();
  });
});
