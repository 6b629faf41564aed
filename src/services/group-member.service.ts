import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { Membership } from '../entities/membership.entity.ts';
import type { GroupView } from '../entities/group.queries.ts';
import { type Problem, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority, Way } from './authority.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { readGroup, readGroupId } from './group-target.ts';
import { loadTarget } from './organization-targets.ts';
import { targetNotFound } from './target-ids.ts';
import { escalation } from './user-change.service.ts';
import { assignmentProblems, MAXIMUM_GROUPS } from './user.service.ts';
import { lockTargets, readUserIds, type TargetRow } from './user-targets.ts';

interface MemberInput {
  readonly groupId: string;
  readonly userIds: readonly string[];
  /** Within which the membership holds; absent or null = wherever the group reaches. */
  readonly organizationId?: string | null | undefined;
}

/** Under the locks of the change, what it is about. */
interface MemberChange {
  readonly groupId: GroupId;
  readonly organization: OrganizationView | null;
  readonly authority: Authority;
  readonly targets: readonly HeldRow[];
}

interface Changed {
  readonly added: readonly GroupId[];
  readonly removed: readonly GroupId[];
}

/** Somebody with what they hold already. */
type HeldRow = TargetRow & {
  /** A member of this group, in this place. */
  readonly isMember: boolean;
  /** Memberships of all groups, in all places. */
  readonly memberships: number;
};

/** Puts people into groups and takes them out. */
export class GroupMemberService {
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
   * Adds members, all or none; within an organization only its own members. Errors: TARGET_NOT_FOUND, ALREADY_MEMBER, TOO_MANY_GROUPS, EXCEEDS_OWN_PERMISSIONS,
   * PROTECTED_PERMISSION, SELF_ESCALATION.
   */
  async add(caller: SignedInCaller, input: MemberInput): Promise<GroupView> {
    return this.#change(caller, input, 'handingOut', async (em, { groupId, organization, authority, targets }) => {
      const userIds = targets.map((row) => row.user_id);
      const lineage = organization?.lineage ?? null;
      rejectAny(escalation(this.#directory, authority, { userIds, groupIds: [groupId], field: 'userIds', lineage }));
      rejectAny(targets.filter(({ isMember }) => isMember).map(problem('ALREADY_MEMBER')));
      rejectAny(targets.filter(({ memberships }) => memberships >= MAXIMUM_GROUPS).map(problem('TOO_MANY_GROUPS')));
      const organizationId = organization?.id ?? null;
      const facts = { addedById: caller.principal.userId, organizationId, now: this.#clock.now() };
      em.persist(userIds.map((userId) => new Membership(userId, groupId, facts)));
      await em.flush();
      return { added: [groupId], removed: [] };
    });
  }

  /** Removes members, all or none. Errors: TARGET_NOT_FOUND, NOT_MEMBER, NO_GROUPS_LEFT, LAST_ADMIN, EXCEEDS_OWN_PERMISSIONS. */
  async remove(caller: SignedInCaller, input: MemberInput): Promise<GroupView> {
    return this.#change(caller, input, 'takingAway', async (em, { groupId, organization, targets }) => {
      const userIds = targets.map((row) => row.user_id);
      rejectAny(targets.filter(({ isMember }) => !isMember).map(problem('NOT_MEMBER')));
      await sql(
        em,
        `delete from memberships where group_id = $1 and user_id = any($2::uuid[])
           and organization_id is not distinct from $3::uuid`,
        [groupId, userIds, organization?.id ?? null],
      );
      await this.#guard.keepSomeGroup(em, userIds);
      await this.#guard.keepAnAdministrator(em, userIds);
      return { added: [], removed: [groupId] };
    });
  }

  async #change(
    caller: SignedInCaller,
    input: MemberInput,
    way: Way,
    change: (em: EntityManager, facts: MemberChange) => Promise<Changed>,
  ): Promise<GroupView> {
    const groupId = readGroupId(input.groupId, 'groupId');
    const userIds = readUserIds(input.userIds, 'userIds');
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, can('assign:groups'));
      const now = this.#clock.now();
      const group = await readGroup(em, groupId, 'groupId');
      const organization =
        input.organizationId == null
          ? null
          : await loadTarget(em, authority, now, { ...NAMED_ORGANIZATION, id: input.organizationId });
      const lineage = organization?.lineage ?? null;
      authority.demandAt('assign:groups', lineage ?? []);
      rejectAny(assignmentProblems(this.#directory, authority, [groupId], { field: 'groupId', lineage, way }));
      if (organization !== null) await requireMembers(em, organization.id, userIds);
      const locked = await lockTargets(em, { principal: authority.principal, now }, userIds, {
        field: 'userIds',
        permission: 'assign:groups',
        account: organization === null,
      });
      const targets = await withMemberships(em, locked, groupId, organization?.id ?? null);
      const changed = await change(em, { groupId, organization, authority, targets });
      await this.#recorder.record(
        em,
        originOf(caller),
        targets.map((row) => memberHappening(row, group, changed, organization)),
      );
      return group;
    });
  }
}

const NAMED_ORGANIZATION = { field: 'organizationId', permission: 'assign:groups' } as const;

const problem =
  (code: 'ALREADY_MEMBER' | 'NOT_MEMBER' | 'TOO_MANY_GROUPS') =>
  (row: TargetRow): Problem => ({ code, field: ['userIds'], targetId: row.user_id });

const memberHappening = (
  row: TargetRow & { readonly user_id: UserId },
  group: GroupView,
  changed: Changed,
  organization: OrganizationView | null,
): Happening => {
  const where = organization === null ? {} : { organizationId: organization.id };
  const named = organization === null ? {} : { organizationName: organization.name };
  return {
    action: 'user.groups-changed',
    target: { type: 'User', id: row.user_id, label: nameOf({ ...row, displayName: row.display_name }) },
    metadata: { ...changed, groupName: group.name, ...where, ...named },
    event: { type: 'UserGroupsChanged', payload: { userId: row.user_id, ...changed, ...where } },
  };
};

/** Nobody gets anything within an organization that they do not belong to: TARGET_NOT_FOUND for strangers to it. */
const requireMembers = async (em: EntityManager, id: OrganizationId, userIds: readonly UserId[]): Promise<void> => {
  const rows = await sql<{ user_id: UserId }>(
    em,
    'select user_id from organization_members where organization_id = $1 and user_id = any($2::uuid[])',
    [id, userIds],
  );
  const members = new Set(rows.map((row) => row.user_id));
  rejectAny(userIds.filter((userId) => !members.has(userId)).map((userId) => targetNotFound('userIds', userId)));
};

/** The rows of the users are locked: what is counted here stays until the end. */
const withMemberships = async (
  em: EntityManager,
  rows: readonly TargetRow[],
  groupId: GroupId,
  organizationId: OrganizationId | null,
): Promise<readonly HeldRow[]> => {
  const counts = await sql<{ user_id: UserId; is_member: boolean; memberships: number }>(
    em,
    `select user_id, count(*)::int as memberships,
       bool_or(group_id = $2 and organization_id is not distinct from $3::uuid) as is_member
     from memberships where user_id = any($1::uuid[]) group by user_id`,
    [rows.map((row) => row.user_id), groupId, organizationId],
  );
  const byUser = new Map(counts.map((count) => [count.user_id, count]));
  return rows.map((row) => {
    const held = byUser.get(row.user_id);
    return { ...row, isMember: held?.is_member ?? false, memberships: held?.memberships ?? 0 };
  });
};
