import type { EntityManager } from '@mikro-orm/postgresql';
import type { Caches } from '../cache/caches.ts';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import { type Problem, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId, UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { demandJoining, groupsOfAll, groupsWith, insertMembers, membersChanged } from './organization-joining.ts';
import { loadTarget, readGroups, takingAwayProblems } from './organization-targets.ts';
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
  readonly #caches: Caches;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    recorder: Recorder;
    clock: Clock;
    caches: Caches;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#caches = parts.caches;
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
      await demandJoining(em, this.#directory, authority, { organization, userIds, groupIds, field: 'userIds' });
      rejectAny(targets.filter((row) => members.has(row.user_id)).map(problem('ALREADY_MEMBER')));
      rejectAny(targets.filter((row) => groupsWith(row, groupIds) > MAXIMUM_GROUPS).map(problem('TOO_MANY_GROUPS')));
      const now = this.#clock.now();
      await insertMembers(em, { organization, userIds, groupIds, addedById: caller.principal.userId, now });
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
        takingAwayProblems(
          authority,
          [...this.#directory.list(ids), ...(await groupsOfAll(em, this.#directory, organization))],
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
    const changed = await this.#database.transaction(async (em) => {
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
    this.#caches.membersChanged(changed.id);
    return changed;
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
