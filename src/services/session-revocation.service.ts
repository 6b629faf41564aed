import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { type DeviceRow, deviceColumns } from '../entities/device.queries.ts';
import {
  type ListedSession,
  listedSessionColumns,
  listedSessionOf,
  type ListedSessionRow,
} from '../entities/session-list.queries.ts';
import { usersWithNamedSessions, usersWithRevocableSessions } from '../entities/session.visibility.ts';
import type { Visibility } from '../entities/user.visibility.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Failure, type Problem, Rejection, rejectAny } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type DeviceId, parseId, type SessionId, type UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import type { Authority } from './authority.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { sessionEnded, type SessionService } from './session.service.ts';
import { readTargetIds, targetNotFound } from './target-ids.ts';
import {
  demandOtherThanActedAs,
  demandOtherThanOwner,
  lockTargets,
  targetColumns,
  type TargetRow,
} from './user-targets.ts';

const REVOKE_OTHERS = can('revoke:sessions');

/** Whose session or device it is; `revocable`: the caller has the power to end it. */
type OwnerRow = TargetRow & { readonly revocable: boolean };

/** What a device that was forgotten took with it. */
export interface ForgottenDevice {
  readonly deviceId: DeviceId;
  readonly endedSessionIds: readonly SessionId[];
}

/**
 * Ends sessions before their time: one's own, and with `revoke:sessions` those of others who may do no more than the caller.
 * The next request of such a session is refused in every replica, whether it comes by token, by cookie or to refresh.
 */
export class SessionRevocationService {
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

  /**
   * Ends these sessions, all or none, and gives them as they are then; one that is over already stays as it is.
   * Errors: REQUIRED, TOO_MANY_ITEMS, TARGET_NOT_FOUND (also hidden), EXCEEDS_OWN_PERMISSIONS; throws FORBIDDEN for sessions of
   * others that the caller may see but not end.
   */
  async revoke(caller: SignedInCaller, ids: readonly string[]): Promise<readonly ListedSession[]> {
    const targets = readTargetIds(ids, 'ids', parseId<SessionId>);
    return this.#database.transaction(async (em) => {
      const authority = await this.#authorityOver(em, caller, 'sessions', targets);
      const rows = await this.#lockSessions(em, authority, targets);
      rejectAny(rows.flatMap((row) => this.#beyondReach(authority, row, 'ids', row.session_id)));
      const now = this.#clock.now();
      const ended = new Set(await this.#sessions.endAll(em, { sessionIds: targets }, 'REVOKED'));
      const happenings = rows
        .filter((row) => ended.has(row.session_id))
        .map((row) => sessionEnded(row.session_id, userViewOf(row, now), 'REVOKED'));
      await this.#recorder.record(em, originOf(caller), happenings);
      const after = new Map(rows.map((row) => [row.session_id, listedSessionOf(row, now)]));
      return targets.flatMap((id): readonly ListedSession[] => {
        const session = after.get(id);
        if (session === undefined) return [];
        return [ended.has(id) ? { ...session, endedAt: now, endReason: 'REVOKED' } : session];
      });
    });
  }

  /**
   * Ends all sessions of a user; gives whose, and how many.
   * Errors: TARGET_NOT_FOUND, EXCEEDS_OWN_PERMISSIONS; throws FORBIDDEN without `revoke:sessions`, oneself excepted.
   */
  async revokeAll(caller: SignedInCaller, userId: string): Promise<{ userId: UserId; count: number }> {
    const target = parseId<UserId>(userId);
    if (target === null) throw new Rejection([targetNotFound('userId', userId)]);
    return this.#database.transaction(async (em) => {
      const isSelf = target === caller.principal.userId;
      const authority = isSelf ? this.#guard.authorityOf(caller) : await this.#lock(em, caller);
      const viewer = { principal: authority.principal, now: this.#clock.now() };
      const rows = await lockTargets(em, viewer, [target], {
        field: 'userId',
        permission: 'revoke:sessions',
        account: true,
        oneself: true,
      });
      rejectAny(rows.flatMap((row) => this.#beyondReach(authority, row, 'userId', target)));
      const ended = await this.#sessions.endAll(em, { userIds: [target] }, 'REVOKED');
      const happenings = rows.flatMap((row) =>
        ended.map((id) => sessionEnded(id, userViewOf(row, viewer.now), 'REVOKED')),
      );
      await this.#recorder.record(em, originOf(caller), happenings);
      return { userId: target, count: ended.length };
    });
  }

  /**
   * Removes a device: its sessions end, its secret recognises it no longer and it is not trusted any more.
   * Errors: TARGET_NOT_FOUND (also hidden), EXCEEDS_OWN_PERMISSIONS; throws FORBIDDEN for devices of others that the caller may
   * see but not forget.
   */
  async forget(caller: SignedInCaller, id: string): Promise<ForgottenDevice> {
    const deviceId = parseId<DeviceId>(id);
    if (deviceId === null) throw new Rejection([targetNotFound('id', id)]);
    return this.#database.transaction(async (em) => {
      const authority = await this.#authorityOver(em, caller, 'devices', [deviceId]);
      const row = await this.#lockDevice(em, authority, deviceId);
      rejectAny(this.#beyondReach(authority, row, 'id', deviceId));
      // The lock keeps new sessions off the device, so these are all.
      const open = await sql<{ id: SessionId }>(
        em,
        'select id from sessions where device_id = $1 and ended_at is null order by id for update',
        [deviceId],
      );
      const ended = await this.#sessions.endAll(em, { sessionIds: open.map((session) => session.id) }, 'REVOKED');
      await sql(em, 'delete from devices where id = $1', [deviceId]);
      const owner = userViewOf(row, this.#clock.now());
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'device.forgotten',
          target: { type: 'User', id: owner.id, label: nameOf(owner) },
          changes: [{ field: 'device', before: row.name, after: null }],
          metadata: { deviceId, endedSessions: ended.length },
        },
        ...ended.map((sessionId) => sessionEnded(sessionId, owner, 'REVOKED')),
      ]);
      return { deviceId, endedSessionIds: ended };
    });
  }

  /**
   * What the caller may do, as of now and under the lock of access changes where somebody else's are among the rows. Ids that
   * the caller may not even see count as nobody's, or the refusal would tell that they exist.
   */
  async #authorityOver(
    em: EntityManager,
    caller: SignedInCaller,
    table: 'sessions' | 'devices',
    ids: readonly string[],
  ): Promise<Authority> {
    const { principal } = caller;
    const named = usersWithNamedSessions({ principal, now: this.#clock.now() }, 3);
    const [row] = await sql<{ others: boolean }>(
      em,
      `select exists (select from ${table} t join users u on u.id = t.user_id
         where t.id = any($1::uuid[]) and t.user_id <> $2 and ${named.condition}) as others`,
      [ids, principal.userId, ...named.values],
    );
    return row?.others === true ? this.#lock(em, caller) : this.#guard.authorityOf(caller);
  }

  #lock(em: EntityManager, caller: SignedInCaller): Promise<Authority> {
    return this.#guard.lock(em, caller, REVOKE_OTHERS);
  }

  /** In the order of their ids, so that two such changes cannot block each other. */
  async #lockSessions(
    em: EntityManager,
    authority: Authority,
    ids: readonly SessionId[],
  ): Promise<readonly (ListedSessionRow & OwnerRow)[]> {
    const { named, revocable } = this.#conditions(authority);
    const rows = await sql<ListedSessionRow & OwnerRow>(
      em,
      `select ${listedSessionColumns}, ${targetColumns}, ${revocable.condition} as revocable
       from sessions s join users u on u.id = s.user_id
       where s.id = any($1::uuid[]) and ${named.condition} order by s.id for update of s`,
      [ids, ...named.values, ...revocable.values],
    );
    const found = new Set(rows.map((row) => row.session_id));
    rejectAny(ids.filter((id) => !found.has(id)).map((id) => targetNotFound('ids', id)));
    return rows;
  }

  async #lockDevice(em: EntityManager, authority: Authority, id: DeviceId): Promise<DeviceRow & OwnerRow> {
    const { named, revocable } = this.#conditions(authority);
    const [row] = await sql<DeviceRow & OwnerRow>(
      em,
      `select ${deviceColumns}, ${targetColumns}, ${revocable.condition} as revocable
       from devices d join users u on u.id = d.user_id
       where d.id = $1 and ${named.condition} for update of d`,
      [id, ...named.values, ...revocable.values],
    );
    if (row === undefined) throw new Rejection([targetNotFound('id', id)]);
    return row;
  }

  #conditions({ principal }: Authority): { readonly named: Visibility; readonly revocable: Visibility } {
    const viewer = { principal, now: this.#clock.now() };
    const named = usersWithNamedSessions(viewer, 2);
    return { named, revocable: usersWithRevocableSessions(viewer, 2 + named.values.length) };
  }

  /** Nobody throws somebody out who may do what they may not; protected permissions left aside, as with locks. */
  #beyondReach(
    authority: Authority,
    row: TargetRow & Partial<OwnerRow>,
    field: string,
    targetId: string,
  ): readonly Problem[] {
    demandOtherThanActedAs(authority.principal, [row.user_id]);
    demandOtherThanOwner(authority.principal, [row.user_id]);
    if (row.user_id === authority.principal.userId) return [];
    authority.demand(REVOKE_OTHERS);
    if (row.revocable === false) {
      throw new Failure('FORBIDDEN', 'This needs revoke:sessions for them.', { missing: ['revoke:sessions'] });
    }
    return authority.isBelow(this.#directory.grantsOf(row.assignments), { protectedToo: false })
      ? [{ code: 'EXCEEDS_OWN_PERMISSIONS', field: [field], targetId }]
      : [];
  }
}
