import { sql } from '../../src/database/sql.ts';
import { Organization } from '../../src/entities/organization.entity.ts';
import { type GroupId, type MembershipId, newId, type OrganizationId, type UserId } from '../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import { type Actor, makeGroup, makePerson, signIn } from './cast.ts';
import { unique } from './holder.ts';
import type { TestApp } from './test-app.ts';

/** Makes an organization directly; a root when no parent is named, one level below the parent when no level is. */
export const makeOrganization = async (
  app: TestApp,
  facts: { readonly name?: string; readonly parentId?: OrganizationId | null; readonly level?: number } = {},
): Promise<OrganizationId> =>
  app.database.transaction(async (em) => {
    const parentId = facts.parentId ?? null;
    const [parent] = await sql<{ level: number }>(em, 'select level from organizations where id = $1', [parentId]);
    const level = facts.level ?? (parent === undefined ? 0 : parent.level + 1);
    const organization = new Organization(facts.name ?? unique('organization'), level, app.clock.now());
    organization.parentId = parentId;
    em.persist(organization);
    await em.flush();
    await sql(
      em,
      `insert into organization_closure (ancestor_id, descendant_id, depth)
       select $1::uuid, $1::uuid, 0 union all
       select c.ancestor_id, $1::uuid, c.depth + 1 from organization_closure c where c.descendant_id = $2`,
      [organization.id, parentId],
    );
    return organization.id;
  });

/** Makes a user a member of an organization directly, with these groups within it. */
export const joinOrganization = async (
  app: TestApp,
  userId: UserId,
  organizationId: OrganizationId,
  groupIds: readonly GroupId[] = [],
): Promise<void> => {
  const now = app.clock.now().toISOString();
  await app.database.transaction(async (em) => {
    await sql(
      em,
      `insert into organization_members (user_id, organization_id, joined_at) values ($1, $2, $3) on conflict do nothing`,
      [userId, organizationId, now],
    );
    await sql(
      em,
      `insert into memberships (id, user_id, group_id, organization_id, added_at)
       select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[])`,
      [
        groupIds.map(() => newId<MembershipId>()),
        groupIds.map(() => userId),
        groupIds,
        groupIds.map(() => organizationId),
        groupIds.map(() => now),
      ],
    );
  });
};

/** Somebody in Members who belongs to these organizations and is not signed in. */
export const memberOf = async (
  app: TestApp,
  ...organizationIds: readonly OrganizationId[]
): Promise<{ readonly id: UserId; readonly email: string }> => {
  const email = `${unique('member')}@example.com`;
  const id = await makePerson(app, { email });
  for (const organizationId of organizationIds) await joinOrganization(app, id, organizationId);
  return { id, email };
};

/** A signed-in member of an organization who holds exactly these permissions there and below, by a group of their own. */
export const holderWithin = async (
  app: TestApp,
  organizationId: OrganizationId,
  permissions: readonly string[],
): Promise<Actor & { groupId: GroupId }> => {
  const name = unique('holder-within');
  const groupId = await makeGroup(app, name, permissions, 'LISTED');
  const email = `${name}@example.com`;
  const id = await makePerson(app, { email, groupIds: [MEMBERS_GROUP_ID] });
  await joinOrganization(app, id, organizationId, [groupId]);
  return Object.assign(await signIn(app, email), { groupId });
};

/** The problems of a payload as `[code, field, target]`. */
export const problemsOf = (
  errors: readonly { code: string; field?: readonly string[] | null; targetId?: string | null }[] | undefined,
): readonly (readonly [string, string | null, string | null])[] =>
  (errors ?? []).map(({ code, field, targetId }) => [code, field?.join('.') ?? null, targetId ?? null] as const);

/** Pairs in which the closure says something else than the parents of the organizations; none when the tree is whole. */
export const closureFaults = (app: TestApp): Promise<readonly object[]> =>
  app.database.query(
    `with recursive real as (
       select id as ancestor_id, id as descendant_id, 0 as depth from organizations
       union all
       select o.parent_id, r.descendant_id, r.depth + 1 from real r join organizations o on o.id = r.ancestor_id
       where o.parent_id is not null
     ), stored as (select ancestor_id, descendant_id, depth::int from organization_closure)
     (select * from real except select * from stored) union all (select * from stored except select * from real)`,
  );
