import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import {
  deriveSuccessor,
  hashSecret,
  type ParsedToken,
  parseToken,
  sameHash,
  tokenFromSecret,
} from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import {
  type FamilyRow,
  familyBySelector,
  type RotatedRow,
  rotateFamily,
  sessionViewOf,
} from '../entities/session.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { DeviceId, SessionId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { type Caller, originOf } from './caller.ts';
import type { SessionService } from './session.service.ts';
import { sessionEnded } from './session.service.ts';
import type { SessionTokenIssuer, SessionTokens } from './session-tokens.ts';
import { tellOwner } from './owner-notice.ts';
import { deviceNameOf } from './user-agent.ts';

/** A family that rotates every ten minutes for its 30 days stays below; beyond, a secret is not traced any more. */
const MAXIMUM_TRACED_GENERATIONS = 5000;

/**
 * Rotation of refresh tokens (RFC 9700 section 4.14.2). The successor is derived from its parent by a keyed function, so
 * parallel refreshes with one token get the same successor without clear text or sibling rows in the database. A parent that
 * comes back later, or after its successor was used, is reuse: somebody else holds it, and the whole family ends.
 */
export class RefreshService {
  readonly #database: Database;
  readonly #sessions: SessionService;
  readonly #issuer: SessionTokenIssuer;
  readonly #recorder: Recorder;
  readonly #messages: MessageOutbox;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #settings: Config['tokens'];

  constructor(parts: {
    database: Database;
    sessions: SessionService;
    issuer: SessionTokenIssuer;
    recorder: Recorder;
    messages: MessageOutbox;
    masterKeys: MasterKeys;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#sessions = parts.sessions;
    this.#issuer = parts.issuer;
    this.#recorder = parts.recorder;
    this.#messages = parts.messages;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
    this.#settings = parts.config.tokens;
  }

  /**
   * Gives the successor pair of a refresh token, the same one for parallel calls within the replay time.
   * Errors: TOKEN_INVALID, TOKEN_EXPIRED (also revoked), REFRESH_TOKEN_REUSED. A rotation writes no line in the log.
   */
  async refresh(caller: Caller, refreshToken: string): Promise<SessionTokens> {
    const presented = parseToken('refresh', refreshToken);
    if (presented === null) return reject('TOKEN_INVALID', { field: ['refreshToken'] });
    const rotated = await this.#rotate(caller, presented, this.#masterKeys.current);
    return rotated ?? this.#withoutRotation(caller, presented);
  }

  /** The usual case, one statement: the presented secret is the present one of a living family. */
  async #rotate(caller: Caller, presented: ParsedToken, keyVersion: number): Promise<SessionTokens | null> {
    const now = this.#clock.now();
    const successor = deriveSuccessor(this.#masterKeys.derive('refresh', keyVersion), presented.secret);
    const [row] = await this.#database.query<RotatedRow>(rotateFamily, [
      presented.selector,
      now.toISOString(),
      presented.secretHash,
      hashSecret(successor),
      keyVersion,
      secondsAfter(now, this.#settings.sessionIdleSeconds).toISOString(),
      caller.ipAddress,
      caller.userAgent,
    ]);
    return row === undefined ? null : this.#pairOf(row, presented.selector, successor, now);
  }

  async #withoutRotation(caller: Caller, presented: ParsedToken): Promise<SessionTokens> {
    const now = this.#clock.now();
    const [family] = await this.#database.query<FamilyRow>(familyBySelector, [presented.selector, now.toISOString()]);
    if (family === undefined || !this.#isDerivable(family) || !this.#belongsTo(family, presented)) {
      return reject('TOKEN_INVALID', { field: ['refreshToken'] });
    }
    if (!family.alive) return reject('TOKEN_EXPIRED', { field: ['refreshToken'] });
    if (sameHash(family.refresh_hash, presented.secretHash)) return this.#rotateOldKey(caller, presented, family);
    const replay = this.#replay(family, presented, now);
    return replay ?? this.#endFamily(caller, family);
  }

  /** Taking a master key away ends the families whose successors only it can derive. */
  #isDerivable(family: FamilyRow): boolean {
    return this.#masterKeys.versions.includes(family.refresh_key_version);
  }

  /** The family's successors are derived under an older master key than the present one. */
  async #rotateOldKey(caller: Caller, presented: ParsedToken, family: FamilyRow): Promise<SessionTokens> {
    const rotated = await this.#rotate(caller, presented, family.refresh_key_version);
    // Somebody rotated it between the two statements: now it is a replay like any other.
    return rotated ?? this.#withoutRotation(caller, presented);
  }

  /** The same successor again, while the rotation is young and the successor itself was not used. */
  #replay(family: FamilyRow, presented: ParsedToken, now: Date): Promise<SessionTokens> | null {
    const rotatedAt = instantOf(family.refresh_rotated_at);
    const isParent = family.refresh_parent_hash !== null && sameHash(family.refresh_parent_hash, presented.secretHash);
    if (!isParent || rotatedAt === null) return null;
    if (secondsAfter(rotatedAt, this.#settings.refreshReplaySeconds) < now) return null;
    const key = this.#masterKeys.derive('refresh', family.refresh_key_version);
    return this.#pairOf(family, presented.selector, deriveSuccessor(key, presented.secret), rotatedAt);
  }

  /** The log and the mail name the device whose token it was; the address is where the old token came from. */
  async #endFamily(caller: Caller, family: FamilyRow): Promise<never> {
    const user = userViewOf(family, this.#clock.now());
    const fallback = family.device_name ?? family.client_name ?? (await deviceNameOf(family.user_agent));
    await this.#database.transaction(async (em) => {
      const ended = await this.#sessions.endAll(em, { sessionIds: [family.session_id] }, 'REFRESH_TOKEN_REUSED');
      // Somebody ended it between the two statements: one end, one line in the log.
      if (ended.length === 0) return;
      const device = (await deviceOf(em, family.session_id)) ?? { id: null, name: fallback };
      await tellOwner(em, this.#messages, user, {
        template: 'session-reuse',
        variables: { device: device.name, ipAddress: caller.ipAddress, at: this.#clock.now().toISOString() },
      });
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'refresh-token.reused',
          result: 'FAILURE',
          target: { type: 'Session', id: family.session_id, label: device.name },
          metadata: { userId: family.user_id, deviceId: device.id },
          event: { type: 'RefreshTokenReused', payload: { sessionId: family.session_id, userId: family.user_id } },
        },
        ...ended.map((id: SessionId) => sessionEnded(id, user, 'REFRESH_TOKEN_REUSED')),
      ]);
    });
    return reject('REFRESH_TOKEN_REUSED', { field: ['refreshToken'] });
  }

  /**
   * Whether the secret is the present one or an ancestor of it. Whoever only knows the selector (it is no secret) can
   * therefore not end a family by presenting rubbish.
   */
  #belongsTo(family: FamilyRow, presented: ParsedToken): boolean {
    if (sameHash(family.refresh_hash, presented.secretHash)) return true;
    if (family.refresh_parent_hash !== null && sameHash(family.refresh_parent_hash, presented.secretHash)) return true;
    const key = this.#masterKeys.derive('refresh', family.refresh_key_version);
    const steps = Math.min(family.refresh_generation, MAXIMUM_TRACED_GENERATIONS);
    let secret = presented.secret;
    for (let step = 0; step < steps; step += 1) {
      secret = deriveSuccessor(key, secret);
      if (sameHash(family.refresh_hash, hashSecret(secret))) return true;
    }
    return false;
  }

  async #pairOf(row: RotatedRow, selector: string, successor: Buffer, issuedAt: Date): Promise<SessionTokens> {
    const subject = await this.#sessions.subjectOf(
      { ...sessionViewOf(row), email: row.email, attributes: row.attributes, issuedAt },
      { epoch: row.epoch, assignments: row.assignments },
    );
    return this.#issuer.body(subject, tokenFromSecret('refresh', selector, successor));
  }
}

/** The device that a session runs on; null when none was recognised or is left. */
const deviceOf = async (em: EntityManager, sessionId: SessionId): Promise<{ id: DeviceId; name: string } | null> => {
  const [row] = await sql<{ id: DeviceId; name: string }>(
    em,
    'select d.id, d.name from sessions s join devices d on d.id = s.device_id where s.id = $1',
    [sessionId],
  );
  return row ?? null;
};

/** Ends sessions whose time is over, at most `batch` of them; run by housekeeping. Rows stay for the list of past sessions. */
export const endExpiredSessions = async (database: Database, now: Date, batch: number): Promise<number> => {
  const rows = await database.query<{ id: SessionId }>(
    `update sessions set ended_at = expires_at,
       end_reason = case when expires_at >= absolute_expires_at then 'EXPIRED' else 'IDLE' end
     where id in (select id from sessions where ended_at is null and expires_at <= $1 limit $2)
       and ended_at is null and expires_at <= $1 returning id`, // again: by now it may have been refreshed, or ended otherwise
    [now.toISOString(), batch],
  );
  return rows.length;
};
