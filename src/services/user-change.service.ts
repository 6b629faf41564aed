import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { AuditChange } from '../entities/audit-event.entity.ts';
import { Membership } from '../entities/membership.entity.ts';
import { User } from '../entities/user.entity.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { type Problem, rejectAny, Rejection } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { IdentifierKind } from '../vocabulary.ts';
import type { AccessGuard } from './access-guard.ts';
import { attributeChangesOf, type AttributeChanges, type UserAttributes } from './attributes.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import { type GroupDirectory, whereOf } from './group-directory.ts';
import { endOpenTokens } from './open-tokens.ts';
import { confirmed } from './own-proof.ts';
import {
  type Identifiers,
  readIdentifiers,
  refusingTakenIdentifiers,
  refusingVanishedGroups,
  replaceIdentifier,
} from './new-user.ts';
import { Reading } from './text.ts';
import { assignmentProblems, readGroupIds } from './user.service.ts';
import { lockTargets, readUserIds, targetColumns, type TargetRow } from './user-targets.ts';

/** Absent (undefined) = keep, null = clear, a list = the whole new list. */
export interface UserChangeInput {
  readonly id: string;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly locale?: string | null | undefined;
  readonly groupIds?: readonly string[] | null | undefined;
  /** Of each value, null = clear, absent = keep. */
  readonly attributes?: object | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

interface CheckedChange {
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly identifiers: Identifiers;
  readonly cleared: readonly IdentifierKind[];
  readonly groupIds: readonly GroupId[] | null;
  readonly attributes: AttributeChanges;
}

/** Changes names, identifiers, groups and custom attributes of users. */
export class UserChangeService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #attributes: UserAttributes;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    attributes: UserAttributes;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#attributes = parts.attributes;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Changes what is given, all or nothing; what stays as it was makes no new version. Identifiers of somebody who may do what the caller may not are out of reach:
   * whoever changes an address can take the account over, and what it holds of protected permissions with it. Those of the caller take
   * a confirmed session. Errors: those of the fields, TARGET_NOT_FOUND, VERSION_CONFLICT
   * (with the current user), EXCEEDS_OWN_PERMISSIONS, PROTECTED_PERMISSION, SELF_ESCALATION, NO_GROUPS_LEFT, LAST_ADMIN.
   */
  async update(caller: SignedInCaller, input: UserChangeInput): Promise<UserView> {
    const asked = this.#readChange(input);
    const ids = readUserIds([input.id], 'id');
    const apply = (): Promise<UserView> =>
      this.#database.transaction(async (em) => {
        const authority = await this.#guard.lock(em, caller, can('update:users'));
        const viewer = { principal: authority.principal, now: this.#clock.now() };
        const [target] = await lockTargets(em, viewer, ids, { field: 'id', permission: 'update:users', account: true });
        if (target === undefined) throw new Rejection([{ code: 'TARGET_NOT_FOUND', field: ['id'] }]);
        this.#requireVersion(target, input.expectedVersion ?? null);
        const change = withoutPresentIdentifiers(asked, target);
        this.#requireReach(authority, target, change);
        const happenings = await this.#apply(em, authority, target, change);
        await this.#recorder.record(em, originOf(caller), happenings);
        return this.#read(em, target.user_id);
      });
    const read = this.#database.query.bind(this.#database);
    const refusing = (): Promise<UserView> => refusingVanishedGroups(read, asked.groupIds ?? [], apply);
    return refusingTakenIdentifiers(read, asked.identifiers, refusing, ids[0]);
  }

  #readChange(input: UserChangeInput): CheckedChange {
    const reading = new Reading();
    const displayName = reading.optionalText(input.displayName, { field: ['displayName'], maximum: 100 });
    const locale = typeof input.locale === 'string' ? reading.locale(input.locale) : null;
    const { identifiers, problems } = readIdentifiers(input);
    const groups = Array.isArray(input.groupIds) ? readGroupIds(input.groupIds) : null;
    const attributes = this.#attributes.read(input.attributes, 'administrator');
    rejectAny([...reading.problems, ...problems, ...(groups?.problems ?? []), ...attributes.problems]);
    const groupIds = groups?.ids ?? null;
    return {
      displayName,
      locale,
      identifiers,
      cleared: clearedKinds(input),
      groupIds,
      attributes: attributes.changes,
    };
  }

  #requireVersion(target: TargetRow, expected: number | null): void {
    if (expected === null || expected === target.version) return;
    const user = userViewOf(target, this.#clock.now());
    throw new Rejection([{ code: 'VERSION_CONFLICT', field: ['expectedVersion'] }], { user });
  }

  #requireReach(authority: Authority, target: TargetRow, change: CheckedChange): void {
    const changesIdentifiers = change.identifiers.length > 0 || change.cleared.length > 0;
    if (target.kind === 'SERVICE') refuseIdentifiers(change);
    const isSelf = authority.principal.userId === target.user_id;
    const theirs = this.#directory.grantsOf(target.assignments);
    const takesHold = changesIdentifiers && !isSelf;
    if (takesHold && authority.isBelow(theirs, { protectedToo: true })) {
      throw new Rejection([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['id'], targetId: target.user_id }]);
    }
    const left = (['EMAIL', 'PHONE', 'USERNAME'] as const).filter((kind) => this.#keeps(target, change, kind));
    if (left.length === 0 && changesIdentifiers) throw new Rejection([{ code: 'REQUIRED', field: ['email'] }]);
    if (takesHold) authority.takingHold(theirs, { secondPerson: true });
    // As with requestEmailChange: whoever found a session, or a key, does not take the account of its owner by it.
    if (changesIdentifiers && isSelf) authority.demand(confirmed);
  }

  #keeps(target: TargetRow, change: CheckedChange, kind: IdentifierKind): boolean {
    if (change.identifiers.some((one) => one.kind === kind)) return true;
    return presentIdentifier(target, kind) !== null && !change.cleared.includes(kind);
  }

  async #apply(
    em: EntityManager,
    authority: Authority,
    target: TargetRow,
    change: CheckedChange,
  ): Promise<readonly Happening[]> {
    const now = this.#clock.now();
    const user = await em.findOneOrFail(User, { id: target.user_id });
    if (change.displayName !== null) user.displayName = change.displayName;
    if (change.locale !== null) user.locale = change.locale;
    user.attributes = this.#attributes.after(target.attributes, change.attributes);
    for (const kind of change.cleared) await replaceIdentifier(em, user, { kind, identifier: null, now });
    for (const identifier of change.identifiers) {
      await replaceIdentifier(em, user, { kind: identifier.kind, identifier, now });
    }
    const changes = changesOf(target, user);
    if (changes.length > 0) user.updatedAt = now;
    await em.flush();
    if (change.identifiers.length > 0 || change.cleared.length > 0) await endOpenTokens(em, [user.id], now);
    const groupsChanged = await this.#replaceGroups(em, authority, target, change.groupIds);
    if (groupsChanged !== null) user.updatedAt = now;
    await em.flush();
    const reference = userReference(user);
    const updated: Happening = {
      action: 'user.updated',
      target: reference,
      changes,
      event: { type: 'UserUpdated', payload: { userId: user.id } },
    };
    return [
      ...(changes.length === 0 ? [] : [updated]),
      ...(groupsChanged === null ? [] : [{ ...groupsChanged, target: reference }]),
    ];
  }

  async #replaceGroups(
    em: EntityManager,
    authority: Authority,
    target: TargetRow,
    wanted: readonly GroupId[] | null,
  ): Promise<Happening | null> {
    if (wanted === null) return null;
    const added = wanted.filter((id) => !target.group_ids.includes(id));
    const removed = target.group_ids.filter((id) => !wanted.includes(id));
    if (added.length === 0 && removed.length === 0) return null;
    const problems = [
      ...assignmentProblems(this.#directory, authority, removed, { field: 'groupIds', way: 'takingAway' }),
      ...assignmentProblems(this.#directory, authority, added, { field: 'groupIds' }),
      ...escalation(this.#directory, authority, { userIds: [target.user_id], groupIds: added, field: 'groupIds' }),
    ];
    if (problems.length > 0) throw new Rejection(problems);
    const now = this.#clock.now();
    await sql(
      em,
      'delete from memberships where user_id = $1 and group_id = any($2::uuid[]) and organization_id is null',
      [target.user_id, removed],
    );
    for (const groupId of added) {
      em.persist(new Membership(target.user_id, groupId, { addedById: authority.principal.userId, now }));
    }
    await em.flush();
    if (removed.length > 0) await this.#guard.keepAnAdministrator(em, [target.user_id]);
    return {
      action: 'user.groups-changed',
      metadata: { added, removed },
      event: { type: 'UserGroupsChanged', payload: { userId: target.user_id, added, removed } },
    };
  }

  async #read(em: EntityManager, id: UserId): Promise<UserView> {
    const [row] = await sql<TargetRow>(em, `select ${targetColumns} from users u where u.id = $1`, [id]);
    if (row === undefined) throw new Error('The changed user is not there.');
    return userViewOf(row, this.#clock.now());
  }
}

/**
 * Nobody raises their own rights: adding oneself to a group needs `update:users`, and even then the group may give nothing
 * that one lacks. The actor is the caller, never a field of the input.
 */
export const escalation = (
  directory: GroupDirectory,
  authority: Authority,
  change: {
    readonly userIds: readonly UserId[];
    readonly groupIds: readonly GroupId[];
    readonly field: string;
    /** Of the organization within which; absent or null = wherever the groups reach. */
    readonly lineage?: readonly OrganizationId[] | null;
  },
): readonly Problem[] => {
  const { lineage = null } = change;
  const self = authority.principal.userId;
  if (!change.userIds.includes(self) || change.groupIds.length === 0) return [];
  const raises = change.groupIds.some((id) => {
    const group = directory.find(id);
    return (
      group !== undefined && authority.wouldRaise(group.permissions, lineage === null ? whereOf(group) : [lineage])
    );
  });
  const allowed = authority.holdsAt('update:users', lineage ?? []) && !raises;
  return allowed ? [] : [{ code: 'SELF_ESCALATION', field: [change.field], targetId: self }];
};

/** An address would be a way to sign in, which service accounts have not. */
const refuseIdentifiers = ({ identifiers }: CheckedChange): void => {
  const message = 'Service accounts have no addresses.';
  rejectAny(identifiers.map(({ kind }): Problem => ({ code: 'INVALID_VALUE', message, field: [kind.toLowerCase()] })));
};

const presentIdentifier = (target: TargetRow, kind: IdentifierKind): string | null =>
  ({ EMAIL: target.email, PHONE: target.phone, USERNAME: target.username })[kind];

/** A form sends back what it was filled with: an address that stays, or a missing one that stays missing, is no change. */
const withoutPresentIdentifiers = (change: CheckedChange, target: TargetRow): CheckedChange => ({
  ...change,
  identifiers: change.identifiers.filter((one) => presentIdentifier(target, one.kind) !== one.shown),
  cleared: change.cleared.filter((kind) => presentIdentifier(target, kind) !== null),
});

const clearedKinds = (input: UserChangeInput): readonly IdentifierKind[] => {
  const given: readonly (readonly [IdentifierKind, string | null | undefined])[] = [
    ['EMAIL', input.email],
    ['PHONE', input.phone],
    ['USERNAME', input.username],
  ];
  return given.filter(([, text]) => text === null).map(([kind]) => kind);
};

/** What of an account changed, for the log. */
export const changesOf = (
  before: UserRow,
  after: Pick<UserView, 'displayName' | 'locale' | 'email' | 'phone' | 'username' | 'attributes'>,
): readonly AuditChange[] => {
  const fields: readonly AuditChange[] = [
    { field: 'displayName', before: before.display_name, after: after.displayName },
    { field: 'locale', before: before.locale, after: after.locale },
    { field: 'email', before: before.email, after: after.email },
    { field: 'phone', before: before.phone, after: after.phone },
    { field: 'username', before: before.username, after: after.username },
    ...attributeChangesOf(before.attributes, after.attributes),
  ];
  return fields.filter((change) => change.before !== change.after);
};
