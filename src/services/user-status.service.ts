import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, instant } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type DeletedKey, deletedKeys } from '../entities/api-key.queries.ts';
import { unlockDevices } from '../entities/device.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import { Failure, type Problem, Rejection } from '../errors.ts';
import type { Happening, Origin, Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { and, can, notImpersonating, viaSession } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { apiKeyHappening, keyOfEvent } from './api-key-target.ts';
import type { Authority } from './authority.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { holdAccount } from './held-account.ts';
import { endOpenTokens } from './open-tokens.ts';
import { type SessionService, sessionEnded } from './session.service.ts';
import { happeningsOf, readReason, shutOut, type StatusChange } from './user-status-change.ts';
import { demandOtherThanOwner, lockTargets, readUserIds, targetColumns, type TargetRow } from './user-targets.ts';

/** The end of a lock that lasts until somebody takes it off. */
const FOR_GOOD = instant('9999-12-31T23:59:59.000Z');

/** Locks, disables, deletes and wakes accounts, several at once, all or nothing. */
export class UserStatusService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #guard: AccessGuard;
  readonly #sessions: SessionService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    guard: AccessGuard;
    sessions: SessionService;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#guard = parts.guard;
    this.#sessions = parts.sessions;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /** Locks until an instant, or until unlocked, and ends the sessions. Errors: LAST_ADMIN, NOT_ON_ONESELF, EXPIRY_IN_PAST ... */
  async lock(
    caller: SignedInCaller,
    ids: readonly string[],
    reason: string,
    until: Date | null,
  ): Promise<readonly UserView[]> {
    if (until !== null && until <= this.#clock.now())
      throw new Rejection([{ code: 'EXPIRY_IN_PAST', field: ['until'] }]);
    return this.#change(caller, ids, {
      permission: 'lock:users',
      action: 'user.locked',
      reason: readReason(reason),
      set: 'locked_until = $4::timestamptz, status_reason = $3',
      until: until ?? FOR_GOOD,
      ends: 'ACCOUNT_LOCKED',
      onOneself: false,
      letsIn: ({ lockedUntil }) => lockedUntil !== null && until !== null && until < lockedUntil,
    });
  }

  /** Takes locks off, automatic ones too, and forgets failed sign-ins. */
  async unlock(caller: SignedInCaller, ids: readonly string[], reason: string): Promise<readonly UserView[]> {
    return this.#change(caller, ids, {
      permission: 'lock:users',
      action: 'user.unlocked',
      reason: readReason(reason),
      set: `locked_until = $4::timestamptz, failed_sign_in_count = 0,
        status_reason = case when u.status = 'DISABLED' then u.status_reason end`,
      until: null,
      ends: null,
      onOneself: false,
      letsIn: ({ disabled, lockedUntil }) => lockedUntil !== null && !disabled,
    });
  }

  /** Disables and ends the sessions; only enabling brings the account back. */
  async disable(caller: SignedInCaller, ids: readonly string[], reason: string): Promise<readonly UserView[]> {
    return this.#change(caller, ids, {
      permission: 'disable:users',
      action: 'user.disabled',
      reason: readReason(reason),
      set: `status = 'DISABLED', status_reason = $3`,
      until: null,
      ends: 'ACCOUNT_DISABLED',
      onOneself: false,
    });
  }

  /**
   * Wakes disabled accounts: PENDING where no address was ever proved or given by an administrator, INVITED where nobody ever
   * had a way in, else ACTIVE. A lock that still runs keeps its reason: a
   * lock without one counts as automatic, which spares sessions and leaves an administrator counted as active.
   */
  async enable(caller: SignedInCaller, ids: readonly string[], reason: string): Promise<readonly UserView[]> {
    return this.#change(caller, ids, {
      permission: 'disable:users',
      action: 'user.enabled',
      reason: readReason(reason),
      set: `status = case when u.status <> 'DISABLED' then u.status
          when not exists (select from identifiers i where i.user_id = u.id and i.exclusive)
            and exists (select from identifiers i where i.user_id = u.id) then 'PENDING'
          when exists (select from credentials c where c.user_id = u.id)
            or exists (select from external_identities e where e.user_id = u.id)
            or u.last_sign_in_at is not null then 'ACTIVE'
          else 'INVITED' end,
        status_reason = case when u.status = 'DISABLED' and (u.locked_until is null or u.locked_until <= $2::timestamptz)
          then null else u.status_reason end`,
      until: null,
      ends: null,
      onOneself: false,
      letsIn: ({ disabled }) => disabled,
    });
  }

  /** Makes people choose a new password at the next sign-in, and ends their sessions if asked. */
  async requirePasswordChange(
    caller: SignedInCaller,
    ids: readonly string[],
    endSessions: boolean,
  ): Promise<readonly UserView[]> {
    return this.#change(caller, ids, {
      permission: 'update:users',
      action: 'user.password-change-required',
      reason: null,
      set: 'password_change_required = true',
      until: null,
      ends: endSessions ? 'REVOKED' : null,
      onOneself: true,
    });
  }

  /** Deletes accounts with all that belongs to them; the audit log keeps its lines. Cannot be undone. */
  async delete(caller: SignedInCaller, ids: readonly string[], reason: string | null): Promise<readonly UserId[]> {
    const targets = readUserIds(ids, 'ids');
    const why = reason === null ? null : readReason(reason);
    return this.#database.transaction(async (em) => {
      const { authority, rows } = await this.#lockTargets(em, caller, targets, 'delete:users');
      this.#requireOthers(authority, rows);
      this.#requireReach(authority, rows);
      const people = rows.map((row) => userViewOf(row, this.#clock.now()));
      await this.remove(em, originOf(caller), people, why === null ? {} : { reason: why });
      return targets;
    });
  }

  /**
   * Deletes the account of a caller who proved to be its owner; `farewell` is written in the same transaction, where there is an
   * address that is theirs. Errors: LAST_ADMIN; throws UNAUTHENTICATED when the account was shut out or the session ended
   * meanwhile.
   */
  async deleteOwn(
    caller: SignedInCaller,
    farewell: (em: EntityManager, user: UserView & { readonly email: string }) => Promise<void>,
  ): Promise<UserId> {
    const { account, session } = caller;
    return this.#database.transaction(async (em) => {
      await this.#guard.lock(em, caller, and(viaSession, notImpersonating));
      const now = this.#clock.now();
      const which = { userId: account.id, sessionId: session?.id ?? null, now };
      const row = session === null ? null : await holdAccount(em, which);
      if (row === null) throw new Failure('UNAUTHENTICATED');
      const user = userViewOf(row, now);
      if (row.email_is_own && user.email !== null) await farewell(em, { ...user, email: user.email });
      await this.remove(em, originOf(caller), [user], { byOwner: true });
      return user.id;
    });
  }

  /** Deletes accounts that were judged in this transaction already, with their sessions, and records it. Errors: LAST_ADMIN. */
  async remove(
    em: EntityManager,
    origin: Origin,
    people: readonly UserView[],
    metadata: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const ids = people.map(({ id }) => id);
    const ended = await this.#sessions.endAll(em, { userIds: ids }, 'ACCOUNT_DELETED');
    const keys = await sql<DeletedKey>(em, deletedKeys, [ids, this.#clock.now().toISOString()]);
    await sql(em, 'delete from users where id = any($1::uuid[])', [ids]);
    await this.#guard.keepAnAdministrator(em, ids);
    await this.#recorder.record(em, origin, [
      ...keys.map((key) => {
        const payload = { ...keyOfEvent(key), withOwner: true };
        return apiKeyHappening('api-key.deleted', key.name, { type: 'ApiKeyRevoked', payload });
      }),
      ...people.map((user): Happening => ({
        action: 'user.deleted',
        target: userReference(user),
        metadata,
        event: { type: 'UserDeleted', payload: { userId: user.id, endedSessions: ended.length } },
      })),
    ]);
  }

  async #change(caller: SignedInCaller, ids: readonly string[], change: StatusChange): Promise<readonly UserView[]> {
    const targets = readUserIds(ids, 'ids');
    return this.#database.transaction(async (em) => {
      const { authority, rows } = await this.#lockTargets(em, caller, targets, change.permission);
      if (change.onOneself) demandOtherThanOwner(authority.principal, targets);
      else this.#requireOthers(authority, rows);
      this.#requireReach(authority, rows);
      const now = this.#clock.now();
      for (const row of rows) {
        if (change.letsIn?.(shutOut(row, now)) === true) {
          authority.lettingBackIn(this.#directory.grantsOf(row.assignments));
        }
      }
      await sql(
        em,
        `update users u set ${change.set}, updated_at = $2::timestamptz, version = u.version + 1
         where u.id = any($1::uuid[]) and ($3::text is null or true) and ($4::timestamptz is null or true)`,
        [targets, now.toISOString(), change.reason, change.until?.toISOString() ?? null],
      );
      if (change.action === 'user.unlocked') await sql(em, unlockDevices, [targets]);
      const ended = await this.#end(em, targets, change, now);
      const after = await this.#read(em, targets);
      await this.#recorder.record(em, originOf(caller), [...happeningsOf(after, change), ...ended]);
      return after;
    });
  }

  /** What taking rights away brings with it: no last administrator, no sessions, no open links. */
  async #end(
    em: EntityManager,
    targets: readonly UserId[],
    change: StatusChange,
    now: Date,
  ): Promise<readonly Happening[]> {
    const { ends } = change;
    if (ends === null) return [];
    await this.#guard.keepAnAdministrator(em, targets);
    await endOpenTokens(em, change.permission === 'update:users' ? [] : targets, now);
    const rows = await sql<{ id: string; user_id: UserId }>(
      em,
      'select id, user_id from sessions where user_id = any($1::uuid[]) and ended_at is null',
      [targets],
    );
    const ended = new Set<string>(await this.#sessions.endAll(em, { userIds: targets }, ends));
    const people = new Map((await this.#read(em, targets)).map((user) => [user.id, user]));
    return rows.flatMap((row) => {
      const user = people.get(row.user_id);
      return user === undefined || !ended.has(row.id) ? [] : [sessionEnded(row.id as never, user, ends)];
    });
  }

  async #lockTargets(
    em: EntityManager,
    caller: SignedInCaller,
    targets: readonly UserId[],
    permission: PermissionName,
  ) {
    const authority = await this.#guard.lock(em, caller, can(permission));
    const viewer = { principal: authority.principal, now: this.#clock.now() };
    return { authority, rows: await lockTargets(em, viewer, targets, { field: 'ids', permission, account: true }) };
  }

  #requireOthers(authority: Authority, rows: readonly TargetRow[]): void {
    const self = authority.principal.userId;
    if (rows.some((row) => row.user_id === self)) {
      throw new Rejection([{ code: 'NOT_ON_ONESELF', field: ['ids'], targetId: self }]);
    }
  }

  /** Nobody takes the account away from somebody who may do what they may not; protected permissions left aside. */
  #requireReach(authority: Authority, rows: readonly TargetRow[]): void {
    const problems = rows.flatMap((row): Problem[] => {
      const theirs = this.#directory.grantsOf(row.assignments);
      const isSelf = row.user_id === authority.principal.userId;
      return !isSelf && authority.isBelow(theirs, { protectedToo: false })
        ? [{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['ids'], targetId: row.user_id }]
        : [];
    });
    if (problems.length > 0) throw new Rejection(problems);
  }

  async #read(em: EntityManager, ids: readonly UserId[]): Promise<readonly UserView[]> {
    const rows = await sql<TargetRow>(
      em,
      `select ${targetColumns} from users u where u.id = any($1::uuid[]) order by u.id`,
      [ids],
    );
    return rows.map((row) => userViewOf(row, this.#clock.now()));
  }
}
