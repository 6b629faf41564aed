import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { memberGroupIds } from '../entities/assignment.queries.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { type Problem, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type GroupId, type MembershipId, newId, type UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import {
  groupProblems,
  groupsOfOrganizations,
  handingOutProblems,
  loadTarget,
  organizationHappening,
  readGroups,
  wouldRaise,
} from './organization-targets.ts';
import { MAXIMUM_GROUPS } from './user.service.ts';
import { lockTargets, readUserIds, type TargetRow } from './user-targets.ts';

interface AddInput {
  readonly organizationId: string;
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
}

interface RemoveInput {
  readonly organizationId: string;
  readonly userIds: readonly string[];
}

/** What a change of members works with. */
interface Situation {
  readonly authority: Authority;
  readonly organization: OrganizationView;
  readonly targets: readonly TargetRow[];
  readonly userIds: readonly UserId[];
  /** Those of the targets who are members. */
  readonly members: ReadonlySet<UserId>;
}

/** Makes people members of organizations, and ends that. */
export class OrganizationMemberService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Adds members, all or none, with these groups within the organization, where the caller holds `assign:organizations`. Whoever joins
   * gets what the organization and its level give to all, too, so the caller must hold that as well. Only people whom the caller reaches
   * with the same permission already can be added: nobody draws strangers into their own reach. Errors: TARGET_NOT_FOUND,
   * ALREADY_MEMBER, TOO_MANY_ITEMS, TOO_MANY_GROUPS, EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, SELF_ESCALATION; throws FORBIDDEN.
   */
  async add(caller: SignedInCaller, input: AddInput): Promise<OrganizationView> {
    const groupIds = readGroups(input.groupIds);
    return this.#change(caller, input, async (em, situation) => {
      const { authority, organization, targets, userIds, members } = situation;
      const given = await this.#groupsOfAll(em, organization);
      const added = this.#directory.list(groupIds);
      rejectAny(this.#escalation(situation, [...given, ...added]));
      rejectAny([
        ...groupProblems(this.#directory, authority, groupIds, organization.lineage),
        ...handingOutProblems(authority, given, organization.lineage, 'organizationId'),
      ]);
      rejectAny(targets.filter((row) => members.has(row.user_id)).map(problem('ALREADY_MEMBER')));
      rejectAny(targets.filter((row) => groupsWith(row, groupIds) > MAXIMUM_GROUPS).map(problem('TOO_MANY_GROUPS')));
      await this.#insert(em, { organization, userIds, groupIds, addedById: caller.principal.userId });
      return membersChanged(organization, targets, { added: userIds, groupsOf: () => groupIds });
    });
  }

  /**
   * Removes members, all or none, with their groups within the organization; of these and of what the organization gives to all, the
   * caller takes nothing that they do not hold there. Sessions that act in it act in none. Errors: TARGET_NOT_FOUND, NOT_MEMBER,
   * NO_GROUPS_LEFT, EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION; throws FORBIDDEN.
   */
  async remove(caller: SignedInCaller, input: RemoveInput): Promise<OrganizationView> {
    return this.#change(caller, input, async (em, { authority, organization, targets, userIds, members }) => {
      rejectAny(targets.filter((row) => !members.has(row.user_id)).map(problem('NOT_MEMBER')));
      const held = await this.#delete(em, organization, userIds);
      const ids = [...new Set([...held.values()].flat())];
      rejectAny(
        handingOutProblems(
          authority,
          [...this.#directory.list(ids), ...(await this.#groupsOfAll(em, organization))],
          organization.lineage,
          'userIds',
        ),
      );
      await this.#guard.keepSomeGroup(em, userIds);
      return membersChanged(organization, targets, { removed: userIds, groupsOf: (id) => held.get(id) ?? [] });
    });
  }

  async #change(
    caller: SignedInCaller,
    input: RemoveInput,
    change: (em: EntityManager, situation: Situation) => Promise<readonly Happening[]>,
  ): Promise<OrganizationView> {
    const wanted = readUserIds(input.userIds, 'userIds');
    const permission = 'assign:organizations';
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, can(permission));
      const now = this.#clock.now();
      const organization = await loadTarget(em, authority, now, {
        id: input.organizationId,
        field: 'organizationId',
        permission,
      });
      const viewer = { principal: authority.principal, now };
      const targets = await lockTargets(em, viewer, wanted, { field: 'userIds', permission, account: false });
      const userIds = targets.map((row) => row.user_id);
      const rows = await sql<{ user_id: UserId }>(
        em,
        'select user_id from organization_members where organization_id = $1 and user_id = any($2::uuid[])',
        [organization.id, userIds],
      );
      const members = new Set(rows.map((row) => row.user_id));
      const happenings = await change(em, { authority, organization, targets, userIds, members });
      await this.#recorder.record(em, originOf(caller), happenings);
      return organization;
    });
  }

  /** What every member of the organization has: its groups, and those of its level. */
  async #groupsOfAll(em: EntityManager, { id, levelPosition }: OrganizationView): Promise<readonly GroupView[]> {
    const ids = await groupsOfOrganizations(em, [id]);
    return [...this.#directory.list(ids), ...this.#directory.ofLevel(levelPosition)];
  }

  /** Nobody raises their own rights by joining: as with groups, joining what gives rights needs `update:users`, and may give nothing new. */
  #escalation({ authority, organization, userIds }: Situation, groups: readonly GroupView[]): readonly Problem[] {
    const self = authority.principal.userId;
    if (!userIds.includes(self) || groups.length === 0) return [];
    const allowed =
      authority.holdsAt('update:users', organization.lineage) && !wouldRaise(authority, groups, organization.lineage);
    return allowed ? [] : [{ code: 'SELF_ESCALATION', field: ['userIds'], targetId: self }];
  }

  async #insert(
    em: EntityManager,
    facts: {
      organization: OrganizationView;
      userIds: readonly UserId[];
      groupIds: readonly GroupId[];
      addedById: UserId;
    },
  ): Promise<void> {
    const { organization, userIds, groupIds, addedById } = facts;
    const now = this.#clock.now().toISOString();
    await sql(
      em,
      `insert into organization_members (user_id, organization_id, added_by_id, joined_at)
       select unnest($1::uuid[]), $2, $3, $4`,
      [userIds, organization.id, addedById, now],
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
        now,
      ],
    );
  }

  /** Takes people out; gives the groups that each of them had within the organization. */
  async #delete(
    em: EntityManager,
    { id }: OrganizationView,
    userIds: readonly UserId[],
  ): Promise<ReadonlyMap<UserId, readonly GroupId[]>> {
    const rows = await sql<{ user_id: UserId; group_ids: readonly GroupId[] }>(
      em,
      `with ended as (
         delete from organization_members where organization_id = $1 and user_id = any($2::uuid[])
       ), left_behind as (
         update sessions set organization_id = null where organization_id = $1 and user_id = any($2::uuid[])
       ), taken as (
         delete from memberships where organization_id = $1 and user_id = any($2::uuid[]) returning user_id, group_id
       ) select user_id, array_agg(group_id::text order by group_id) as group_ids from taken group by user_id`,
      [id, userIds],
    );
    return new Map(rows.map((row) => [row.user_id, row.group_ids]));
  }
}

const problem =
  (code: 'ALREADY_MEMBER' | 'NOT_MEMBER' | 'TOO_MANY_GROUPS') =>
  (row: TargetRow): Problem => ({ code, field: ['userIds'], targetId: row.user_id });

/** Number of different groups that somebody would be in. */
const groupsWith = (row: TargetRow, groupIds: readonly GroupId[]): number =>
  new Set([...memberGroupIds(row.assignments), ...groupIds]).size;

interface Changed {
  readonly added?: readonly UserId[];
  readonly removed?: readonly UserId[];
  /** Groups within the organization that came or went with somebody. */
  readonly groupsOf: (id: UserId) => readonly GroupId[];
}

/** One event about the organization, and a line about each person whose groups changed. */
const membersChanged = (
  organization: OrganizationView,
  targets: readonly TargetRow[],
  { added = [], removed = [], groupsOf }: Changed,
): readonly Happening[] => [
  organizationHappening('organization.members-changed', 'OrganizationMembersChanged', organization, { added, removed }),
  ...targets.map((row): Happening => {
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
