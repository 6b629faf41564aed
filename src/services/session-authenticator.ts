import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { type ParsedToken, sameHash } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import {
  authenticationByCookieSelector,
  authenticationBySessionId,
  type AuthenticationRow,
  sessionViewOf,
  type SessionView,
} from '../entities/session.queries.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import type { GroupId, SessionId, UserId } from '../ids.ts';
import type { SessionPrincipal } from '../principal.ts';
import { type GroupDirectory, permissionVersionOf } from './group-directory.ts';
import { secondFactorDueAt } from './second-factor-policy.ts';
import type { SessionActivity } from './session-activity.ts';

/** Everything that one statement says about the caller of a request. */
export interface Authenticated {
  readonly principal: SessionPrincipal;
  readonly account: UserView;
  readonly session: SessionView;
  readonly groupIds: readonly GroupId[];
}

/**
 * The one place that answers whether a session is alive, for every way of presenting it, and turns it into a principal.
 * One statement; nothing about liveness is remembered between requests, so revocation holds at once in every replica.
 */
export class SessionAuthenticator {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #activity: SessionActivity;
  readonly #clock: Clock;
  readonly #mfa: Config['mfa'];

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    activity: SessionActivity;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#activity = parts.activity;
    this.#clock = parts.clock;
    this.#mfa = parts.config.mfa;
  }

  /** The session that a verified access token names; null when it is over or is not that user's. */
  async bySessionId(sessionId: SessionId, userId: UserId, from: string): Promise<Authenticated | null> {
    const row = await this.#read(authenticationBySessionId, sessionId);
    return row === null || row.user_id !== userId || row.delivery !== 'BODY' ? null : this.#authenticated(row, from);
  }

  /** The session of a cookie; null when it is over or the secret is wrong. */
  async byCookie(presented: ParsedToken, from: string): Promise<Authenticated | null> {
    const row = await this.#read(authenticationByCookieSelector, presented.selector);
    if (row === null || row.cookie_hash === null || !sameHash(row.cookie_hash, presented.secretHash)) return null;
    return this.#authenticated(row, from);
  }

  async #read(statement: string, key: string): Promise<AuthenticationRow | null> {
    const rows = await this.#database.query<AuthenticationRow>(statement, [key, this.#clock.now().toISOString()]);
    return rows[0] ?? null;
  }

  async #authenticated(row: AuthenticationRow, ipAddress: string): Promise<Authenticated> {
    await this.#directory.reach(row.epoch);
    const session = sessionViewOf(row);
    this.#activity.seen(session, ipAddress);
    const account = userViewOf(row, this.#clock.now());
    return {
      account,
      session,
      groupIds: row.group_ids,
      principal: {
        kind: 'person',
        via: 'session',
        userId: row.user_id,
        sessionId: row.session_id,
        apiKeyId: null,
        actorId: null,
        impersonationMode: null,
        organizationId: null,
        assuranceLevel: row.assurance_level,
        authenticatedAt: session.authenticatedAt,
        secondFactorDueAt: secondFactorDueAt(account, this.#mfa),
        grants: this.#directory.grantsOf(row.group_ids),
        permissionVersion: permissionVersionOf(row.epoch, row.group_ids),
        ipAddress,
      },
    };
  }
}
