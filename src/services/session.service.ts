import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { createToken } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import { Session } from '../entities/session.entity.ts';
import { endSessions } from '../entities/session-end.queries.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { Rejection } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { ProvedFactor } from '../factors.ts';
import type { OrganizationId, SessionId, UserId } from '../ids.ts';
import type { SessionEndReason, SignInMethod, TokenDelivery } from '../vocabulary.ts';
import { activeLineage } from './active-organization.ts';
import { type Caller, originOf, type SignedInCaller } from './caller.ts';
import { type GroupDirectory, permissionVersionOf } from './group-directory.ts';
import { closeImpersonation, impersonationEnded } from './impersonation-end.ts';
import { missingFactorDueAt, secondFactorDueAt } from './second-factor-policy.ts';
import { groupNamesAt, scopesOf } from './session-claims.ts';
import type { ClientFacts, DeviceSecret, Impersonator, StartedSession } from './session-facts.ts';
import { sessionEnded } from './session-happenings.ts';
import { Reading } from './text.ts';
import type { SessionTokenIssuer, TokenSubject } from './session-tokens.ts';

export { sessionEnded, sessionStarted } from './session-happenings.ts';

interface SessionSecrets {
  readonly session: Session;
  readonly secret: Secret<string>;
}

/** The place where sessions begin and end; impersonated ones begin in impersonated-session.ts. */
export class SessionService {
  readonly #database: Database;
  readonly #recorder: Recorder;
  readonly #issuer: SessionTokenIssuer;
  readonly #directory: GroupDirectory;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #settings: Config['tokens'];
  readonly #mfa: Config['mfa'];

  constructor(parts: {
    database: Database;
    recorder: Recorder;
    issuer: SessionTokenIssuer;
    directory: GroupDirectory;
    masterKeys: MasterKeys;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#recorder = parts.recorder;
    this.#issuer = parts.issuer;
    this.#directory = parts.directory;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
    this.#settings = parts.config.tokens;
    this.#mfa = parts.config.mfa;
  }

  /** Makes the row of a new session, with its secret; to be saved in the transaction that proved the identity. */
  create(
    caller: Caller,
    facts: {
      userId: UserId;
      signInMethod: SignInMethod;
      factors: readonly ProvedFactor[];
      delivery: TokenDelivery;
      client: ClientFacts;
    },
  ): SessionSecrets {
    const now = this.#clock.now();
    const absoluteExpiresAt = secondsAfter(now, this.#settings.sessionAbsoluteSeconds);
    const idleExpiresAt = secondsAfter(now, this.#settings.sessionIdleSeconds);
    const session = new Session({
      userId: facts.userId,
      signInMethod: facts.signInMethod,
      factors: facts.factors,
      delivery: facts.delivery,
      clientName: facts.client.clientName,
      deviceName: facts.client.deviceName,
      ipAddress: caller.ipAddress,
      userAgent: caller.userAgent,
      now,
      absoluteExpiresAt,
      expiresAt: idleExpiresAt < absoluteExpiresAt ? idleExpiresAt : absoluteExpiresAt,
    });
    const created = createToken(facts.delivery === 'COOKIE' ? 'session' : 'refresh');
    if (facts.delivery === 'COOKIE') {
      session.cookieSelector = created.selector;
      session.cookieHash = created.secretHash;
    } else {
      session.refreshSelector = created.selector;
      session.refreshHash = created.secretHash;
      session.refreshKeyVersion = this.#masterKeys.current;
    }
    return { session, secret: created.token };
  }

  /** What the client of a new session is handed. Call after the commit: signing takes longer than a transaction should. */
  async handOver(
    { session, secret }: SessionSecrets,
    user: Pick<UserView, 'email' | 'attributes' | 'mfaEnabledAt' | 'createdAt'>,
    groups: { readonly epoch: string; readonly assignments: readonly Assignment[] },
    device: DeviceSecret | null,
  ): Promise<StartedSession> {
    const mfaGraceUntil = await this.#graceOf(session, user, groups);
    if (session.delivery === 'COOKIE') {
      const tokens = this.#issuer.cookie(secret);
      const cookie = { token: secret, expiresAt: session.absoluteExpiresAt };
      return { session, tokens, cookie, deviceCookie: device, mfaGraceUntil };
    }
    const { id, userId, authenticatedAt, assuranceLevel, factors, expiresAt, createdAt: issuedAt } = session;
    const subject = await this.subjectOf(
      {
        id,
        userId,
        authenticatedAt,
        assuranceLevel,
        factors,
        expiresAt,
        issuedAt,
        email: user.email,
        attributes: user.attributes,
        organizationLineage: null,
        impersonatorId: null,
      },
      groups,
    );
    const tokens = await this.#issuer.body(subject, secret);
    return {
      session,
      tokens: { ...tokens, deviceToken: device?.token.reveal() ?? null },
      cookie: null,
      deviceCookie: null,
      mfaGraceUntil,
    };
  }

  async #graceOf(
    { assuranceLevel }: Session,
    user: Pick<UserView, 'mfaEnabledAt' | 'createdAt'>,
    groups: { readonly epoch: string; readonly assignments: readonly Assignment[] },
  ): Promise<Date | null> {
    const dueAt = secondFactorDueAt(user, this.#mfa);
    if (dueAt === null) return null;
    await this.#directory.reach(groups.epoch);
    const grants = this.#directory.grantsOf(groups.assignments);
    return missingFactorDueAt({ secondFactorDueAt: dueAt, grants, assuranceLevel }, this.#mfa);
  }

  /** The facts for an access token of a session. */
  async subjectOf(
    session: Pick<Session, 'id' | 'userId' | 'authenticatedAt' | 'assuranceLevel' | 'factors' | 'expiresAt'> & {
      /** Of the client; absent for a session that is active nowhere yet. */
      readonly ipAddress?: string;
      readonly email: string | null;
      readonly attributes: UserView['attributes'];
      readonly issuedAt: Date;
      /** The active organization with those above it, the root first; null without one. */
      readonly organizationLineage: readonly OrganizationId[] | null;
      /** Who acts in it; null unless impersonated. */
      readonly impersonatorId: UserId | null;
    },
    groups: {
      readonly epoch: string;
      readonly assignments: readonly Assignment[];
      /** Who acts in the session, and how; absent or null unless impersonated. */
      readonly impersonator?: Impersonator | null;
    },
  ): Promise<TokenSubject> {
    await this.#directory.reach(groups.epoch);
    const { impersonator = null } = groups;
    const user = { assignments: groups.assignments, grants: this.#directory.grantsOf(groups.assignments) };
    const circumstances = {
      now: this.#clock.now(),
      assuranceLevel: session.assuranceLevel,
      ipAddress: session.ipAddress ?? null,
    };
    const active = activeLineage(session.organizationLineage, user, circumstances);
    return {
      sessionId: session.id,
      userId: session.userId,
      email: session.email,
      attributes: session.attributes,
      groupNames: groupNamesAt(this.#directory, groups.assignments, active),
      permissionVersion: permissionVersionOf(groups.epoch, groups.assignments, impersonator?.assignments),
      scopes: this.#settings.claimScope
        ? scopesOf(this.#directory, { assignments: groups.assignments, impersonator, lineage: active })
        : [],
      organizationId: active?.at(-1) ?? null,
      actorId: session.impersonatorId,
      authenticatedAt: session.authenticatedAt,
      assuranceLevel: session.assuranceLevel,
      factors: session.factors,
      issuedAt: session.issuedAt,
      sessionExpiresAt: session.expiresAt,
    };
  }

  /** Ends the session of the caller; later calls with it, by token or cookie, are refused at once. */
  async signOut(caller: SignedInCaller, note: string | null): Promise<SessionId | null> {
    const reading = new Reading();
    const reason = reading.optionalText(note, { field: ['reason'], maximum: 200, mayBeBlank: true });
    if (reading.problems.length > 0) throw new Rejection(reading.problems);
    const { sessionId } = caller.principal;
    if (sessionId === null) return null;
    await this.#database.transaction(async (em) => {
      const left = await this.#leaveImpersonation(em, caller);
      const ended = await this.endAll(em, { sessionIds: [sessionId] }, 'SIGNED_OUT');
      const happenings = [...left, ...ended.map((id) => sessionEnded(id, caller.account, 'SIGNED_OUT'))];
      const noted = reason === null ? {} : { note: reason };
      await this.#recorder.record(
        em,
        originOf(caller),
        happenings.map((one) => ({ ...one, metadata: { ...one.metadata, ...noted } })),
      );
    });
    return sessionId;
  }

  /**
   * Signing out of an impersonated session ends the impersonation. In a browser the actor's own session ends, too: its cookie was
   * replaced, and nobody could come back to it.
   */
  async #leaveImpersonation(em: EntityManager, { principal, session }: SignedInCaller): Promise<readonly Happening[]> {
    if (principal.actorId === null) return [];
    const over = await closeImpersonation(em, principal.impersonationId, {
      endedById: principal.actorId,
      at: this.#clock.now(),
    });
    if (over === null) return [];
    const [actor] = await sql<UserRow & { readonly delivery: TokenDelivery }>(
      em,
      `select s.delivery, ${userColumns} from sessions s join users u on u.id = s.user_id where s.id = $1`,
      [over.actor_session_id],
    );
    const replaced = session?.delivery === 'COOKIE' && actor?.delivery === 'COOKIE';
    const ended = replaced ? await this.endAll(em, { sessionIds: [over.actor_session_id] }, 'SIGNED_OUT') : [];
    return [
      impersonationEnded(over, 'SIGNED_OUT'),
      ...(actor === undefined
        ? []
        : ended.map((id) => sessionEnded(id, userViewOf(actor, this.#clock.now()), 'SIGNED_OUT'))),
    ];
  }

  /** Ends all sessions of the caller, the present one too unless it is to be kept. */
  async signOutEverywhere(caller: SignedInCaller, exceptCurrent: boolean): Promise<number> {
    const { userId, sessionId } = caller.principal;
    return this.#database.transaction(async (em) => {
      const except = exceptCurrent && sessionId !== null ? sessionId : null;
      const ended = await this.endAll(em, { userIds: [userId], except }, 'SIGNED_OUT');
      await this.#recorder.record(
        em,
        originOf(caller),
        ended.map((id) => sessionEnded(id, caller.account, 'SIGNED_OUT')),
      );
      return ended.length;
    });
  }

  /**
   * Ends sessions by id or by user, as part of a larger change; gives the ids of those that were still going on. One whose
   * time was over is marked with that as its reason, and ended all the same: another replica's clock may be behind. Links to another
   * address that were asked for in them end too, unless somebody just signs out.
   */
  async endAll(
    em: EntityManager,
    which: { sessionIds: readonly SessionId[] } | { userIds: readonly UserId[]; except?: SessionId | null },
    reason: SessionEndReason,
  ): Promise<readonly SessionId[]> {
    const byUser = 'userIds' in which;
    const ids = byUser ? which.userIds : which.sessionIds;
    const except = byUser ? (which.except ?? null) : null;
    // Whoever signs out of the one session they are in goes on elsewhere.
    const isThrownOut = byUser || reason !== 'SIGNED_OUT';
    const rows = await sql<{ id: SessionId; end_reason: SessionEndReason }>(em, endSessions(byUser), [
      this.#clock.now().toISOString(),
      reason,
      ids,
      except,
      isThrownOut,
    ]);
    return rows.filter((row) => row.end_reason === reason).map((row) => row.id);
  }
}
