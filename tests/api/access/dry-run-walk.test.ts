import { array, assert, asyncProperty, nat, record, shuffledSubarray, subarray, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GroupId, OrganizationId, UserId } from '../../../src/ids.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
} from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { makeOrganization } from '../../support/organizations.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

/*
 * Whatever is tried in whatever world: the preview says exactly what all people may do before and after the change itself, as they are
 * read one by one.
 */

/** A level gives whichever group has this name. */
const CREW = 'Level crew';
const LEVELS = JSON.stringify([
  { name: 'Owner', groups: [] },
  { name: 'Partner', groups: [CREW] },
  { name: 'Client', groups: [CREW, 'Group 2'] },
]);

const GRANTS = [
  { action: 'view', resource: 'users' },
  { action: 'view', resource: 'users', constraints: [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' }] },
  { action: 'view', resource: 'groups' },
  { action: 'lock', resource: 'users' },
  { action: 'view', resource: '*' },
];
const [PEOPLE, GROUPS, ORGANIZATIONS] = [12, 5, 6];

interface World {
  readonly app: TestApp;
  readonly actor: Actor;
  readonly people: readonly UserId[];
}

/** What is there at the moment; a number names one, round and round. */
interface Choice {
  readonly group: GroupId;
  readonly otherGroup: GroupId;
  readonly organization: OrganizationId;
  readonly otherOrganization: OrganizationId;
  readonly user: UserId;
  readonly grants: readonly (typeof GRANTS)[number][];
  readonly number: number;
}

/** Of each kind of change one input. */
const CHANGES = {
  setGroupPermissions: ({ group, grants }: Choice) => ({ id: group, permissions: grants }),
  updateGroup: ({ group, organization, otherOrganization, number }: Choice) => ({
    id: group,
    name: number % 3 === 0 ? CREW : null,
    allowedOrganizations:
      number % 2 === 0
        ? { mode: 'ALL' }
        : { mode: 'LISTED', organizationIds: [...new Set([organization, otherOrganization])] },
  }),
  createGroup: ({ grants, number }: Choice) => ({
    name: number % 2 === 0 ? CREW : unique('New'),
    permissions: grants,
    allowedOrganizations: { mode: 'ALL' },
  }),
  deleteGroup: ({ group }: Choice) => ({ id: group }),
  addGroupMembers: ({ group, user, organization, number }: Choice) => ({
    groupId: group,
    userIds: [user],
    organizationId: number % 2 === 0 ? null : organization,
  }),
  removeGroupMembers: ({ group, user }: Choice) => ({ groupId: group, userIds: [user] }),
  addOrganizationMembers: ({ organization, group, user }: Choice) => ({
    organizationId: organization,
    userIds: [user],
    groupIds: [group],
  }),
  removeOrganizationMembers: ({ organization, user }: Choice) => ({ organizationId: organization, userIds: [user] }),
  updateOrganization: ({ organization, group, otherGroup, number }: Choice) => ({
    id: organization,
    level: number % 4 === 0 ? number % 3 : null,
    groupIds: number % 2 === 0 ? [group] : [...new Set([group, otherGroup])],
  }),
  moveOrganization: ({ organization, otherOrganization, number }: Choice) => ({
    id: organization,
    parentId: number % 3 === 0 ? null : otherOrganization,
  }),
  deleteOrganization: ({ organization }: Choice) => ({ id: organization }),
  disableUsers: ({ user }: Choice) => ({ ids: [user], reason: 'a walk' }),
  enableUsers: ({ user }: Choice) => ({ ids: [user], reason: 'a walk' }),
};
type Change = keyof typeof CHANGES;

const makeWorld = async (seed: number): Promise<World> => {
  const app = await startTestApp({ settings: { 'organization-levels': LEVELS } });
  const email = `${unique('walker')}@walk.example`;
  const all = await makeGroup(app, unique('Ends organizations'), ['delete:organizations']);
  await makePerson(app, { email, groupIds: [ADMINISTRATORS_GROUP_ID, KEY_MASTERS_GROUP_ID, all] });
  const actor = await raiseToAal2(app, await signIn(app, email));
  const places: OrganizationId[] = [];
  for (let n = 0; n < ORGANIZATIONS; n += 1) {
    const parentId = n % 3 === 0 ? null : (places[n - 1] ?? null);
    places.push(await makeOrganization(app, { parentId, level: n % 3 }));
  }
  for (let n = 0; n < GROUPS; n += 1) {
    const words = GRANTS.filter((_, index) => (seed >> (n + index)) % 2 === 0 && index !== 1);
    const names = words.map(({ action, resource }) => `${action}:${resource}`);
    const id = await makeGroup(
      app,
      n === 0 && seed % 3 === 0 ? CREW : `Group ${n}`,
      names,
      n % 2 === 0 ? 'ALL' : 'LISTED',
    );
    await app.database.query(
      'insert into group_organizations (group_id, organization_id) select $1, unnest($2::uuid[])',
      [
        id,
        n % 2 === 0
          ? []
          : [places[n], places[(n + seed) % ORGANIZATIONS]].filter((one, at, list) => list.indexOf(one) === at),
      ],
    );
  }
  const made = await app.database.query<{ id: UserId }>(PEOPLE_STATEMENT, [PEOPLE, MEMBERS_GROUP_ID, seed]);
  await app.database.query('update permission_epoch set epoch = epoch + 1');
  await app.database.query('update groups set changed_epoch = (select epoch from permission_epoch)');
  return { app, actor, people: made.map(({ id }) => id) };
};

/** `$1` people, all in the group `$2`; by chance in groups, organizations, and groups there. */
const PEOPLE_STATEMENT = `
with made as (
  insert into users (id, display_name, status, created_at, updated_at)
  select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Person ' || n, case n % 6 when 0 then 'INVITED' when 1 then 'DISABLED' else 'ACTIVE' end, now(), now()
  from generate_series(1, $1::int) n returning id, right(id::text, 3)::int as n
), g as (select id, row_number() over (order by name) as n from groups where not system_managed and name ~ '^(Group|Level)'
), o as (select id, row_number() over (order by id) as n from organizations
), base as (
  insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), id, $2::uuid, now() from made
), direct as (
  insert into memberships (id, user_id, group_id, added_at)
  select gen_random_uuid(), m.id, g.id, now() from made m, g where (m.n * 7 + g.n * 5 + $3::int) % 3 = 0
), belonging as (
  insert into organization_members (user_id, organization_id, joined_at)
  select m.id, o.id, now() from made m, o where (m.n * 5 + o.n * 11 + $3::int) % 4 = 0 returning user_id, organization_id
), within as (
  insert into memberships (id, user_id, group_id, organization_id, added_at)
  select gen_random_uuid(), m.id, g.id, o.id, now() from made m, o, g
  where (m.n * 5 + o.n * 11 + $3::int) % 4 = 0 and (m.n + g.n + o.n) % 3 = 0
), given as (
  insert into organization_groups (organization_id, group_id) select o.id, g.id from o, g where (o.n + g.n * 3 + $3::int) % 5 = 0
) select id from made`;

interface Effective {
  readonly permission: { readonly action: string; readonly resource: string; readonly constraints: readonly object[] };
  readonly grantedBy: readonly { readonly name: string }[];
  readonly scope: { readonly mode: string; readonly organizations: readonly { readonly id: string }[] | null };
}

const EFFECTIVE =
  'permission { action resource constraints { kind minimumAssurance } } grantedBy { name } scope { mode organizations { id } }';
const EVERYBODY = `{ users(first: 100) { nodes { id status permissions { ${EFFECTIVE} } } } }`;

/** The grant and where it holds, which is what is compared; and the groups, which are told. */
const words = ({ permission, grantedBy, scope }: Effective): readonly [string, string] => [
  JSON.stringify([
    permission,
    scope.mode,
    scope.organizations?.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)),
  ]),
  grantedBy.map(({ name }) => name).join(),
];

type Held = ReadonlyMap<string, ReadonlyMap<string, string>>;

const heldByAll = async ({ actor }: World): Promise<Held> => {
  const { data } = await actor.run<{
    users: { nodes: readonly { id: string; status: string; permissions: readonly Effective[] }[] };
  }>(EVERYBODY);
  return new Map(
    data.users.nodes.map(({ id, status, permissions }) => [
      id,
      new Map(status === 'DISABLED' ? [] : permissions.map((one) => words(one))),
    ]),
  );
};

const byGrant = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

const missingIn = (some: ReadonlyMap<string, string> | undefined, others: ReadonlyMap<string, string> | undefined) =>
  [...(some ?? [])].filter(([key]) => others?.has(key) !== true).toSorted(byGrant);

/** Person by person: what they have of it only before, and only afterwards. */
const differences = (before: Held, after: Held): readonly object[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .toSorted()
    .map((id) => ({
      id,
      gained: missingIn(after.get(id), before.get(id)),
      lost: missingIn(before.get(id), after.get(id)),
    }))
    .filter(({ gained, lost }) => gained.length + lost.length > 0);

interface Payload {
  readonly errors: readonly { readonly code: string }[];
  readonly preview: {
    readonly affectedCount: number;
    readonly verdicts: readonly { readonly code: string }[];
    readonly changes: readonly {
      user: { id: string } | null;
      gained: readonly Effective[];
      lost: readonly Effective[];
    }[];
  } | null;
}

const saidBy = (preview: Payload['preview']): readonly object[] =>
  (preview?.changes ?? []).map(({ user, gained, lost }) => ({
    id: user?.id,
    gained: gained.map((one) => words(one)).toSorted(byGrant),
    lost: lost.map((one) => words(one)).toSorted(byGrant),
  }));

const documentOf = (change: Change): string => {
  const input = `${change.slice(0, 1).toUpperCase()}${change.slice(1)}Input!`;
  const preview = `preview { affectedCount verdicts { code } changes { user { id } gained { ${EFFECTIVE} } lost { ${EFFECTIVE} } } }`;
  return `mutation ($input: ${input}) { ${change}(input: $input) { errors { code } ${preview} } }`;
};

const send = async ({ actor }: World, change: Change, input: object): Promise<Payload> => {
  const { data, errors } = await actor.run<Record<string, Payload>>(documentOf(change), { input });
  expect({ change, input, errors }).toEqual({ change, input, errors: [] });
  return data[change] as Payload;
};

/** Every change once, in some order. */
const walk = tuple(
  shuffledSubarray(Object.keys(CHANGES) as Change[], { minLength: Object.keys(CHANGES).length }),
  array(record({ numbers: array(nat(59), { minLength: 6, maxLength: 6 }), grants: subarray(GRANTS) }), {
    minLength: Object.keys(CHANGES).length,
    maxLength: Object.keys(CHANGES).length,
  }),
).map(([changes, facts]) => changes.map((change, index) => ({ change, numbers: [], grants: [], ...facts[index] })));

const choose = async (world: World, numbers: readonly number[], grants: Choice['grants']): Promise<Choice> => {
  const [row] = await world.app.database.query<{ groups: GroupId[]; organizations: OrganizationId[] }>(
    `select array(select id::text from groups where not system_managed and name ~ '^(Group|Level|New)' order by id) as groups,
       array(select id::text from organizations order by id) as organizations`,
  );
  const nobody = '01890000-0000-7000-8000-00000000dead';
  const pick = <Id extends string>(list: readonly Id[] | undefined, at: number): Id =>
    list?.[(numbers[at] ?? 0) % Math.max(list.length, 1)] ?? (nobody as Id);
  return {
    group: pick(row?.groups, 0),
    otherGroup: pick(row?.groups, 1),
    organization: pick(row?.organizations, 2),
    otherOrganization: pick(row?.organizations, 3),
    user: pick(world.people, 4),
    grants,
    number: numbers[5] ?? 0,
  };
};

describe('a preview', () => {
  test('says exactly what everybody gains and loses by the change, in whatever world', async () => {
    await assert(
      asyncProperty(nat(1000), walk, async (seed, steps) => {
        const world = await makeWorld(seed);
        try {
          let before = await heldByAll(world);
          for (const { change, numbers, grants } of steps) {
            const input = CHANGES[change](await choose(world, numbers, grants));
            const { preview } = await send(world, change, { ...input, dryRun: true });
            const { errors } = await send(world, change, input);
            const after = await heldByAll(world);
            // A change that is refused after a part of it was made leaves everybody as they were; its preview tells of that part.
            const real = errors.length > 0 ? null : differences(before, after);
            const told = errors.length > 0 ? null : saidBy(preview);
            const counted = errors.length > 0 ? undefined : preview?.affectedCount;
            expect({ change, input, verdicts: preview?.verdicts, counted, told }).toEqual({
              change,
              input,
              verdicts: errors,
              counted: real?.length,
              told: real,
            });
            before = after;
          }
        } finally {
          await world.app.close();
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  }, 180_000);
});
