import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { type AssignmentsRow, memberGroupIds } from '../entities/assignment.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { UserRow } from '../entities/user.queries.ts';
import { type Problem, rejectAny } from '../errors.ts';
import type { Happening } from '../events/recorder.ts';
import { type GroupId, type MembershipId, newId, type OrganizationId, type UserId } from '../ids.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { covers, isSubset, shieldedAmong } from '../permissions/grants.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import type { Authority } from './authority.ts';
import { nameOf } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import {
  groupProblems,
  groupsOfOrganizations,
  handingOutProblems,
  organizationHappening,
  wouldRaise,
} from './organization-targets.ts';

/** What every member of the organization has: its groups, and those of its level. */
export const groupsOfAll = async (
  em: EntityManager,
  directory: GroupDirectory,
  { id, levelPosition }: OrganizationView,
): Promise<readonly GroupView[]> => {
  const ids = await groupsOfOrganizations(em, [id]);
  return [...directory.list(ids), ...directory.ofLevel(levelPosition)];
};

interface Joining {
  readonly organization: OrganizationView;
  readonly userIds: readonly UserId[];
  readonly groupIds: readonly GroupId[];
  /** Field of the input that names who joins. */
  readonly field: string;
}

/**
 * Refuses when the caller may not make people members with these groups: of those and of what all members get, they give nothing that
 * they do not hold there, and nothing new to themselves. Errors: SELF_ESCALATION, TARGET_NOT_FOUND, EXCEEDS_OWN_PERMISSIONS,
 * PROTECTED_PERMISSION; throws FORBIDDEN.
 */
export const demandJoining = async (
  em: EntityManager,
  directory: GroupDirectory,
  authority: Authority,
  joining: Joining,
): Promise<void> => {
  const { organization, groupIds } = joining;
  const given = await groupsOfAll(em, directory, organization);
  rejectAny(escalation(authority, joining, [...given, ...directory.list(groupIds)]));
  rejectAny([
    ...groupProblems(directory, authority, groupIds, organization),
    ...handingOutProblems(authority, given, organization.lineage, 'organizationId'),
  ]);
};

/**
 * Whether somebody with these grants could still make people members with these groups. What their grants ask of caller and moment is
 * left open: that was judged when they made the offer.
 */
export const couldStillGive = (
  held: EffectiveGrants,
  groups: { readonly chosen: readonly GroupView[]; readonly ofAll: readonly GroupView[] },
  lineage: readonly OrganizationId[],
): boolean => {
  const { catalogue } = held;
  const theirs = held.at(lineage);
  const grants = [...groups.chosen, ...groups.ofAll].flatMap(({ permissions }) => permissions);
  const shielded = shieldedAmong(grants, catalogue);
  const needed: readonly PermissionName[] = [
    'assign:organizations',
    ...(groups.chosen.length > 0 ? (['assign:groups'] as const) : []),
    ...(shielded.length > 0 ? (['grant-protected:groups'] as const) : []),
  ];
  return (
    needed.every((permission) => theirs.some((grant) => covers(grant, permission, catalogue))) &&
    isSubset(
      grants.filter((grant) => !shielded.includes(grant)),
      theirs,
      catalogue,
    )
  );
};

/** Nobody raises their own rights by joining: as with groups, joining what gives rights needs `update:users`, and may give nothing new. */
const escalation = (
  authority: Authority,
  { organization, userIds, field }: Joining,
  groups: readonly GroupView[],
): readonly Problem[] => {
  const self = authority.principal.userId;
  if (!userIds.includes(self) || groups.length === 0) return [];
  const allowed =
    authority.holdsAt('update:users', organization.lineage) && !wouldRaise(authority, groups, organization.lineage);
  return allowed ? [] : [{ code: 'SELF_ESCALATION', field: [field], targetId: self }];
};

/** Number of different groups that somebody would be in. */
export const groupsWith = (row: AssignmentsRow, groupIds: readonly GroupId[]): number =>
  new Set([...memberGroupIds(row.assignments), ...groupIds]).size;

/** Makes people members with these groups; what one has already stays as it is. */
export const insertMembers = async (
  em: EntityManager,
  facts: {
    readonly organization: Pick<OrganizationView, 'id'>;
    readonly userIds: readonly UserId[];
    readonly groupIds: readonly GroupId[];
    readonly addedById: UserId | null;
    readonly now: Date;
  },
): Promise<void> => {
  const { organization, userIds, groupIds, addedById, now } = facts;
  await sql(
    em,
    `insert into organization_members (user_id, organization_id, added_by_id, joined_at)
     select unnest($1::uuid[]), $2, $3, $4 on conflict do nothing`,
    [userIds, organization.id, addedById, now.toISOString()],
  );
  // Somebody may hold a group within an organization without being a member.
  const pairs = userIds.flatMap((userId) => groupIds.map((groupId) => ({ userId, groupId })));
  await sql(
    em,
    `insert into memberships (id, user_id, group_id, organization_id, added_by_id, added_at)
     select p.id, p.user_id, p.group_id, $4, $5, $6
     from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as p(id, user_id, group_id)
     on conflict (user_id, group_id, organization_id) do nothing`,
    [
      pairs.map(() => newId<MembershipId>()),
      pairs.map(({ userId }) => userId),
      pairs.map(({ groupId }) => groupId),
      organization.id,
      addedById,
      now.toISOString(),
    ],
  );
};

interface Changed {
  readonly added?: readonly UserId[];
  readonly removed?: readonly UserId[];
  /** Groups within the organization that came or went with somebody. */
  readonly groupsOf: (id: UserId) => readonly GroupId[];
}

/** One event about the organization, and a line about each person whose groups changed. */
export const membersChanged = (
  organization: OrganizationView,
  people: readonly UserRow[],
  { added = [], removed = [], groupsOf }: Changed,
): readonly Happening[] => [
  organizationHappening('organization.members-changed', organization.name, {
    type: 'OrganizationMembersChanged',
    payload: { organizationId: organization.id, added, removed },
  }),
  ...people.map((row): Happening => {
    const groups = groupsOf(row.user_id);
    const came = added.length > 0;
    const facts = {
      organizationId: organization.id,
      added: came ? groups : [],
      removed: came ? [] : groups,
    };
    return {
      action: came ? 'user.organization-joined' : 'user.organization-left',
      target: { type: 'User', id: row.user_id, label: nameOf({ ...row, displayName: row.display_name }) },
      metadata: { ...facts, organizationName: organization.name },
      ...(groups.length === 0
        ? {}
        : { event: { type: 'UserGroupsChanged' as const, payload: { userId: row.user_id, ...facts } } }),
    };
  }),
];
