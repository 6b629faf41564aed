import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { type ParsedToken, sameHash } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import type { RequestPosition } from '../database/position.ts';
import type { ReplicaReads } from '../database/replica-reads.ts';
import {
  authenticationByCookieSelector,
  authenticationBySessionId,
  authenticationBySessionIds,
  type AuthenticationRow,
  livingSessions,
  type LivingSessionsRow,
  positionedByCookieSelector,
  positionedBySessionId,
  sessionViewOf,
  type SessionView,
} from '../entities/session.queries.ts';
import { LIFE_SIGNS } from '../entities/life-signs.ts';
import { type UserView, userViewOf } from '../entities/user.queries.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import type { ApiKeyView } from '../entities/api-key.queries.ts';
import type { ImpersonationId, SessionId, UserId } from '../ids.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { impersonatedGrants } from '../permissions/impersonated.ts';
import type { Principal } from '../principal.ts';
import type { ImpersonationMode } from '../vocabulary.ts';
import { activeLineage } from './active-organization.ts';
import { type GroupDirectory, permissionVersionOf } from './group-directory.ts';
import { secondFactorDueAt } from './second-factor-policy.ts';
import type { SessionActivity, Use } from './session-activity.ts';

/** A session as somebody connected with it. */
export interface ConnectedSession {
  readonly sessionId: SessionId;
  readonly userId: UserId;
  readonly actorId: UserId | null;
  /** Of the cookie that was presented; null for an access token. */
  readonly cookieSelector: string | null;
  readonly ipAddress: string | null;
}

/** Everything that one statement says about the caller of a request. */
export interface Authenticated {
  readonly principal: Principal;
  readonly account: UserView;
  /** null by API key. */
  readonly session: SessionView | null;
  /** null in a session. */
  readonly apiKey: ApiKeyView | null;
  /** How whoever really acts is called in the log; null unless impersonating. */
  readonly impersonatorLabel: string | null;
  readonly assignments: readonly Assignment[];
  /** How far the primary was, for lists that a replica may answer; null where there is none. */
  readonly position: RequestPosition | null;
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
  readonly #databaseReplica: ReplicaReads | null;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    activity: SessionActivity;
    clock: Clock;
    config: Config;
    databaseReplica: ReplicaReads | null;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#activity = parts.activity;
    this.#clock = parts.clock;
    this.#mfa = parts.config.mfa;
    this.#databaseReplica = parts.databaseReplica;
  }

  /**
   * The session that a verified access token names; null when it is over, is not that user's, or is not acted in by whom the token
   * names (`actorId`, null for nobody): an ordinary token never stands for an impersonation, nor the other way round.
   */
  async bySessionId(
    sessionId: SessionId,
    { userId, actorId }: { readonly userId: UserId; readonly actorId: UserId | null },
    from: Use,
  ): Promise<Authenticated | null> {
    const row = await this.#ofToken(sessionId, { userId, actorId });
    return row === null ? null : this.#seen(await this.#authenticated(row, from.provenIpAddress), from);
  }

  /** The same for somebody who only asks about the token: the session is not marked as used. */
  async inspect(
    sessionId: SessionId,
    named: { readonly userId: UserId; readonly actorId: UserId | null },
    from: string | null,
  ): Promise<Authenticated | null> {
    const row = await this.#ofToken(sessionId, named);
    return row === null ? null : this.#authenticated(row, from);
  }

  /** A session that this very request began, whatever it is handed over by; null when it is over already. */
  async ofBegunSession(
    sessionId: SessionId,
    { provenIpAddress }: Pick<Use, 'provenIpAddress'>,
  ): Promise<Authenticated | null> {
    const row = await this.#read(authenticationBySessionId, sessionId);
    return row === null ? null : this.#authenticated(row, provenIpAddress);
  }

  /**
   * Whether several sessions live, by the same condition, each as its connection presented it. One statement that reads no more than
   * that; whether an impersonator may still act is not asked: that takes `present`.
   */
  async living(connected: readonly ConnectedSession[]): Promise<readonly boolean[]> {
    const [row] = await this.#database.query<LivingSessionsRow>(livingSessions, [
      connected.map(({ sessionId }) => sessionId),
      this.#clock.now().toISOString(),
      connected.map(({ cookieSelector }) => cookieSelector),
    ]);
    return connected.map((_, place) => row?.signs?.[place] === LIFE_SIGNS.lives);
  }

  /** Several sessions as they are now, for whoever stays connected; each as its connection presented it. One statement. */
  async present(connected: readonly ConnectedSession[]): Promise<readonly (Authenticated | null)[]> {
    const ids = [...new Set(connected.map(({ sessionId }) => sessionId))];
    const now = this.#clock.now().toISOString();
    const rows = await this.#database.query<AuthenticationRow>(authenticationBySessionIds, [ids, now]);
    const byId = new Map(rows.map((row) => [row.session_id, row]));
    return Promise.all(
      connected.map(async ({ sessionId, userId, actorId, cookieSelector, ipAddress }) => {
        const row = byId.get(sessionId);
        if (row === undefined || row.user_id !== userId || row.impersonator_id !== actorId) return null;
        return row.cookie_selector === cookieSelector ? this.#authenticated(row, ipAddress) : null;
      }),
    );
  }

  /** The session of a cookie; null when it is over or the secret is wrong. */
  async byCookie(presented: ParsedToken, from: Use): Promise<Authenticated | null> {
    const row = await this.#read(
      this.#asksPosition ? positionedByCookieSelector : authenticationByCookieSelector,
      presented.selector,
    );
    if (row === null || row.cookie_hash === null || !sameHash(row.cookie_hash, presented.secretHash)) return null;
    return this.#seen(await this.#authenticated(row, from.provenIpAddress), from);
  }

  async #ofToken(
    sessionId: SessionId,
    { userId, actorId }: { readonly userId: UserId; readonly actorId: UserId | null },
  ): Promise<AuthenticationRow | null> {
    const row = await this.#read(this.#asksPosition ? positionedBySessionId : authenticationBySessionId, sessionId);
    if (row === null || row.user_id !== userId || row.delivery !== 'BODY') return null;
    return row.impersonator_id === actorId ? row : null;
  }

  get #asksPosition(): boolean {
    return this.#databaseReplica?.asksPosition === true;
  }

  /** What was found, the session marked as used where there is one. */
  #seen(found: Authenticated | null, from: Use): Authenticated | null {
    if (found !== null && found.session !== null) this.#activity.seen(found.session, from);
    return found;
  }

  async #read(statement: string, key: string): Promise<AuthenticationRow | null> {
    const rows = await this.#database.query<AuthenticationRow>(statement, [key, this.#clock.now().toISOString()]);
    return rows[0] ?? null;
  }

  async #authenticated(row: AuthenticationRow, ipAddress: string | null): Promise<Authenticated | null> {
    await this.#directory.reach(row.epoch);
    const now = this.#clock.now();
    const acting = this.#actingOf(row, now, ipAddress);
    if (acting === null) return null;
    const user = { assignments: row.assignments, grants: this.#directory.grantsOf(row.assignments) };
    const circumstances = { now, ipAddress, assuranceLevel: row.assurance_level };
    const lineage = activeLineage(row.organization_lineage, user, circumstances);
    const organizationId = lineage === null ? null : row.organization_id;
    const session = { ...sessionViewOf(row), organizationId, organizationLineage: lineage };
    const account = userViewOf(row, now);
    return {
      account,
      session,
      apiKey: null,
      impersonatorLabel: row.impersonator_label,
      assignments: row.assignments,
      position: this.#databaseReplica?.ofRequest(row.position, !this.#directory.isAt(row.epoch)) ?? null,
      principal: {
        kind: 'person',
        via: 'session',
        userId: row.user_id,
        sessionId: row.session_id,
        apiKeyId: null,
        ...acting.parts,
        organizationId,
        assuranceLevel: row.assurance_level,
        authenticatedAt: session.authenticatedAt,
        secondFactorDueAt: acting.parts.actorId === null ? secondFactorDueAt(account, this.#mfa) : null,
        grants: acting.grants,
        permissionVersion: permissionVersionOf(row.epoch, row.assignments, row.impersonator_assignments),
        ipAddress,
      },
    };
  }

  /** Who acts in the session beside its user, and what can be done in it; null when whoever began to act as them may not any more. */
  #actingOf(row: AuthenticationRow, now: Date, ipAddress: string | null): Acting | null {
    const { impersonation_id: id, impersonator_id: actorId, impersonation_mode: mode } = row;
    const own = this.#directory.grantsOf(row.assignments);
    if (id === null || actorId === null || mode === null) return { parts: NOBODY_ELSE, grants: own };
    const grants = this.#directory.grantsOf(row.impersonator_assignments ?? []);
    const circumstances = { now, ipAddress, assuranceLevel: row.assurance_level };
    if (!grants.permits('impersonate:users', circumstances)) return null;
    return {
      parts: { actorId, impersonationId: id, impersonationMode: mode },
      grants: impersonatedGrants(own, grants, mode),
    };
  }
}

interface Acting {
  readonly parts: ActingParts;
  readonly grants: EffectiveGrants;
}

type ActingParts =
  | { readonly actorId: null; readonly impersonationId: null; readonly impersonationMode: null }
  | {
      readonly actorId: UserId;
      readonly impersonationId: ImpersonationId;
      readonly impersonationMode: ImpersonationMode;
    };

const NOBODY_ELSE: ActingParts = { actorId: null, impersonationId: null, impersonationMode: null };
