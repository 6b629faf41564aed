import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { Membership } from '../entities/membership.entity.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import { type Problem, reject, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId, UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { readGroupId } from './group.service.ts';
import { escalation } from './user-change.service.ts';
import { assignmentProblems, MAXIMUM_GROUPS } from './user.service.ts';
import { lockTargets, readUserIds, type TargetRow } from './user-targets.ts';

interface MemberInput {
  readonly groupId: string;
  readonly userIds: readonly string[];
}

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
   * Adds members, all or none. Errors: TARGET_NOT_FOUND, ALREADY_MEMBER, TOO_MANY_GROUPS, EXCEEDS_OWN_PERMISSIONS,
   * PROTECTED_PERMISSION, SELF_ESCALATION.
   */
  async add(caller: SignedInCaller, input: MemberInput): Promise<GroupView> {
    return this.#change(caller, input, async (em, { groupId, authority, targets }) => {
      const userIds = targets.map((row) => row.user_id);
      rejectAny(escalation(this.#directory, authority, { userIds, groupIds: [groupId], field: 'userIds' }));
      rejectAny(targets.filter((row) => row.group_ids.includes(groupId)).map(problem('ALREADY_MEMBER')));
      rejectAny(targets.filter((row) => row.group_ids.length >= MAXIMUM_GROUPS).map(problem('TOO_MANY_GROUPS')));
      const facts = { addedById: caller.principal.userId, now: this.#clock.now() };
      em.persist(userIds.map((userId) => new Membership(userId, groupId, facts)));
      await em.flush();
      return { added: [groupId], removed: [] };
    });
  }

  /** Removes members, all or none. Errors: TARGET_NOT_FOUND, NOT_MEMBER, NO_GROUPS_LEFT, LAST_ADMIN, EXCEEDS_OWN_PERMISSIONS. */
  async remove(caller: SignedInCaller, input: MemberInput): Promise<GroupView> {
    return this.#change(caller, input, async (em, { groupId, targets }) => {
      const userIds = targets.map((row) => row.user_id);
      rejectAny(targets.filter((row) => !row.group_ids.includes(groupId)).map(problem('NOT_MEMBER')));
      await sql(
        em,
        'delete from memberships where group_id = $1 and user_id = any($2::uuid[]) and organization_id is null',
        [groupId, userIds],
      );
      await this.#guard.keepSomeGroup(em, userIds);
      await this.#guard.keepAnAdministrator(em, userIds);
      return { added: [], removed: [groupId] };
    });
  }

  async #change(
    caller: SignedInCaller,
    input: MemberInput,
    change: (
      em: EntityManager,
      facts: { groupId: GroupId; authority: Authority; targets: readonly TargetRow[] },
    ) => Promise<{ added: readonly GroupId[]; removed: readonly GroupId[] }>,
  ): Promise<GroupView> {
    const groupId = readGroupId(input.groupId, 'groupId');
    const userIds = readUserIds(input.userIds, 'userIds');
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, can('assign:groups'));
      const group = await this.#read(em, groupId);
      rejectAny(assignmentProblems(this.#directory, authority, [groupId], 'groupId'));
      const viewer = { principal: authority.principal, now: this.#clock.now() };
      const targets = await lockTargets(em, viewer, userIds, {
        field: 'userIds',
        permission: 'assign:groups',
        account: true,
      });
      const changed = await change(em, { groupId, authority, targets });
      await this.#recorder.record(
        em,
        originOf(caller),
        targets.map((row) => memberHappening(row, group, changed)),
      );
      return group;
    });
  }

  async #read(em: EntityManager, id: GroupId): Promise<GroupView> {
    const [row] = await sql<GroupRow>(em, `select ${groupColumns} from groups g where g.id = $1`, [id]);
    return row === undefined ? reject('TARGET_NOT_FOUND', { field: ['groupId'], targetId: id }) : groupViewOf(row);
  }
}

const problem =
  (code: 'ALREADY_MEMBER' | 'NOT_MEMBER' | 'TOO_MANY_GROUPS') =>
  (row: TargetRow): Problem => ({ code, field: ['userIds'], targetId: row.user_id });

const memberHappening = (
  row: TargetRow & { readonly user_id: UserId },
  group: GroupView,
  changed: { readonly added: readonly GroupId[]; readonly removed: readonly GroupId[] },
): Happening => ({
  action: 'user.groups-changed',
  target: { type: 'User', id: row.user_id, label: nameOf({ ...row, displayName: row.display_name }) },
  metadata: { ...changed, groupName: group.name },
  event: { type: 'UserGroupsChanged', payload: { userId: row.user_id, ...changed } },
});
