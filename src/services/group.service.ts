import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { Group, GroupGrant, groupNameKey } from '../entities/group.entity.ts';
import type { GroupView } from '../entities/group.queries.ts';
import type { Viewer } from '../entities/user.visibility.ts';
import { rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId } from '../ids.ts';
import { type GrantInput, parseGrants } from '../permissions/grant-input.ts';
import { exceeding, permissionKey } from '../permissions/grants.ts';
import { can, type Rule } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import {
  grantsChanged,
  groupHappening,
  refusingTakenNames,
  requireMayChangeReach,
  requireMayGrant,
  requireMayReach,
  requireMayRename,
  requireMayTake,
} from './group-change.ts';
import type { Authority, Where } from './authority.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import { endMemberships } from './ended-memberships.ts';
import type { GroupDirectory } from './group-directory.ts';
import {
  feltAt,
  findReach,
  type GroupReach,
  type ReachInput,
  reachProblems,
  reachText,
  storeListed,
} from './group-reach.ts';
import { loadGroup, readGroup, readGroupId } from './group-target.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import type { OrganizationLevels } from './organization-levels.ts';
import { Reading } from './text.ts';

export interface NewGroupInput {
  readonly name: string;
  readonly description: string | null;
  readonly permissions: readonly GrantInput[];
  readonly reach: ReachInput | null;
  readonly idempotencyKey: string | null;
}

/** Absent (undefined) = keep. */
export interface GroupChangeInput {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly reach?: ReachInput | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

const DESCRIPTION = { field: ['description'], maximum: 1000, mayBeBlank: true } as const;
const NAME = { field: ['name'], maximum: 100 } as const;

const NOWHERE: GroupReach = { scopeMode: 'LISTED', listed: [] };

/** Makes, changes and deletes groups. Every change takes a new epoch, so that it holds from the next request on, everywhere. */
export class GroupService {
  readonly #database: Database;
  readonly #guard: AccessGuard;
  readonly #directory: GroupDirectory;
  readonly #levels: OrganizationLevels;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    guard: AccessGuard;
    directory: GroupDirectory;
    levels: OrganizationLevels;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#guard = parts.guard;
    this.#directory = parts.directory;
    this.#levels = parts.levels;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Makes a group with grants, at most what the caller holds where it reaches, everywhere if a level names it. Errors: those of the fields, NAME_IN_USE, UNKNOWN_PERMISSION,
   * INVALID_CONSTRAINT, EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, TARGET_NOT_FOUND for organizations.
   */
  async create(caller: SignedInCaller, input: NewGroupInput): Promise<GroupView> {
    const reading = new Reading();
    const name = reading.text(input.name, NAME);
    const description = reading.text(input.description ?? '', DESCRIPTION);
    const { grants, problems } = parseGrants(input.permissions, this.#directory.catalogue);
    rejectAny([...reading.problems, ...problems, ...reachProblems(input.reach)]);
    const request = idempotentRequest(caller, input);
    return refusingTakenNames(() =>
      this.#database.transaction(async (em) => {
        const earlier = await this.#idempotency.claim<{ groupId: GroupId }>(em, request);
        if (earlier !== null) return readGroup(em, earlier.groupId);
        const authority = await this.#guard.lock(em, caller, can('create:groups'));
        const reach = await findReach(em, this.#viewer(authority), input.reach, NOWHERE);
        requireMayReach(authority, grants, reach);
        const group = new Group(name, this.#clock.now());
        if (this.#levels.giving(group).length > 0) requireMayGrant(authority, grants, 'ALL');
        group.description = description;
        group.scopeMode = reach.scopeMode;
        group.createdById = caller.principal.userId;
        group.changedEpoch = await this.#guard.nextEpoch(em);
        em.persist([group, ...grants.map((grant, position) => new GroupGrant(group.id, position, grant))]);
        await em.flush();
        await storeListed(em, group.id, reach);
        await this.#recorder.record(em, originOf(caller), [
          groupHappening('group.created', group.name, {
            type: 'GroupCreated',
            payload: { groupId: group.id, grants: grants.map(permissionKey) },
          }),
        ]);
        await this.#idempotency.keep(em, request, { groupId: group.id });
        return readGroup(em, group.id);
      }),
    );
  }

  /**
   * Changes name, description or reach; what stays as it was makes no new version. A new reach needs what making the group with it would need, and what narrowing takes away.
   * Errors: NAME_IN_USE, SYSTEM_MANAGED, VERSION_CONFLICT (with the current group), those of a reach, LAST_ADMIN.
   */
  async update(caller: SignedInCaller, input: GroupChangeInput): Promise<GroupView> {
    const reading = new Reading();
    const name = reading.optionalText(input.name, NAME);
    const description = input.description === undefined ? null : reading.text(input.description ?? '', DESCRIPTION);
    const asked = input.reach ?? null;
    rejectAny([...reading.problems, ...reachProblems(asked)]);
    return refusingTakenNames(() =>
      this.#changing(caller, { ...input, rule: can('update:groups') }, async (em, group, authority) => {
        const reach = asked === null ? null : await this.#changeReach(em, authority, group, asked);
        const before = { name: group.name, description: group.description };
        if (name !== null) {
          await requireMayRename(em, authority, this.#levels, { group, name });
          group.name = name;
          group.nameKey = groupNameKey(name);
        }
        if (description !== null) group.description = description;
        const changes = [
          { field: 'name', before: before.name, after: group.name },
          { field: 'description', before: before.description, after: group.description },
          ...(reach === null ? [] : [{ field: 'allowedOrganizations', ...reach }]),
        ].filter((change) => change.before !== change.after);
        if (changes.length === 0) return null;
        const event = { type: 'GroupUpdated', payload: { groupId: group.id } } as const;
        return { ...groupHappening('group.updated', group.name, event), changes };
      }),
    );
  }

  /**
   * Replaces the grants. Nobody gives or takes away more than they hold. Errors: SYSTEM_MANAGED, VERSION_CONFLICT,
   * UNKNOWN_PERMISSION, INVALID_CONSTRAINT, TOO_MANY_PERMISSIONS, EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, LAST_ADMIN.
   */
  async setPermissions(
    caller: SignedInCaller,
    input: {
      readonly id: string;
      readonly permissions: readonly GrantInput[];
      readonly expectedVersion: number | null;
    },
  ): Promise<GroupView> {
    const { grants, problems } = parseGrants(input.permissions, this.#directory.catalogue);
    rejectAny(problems);
    return this.#changing(caller, { ...input, rule: can('grant:groups') }, async (em, group, authority) => {
      const present = await readGroup(em, group.id);
      const before = present.permissions;
      const where = await this.#feltAt(em, present);
      requireMayTake(authority, [...grants, ...before], where);
      requireMayGrant(authority, exceeding(grants, before, this.#directory.catalogue), where);
      await sql(em, 'delete from group_grants where group_id = $1', [group.id]);
      em.persist(grants.map((grant, position) => new GroupGrant(group.id, position, grant)));
      await em.flush();
      await this.#guard.keepAnAdministrator(em, []);
      return {
        ...groupHappening('group.permissions-changed', group.name, {
          type: 'GroupPermissionsChanged',
          payload: { groupId: group.id, ...grantsChanged(before, grants) },
        }),
      };
    });
  }

  /** Deletes a group. Errors: SYSTEM_MANAGED, VERSION_CONFLICT, EXCEEDS_OWN_PERMISSIONS, NO_GROUPS_LEFT, LAST_ADMIN. */
  async delete(
    caller: SignedInCaller,
    input: { readonly id: string; readonly expectedVersion: number | null },
  ): Promise<GroupId> {
    const id = readGroupId(input.id);
    await this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, can('delete:groups'));
      // New members wait for this row or are seen below: nobody slips into a group that goes, to be left without any.
      await sql(em, 'select id from groups where id = $1 for update', [id]);
      const group = await loadGroup(em, id, input.expectedVersion);
      const present = await readGroup(em, id);
      requireMayTake(authority, present.permissions, await this.#feltAt(em, present));
      await this.#guard.nextEpoch(em);
      const stranded = await endMemberships(em, { groupId: id });
      await sql(em, 'delete from groups where id = $1', [id]);
      rejectAny(stranded);
      await this.#guard.keepAnAdministrator(em, []);
      await this.#recorder.record(em, originOf(caller), [
        groupHappening('group.deleted', group.name, { type: 'GroupDeleted', payload: { groupId: group.id } }),
      ]);
    });
    return id;
  }

  /** The change for the log; both are the same when the reach stays. */
  async #changeReach(
    em: EntityManager,
    authority: Authority,
    group: Group,
    asked: ReachInput,
  ): Promise<{ readonly before: string; readonly after: string }> {
    const present = await readGroup(em, group.id);
    const reach = await findReach(em, this.#viewer(authority), asked, present);
    const change = { before: reachText(present), after: reachText(reach) };
    if (change.before === change.after) return change;
    requireMayChangeReach(authority, present.permissions, { present, reach });
    group.scopeMode = reach.scopeMode;
    await em.flush();
    await storeListed(em, group.id, reach);
    await this.#guard.keepAnAdministrator(em, []);
    return change;
  }

  #feltAt(em: EntityManager, group: GroupView): Promise<Where> {
    return feltAt(em, group, this.#levels.giving(group).length > 0);
  }

  #viewer({ principal }: Authority): Viewer {
    return { principal, now: this.#clock.now() };
  }

  async #changing(
    caller: SignedInCaller,
    input: { readonly id: string; readonly expectedVersion?: number | null | undefined; readonly rule: Rule },
    change: (em: EntityManager, group: Group, authority: Authority) => Promise<Happening | null>,
  ): Promise<GroupView> {
    const id = readGroupId(input.id);
    return this.#database.transaction(async (em) => {
      const authority = await this.#guard.lock(em, caller, input.rule);
      const group = await loadGroup(em, id, input.expectedVersion ?? null);
      const happening = await change(em, group, authority);
      if (happening === null) return readGroup(em, id);
      group.updatedAt = this.#clock.now();
      group.changedEpoch = await this.#guard.nextEpoch(em);
      await em.flush();
      await this.#recorder.record(em, originOf(caller), [happening]);
      return readGroup(em, id);
    });
  }
}

const idempotentRequest = (
  caller: SignedInCaller,
  { idempotencyKey, ...input }: NewGroupInput,
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'createGroup', key: idempotencyKey, input };
