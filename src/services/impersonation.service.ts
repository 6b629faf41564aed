import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createToken } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import { Impersonation } from '../entities/impersonation.entity.ts';
import {
  type EndedImpersonationRow,
  goesOnFromSession,
  type ImpersonationView,
  impersonationViewOf,
} from '../entities/impersonation.queries.ts';
import { targetsWithin, visibleImpersonations } from '../entities/impersonation.visibility.ts';
import { authenticationBySessionId, type AuthenticationRow, sessionViewOf } from '../entities/session.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { Failure, reject, Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type ImpersonationId, parseId, type SessionId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import { aal2, and, can, freshly, notImpersonating, viaSession } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import {
  type HandedOver,
  type ImpersonatedSession,
  impersonatedSession,
  type NewCookie,
} from './impersonated-session.ts';
import { closeImpersonation, endItsSession, impersonationEnded } from './impersonation-end.ts';
import {
  endOf,
  type ImpersonationRequest,
  readImpersonation,
  readNote,
  type WantedImpersonation,
} from './impersonation-input.ts';
import { type ImpersonationTarget, impersonationTarget } from './impersonation-target.ts';
import { sessionEnded } from './session-happenings.ts';
import type { SessionTokenIssuer, SessionTokens } from './session-tokens.ts';
import type { SessionService } from './session.service.ts';
import { targetNotFound } from './target-ids.ts';

const START = and(can('impersonate:users'), viaSession, notImpersonating, freshly(10), aal2);
const END = can('end:impersonations');

export interface ImpersonationParts {
  readonly database: Database;
  readonly directory: GroupDirectory;
  readonly guard: AccessGuard;
  readonly sessions: SessionService;
  readonly issuer: SessionTokenIssuer;
  readonly recorder: Recorder;
  readonly messages: MessageOutbox;
  readonly clock: Clock;
  readonly config: Config;
}

interface Begun {
  readonly impersonation: Impersonation;
  readonly target: ImpersonationTarget;
  readonly own: ImpersonatedSession;
}

/**
 * Acting as another person (RFC 8693, sections 1.1 and 4.1): a session of the target's whose row names who acts, shown as claim `act`.
 * It lives only as long as the session it was begun from, and never gives more than both the actor and the target hold.
 */
export class ImpersonationService {
  readonly #parts: ImpersonationParts;

  constructor(parts: ImpersonationParts) {
    this.#parts = parts;
  }

  /**
   * Begins to act as somebody. The session of the caller goes on; of parallel starts from it one succeeds.
   * Errors: REQUIRED, TOO_LONG, INVALID_VALUE, SELF_IMPERSONATION, IMPERSONATION_CHAIN (one goes on from this session),
   * TARGET_NOT_FOUND, NOT_IMPERSONABLE (see impersonation-target.ts); throws what the rule tree throws.
   */
  async start(caller: SignedInCaller, request: ImpersonationRequest): Promise<HandedOver> {
    const { database, guard, directory, clock } = this.#parts;
    const wanted = readImpersonation(request);
    if (wanted.targetId === caller.principal.userId) reject('SELF_IMPERSONATION', { field: ['userId'] });
    const begun = await database.transaction(async (em) => {
      const authority = await guard.lock(em, caller, START);
      const now = clock.now();
      await this.#demandNoOther(em, caller, now);
      const target = await impersonationTarget(em, { authority, directory, now }, wanted.targetId);
      const made = await this.#begin(em, caller, { wanted, target, now });
      await this.#record(em, caller, made);
      await this.#tell(em, caller, made);
      return made;
    });
    return this.#handOver(caller, begun);
  }

  /**
   * Ends the impersonation of the caller and gives the client its own session back: a new cookie where the cookie of the actor's
   * session was replaced, an access token where that session has one; null where the client never gave up its cookie.
   * Errors: IMPERSONATION_ENDED (also for whoever is not impersonating), TOO_LONG, INVALID_VALUE.
   */
  async stop(caller: SignedInCaller, note: string | null): Promise<HandedOver> {
    const { database, sessions, recorder, clock } = this.#parts;
    const reason = readNote(note, 200);
    const { principal, account } = caller;
    if (principal.actorId === null) return reject('IMPERSONATION_ENDED');
    const now = clock.now();
    const { over, cookie } = await database.transaction(async (em) => {
      const row = await closeImpersonation(em, principal.impersonationId, { endedById: principal.actorId, at: now });
      if (row === null) return reject('IMPERSONATION_ENDED');
      const ended = await sessions.endAll(em, { sessionIds: [principal.sessionId] }, 'IMPERSONATION_ENDED');
      await recorder.record(em, originOf(caller), [
        impersonationEnded(row, 'STOPPED', reason),
        ...ended.map((id) => sessionEnded(id, account, 'IMPERSONATION_ENDED')),
      ]);
      return { over: row, cookie: await this.#cookieBack(em, caller, row, now) };
    });
    const impersonation = impersonationViewOf(over);
    if (cookie !== null) return { impersonation, cookie, tokens: this.#parts.issuer.cookie(cookie.token) };
    return { impersonation, cookie, tokens: await this.#tokensBack(over.actor_session_id, now) };
  }

  /**
   * Ends somebody's impersonation; its next request is refused. Errors: TARGET_NOT_FOUND (also hidden), IMPERSONATION_ENDED, TOO_LONG,
   * INVALID_VALUE; throws FORBIDDEN where the caller sees it but does not hold `end:impersonations` for the target.
   */
  async end(
    caller: SignedInCaller,
    input: { readonly id: string; readonly reason: string | null },
  ): Promise<ImpersonationView> {
    const { database, guard, sessions, recorder, clock } = this.#parts;
    const reason = readNote(input.reason, 500);
    const id = parseId<ImpersonationId>(input.id);
    if (id === null) throw new Rejection([targetNotFound('id', input.id)]);
    return database.transaction(async (em) => {
      const authority = await guard.lock(em, caller, END);
      const now = clock.now();
      const viewer = { principal: authority.principal, now };
      const reached = targetsWithin(authority.reach('end:impersonations'), 2);
      const visible = visibleImpersonations(viewer, 2 + reached.values.length);
      const [found] = await sql<{ reached: boolean }>(
        em,
        `select ${reached.condition} as reached from impersonations i where i.id = $1 and ${visible.condition} for update of i`,
        [id, ...reached.values, ...visible.values],
      );
      if (found === undefined) throw new Rejection([targetNotFound('id', input.id)]);
      if (!found.reached) {
        throw new Failure('FORBIDDEN', 'This needs end:impersonations there.', { missing: ['end:impersonations'] });
      }
      const row = await closeImpersonation(em, id, { endedById: authority.principal.userId, at: now });
      if (row === null) return reject('IMPERSONATION_ENDED', { field: ['id'], targetId: id });
      const ended = await endItsSession(em, sessions, id, now);
      await recorder.record(em, originOf(caller), [impersonationEnded(row, 'ENDED_BY_ANOTHER', reason), ...ended]);
      return impersonationViewOf(row);
    });
  }

  async #demandNoOther(em: EntityManager, { session }: SignedInCaller, now: Date): Promise<void> {
    const [row] = await sql<{ goesOn: boolean }>(em, goesOnFromSession, [session?.id, now.toISOString()]);
    if (row?.goesOn === true) {
      reject('IMPERSONATION_CHAIN', { message: 'An impersonation goes on from this session; stop it first.' });
    }
  }

  async #begin(
    em: EntityManager,
    caller: SignedInCaller,
    { wanted, target, now }: { wanted: WantedImpersonation; target: ImpersonationTarget; now: Date },
  ): Promise<Begun> {
    const { session } = caller;
    if (session === null) throw new Failure('FORBIDDEN');
    const expiresAt = endOf(now, wanted.seconds, this.#parts.config.impersonation.maximumSeconds);
    const impersonation = new Impersonation();
    impersonation.actorId = caller.principal.userId;
    impersonation.targetId = target.user_id;
    impersonation.actorSessionId = session.id;
    impersonation.mode = wanted.mode;
    impersonation.reason = wanted.reason;
    impersonation.ticket = wanted.ticket;
    impersonation.startedAt = now;
    impersonation.expiresAt = expiresAt;
    em.persist(impersonation);
    await em.flush();
    const own = impersonatedSession(caller, session, {
      userId: target.user_id,
      impersonationId: impersonation.id,
      delivery: wanted.delivery ?? session.delivery,
      now,
      expiresAt,
    });
    em.persist(own.session);
    await em.flush();
    return { impersonation, target, own };
  }

  async #record(em: EntityManager, caller: SignedInCaller, { impersonation, target, own }: Begun): Promise<void> {
    const { id, actorId, targetId, mode, reason, ticket, expiresAt } = impersonation;
    const label = nameOf(userViewOf(target, impersonation.startedAt));
    const { session } = own;
    const facts = { mode, expiresAt: expiresAt.toISOString(), sessionId: session.id };
    await this.#parts.recorder.record(em, originOf(caller), [
      {
        action: 'impersonation.started',
        target: { type: 'Impersonation', id, label },
        metadata: { targetId, reason, ticket, ...facts },
        event: { type: 'ImpersonationStarted', payload: { impersonationId: id, actorId, targetId, ...facts } },
      },
      {
        action: 'session.started',
        target: { type: 'Session', id: session.id, label },
        metadata: { method: session.signInMethod, userId: targetId },
        event: {
          type: 'SessionStarted',
          payload: { sessionId: session.id, userId: target.user_id, method: session.signInMethod },
        },
      },
    ]);
  }

  /** Where the settings say so, and to an address that is known to be the target's. */
  async #tell(em: EntityManager, { account }: SignedInCaller, { impersonation, target }: Begun): Promise<void> {
    const { config, messages } = this.#parts;
    if (!config.impersonation.tellTarget || target.email === null || target.email_verified_at === null) return;
    await messages.enqueue(em, {
      template: 'impersonation-notice',
      recipient: target.email,
      userId: target.user_id,
      userName: target.display_name,
      locale: target.locale,
      variables: {
        actor: account.displayName,
        mode: impersonation.mode,
        at: impersonation.startedAt.toISOString(),
        expiresAt: impersonation.expiresAt.toISOString(),
      },
    });
  }

  async #handOver(caller: SignedInCaller, { impersonation, target, own }: Begun): Promise<HandedOver> {
    const { issuer, sessions, clock } = this.#parts;
    const { session, cookie } = own;
    const { id, actorId, targetId, mode, reason, ticket, startedAt, expiresAt, endedById } = impersonation;
    const view = { id, actorId, targetId, mode, reason, ticket, startedAt, expiresAt, endedAt: null, endedById };
    if (cookie !== null) {
      const set = { token: cookie, expiresAt: session.absoluteExpiresAt };
      return { impersonation: view, tokens: issuer.cookie(cookie), cookie: set };
    }
    const { email, attributes, epoch, assignments } = target;
    const subject = await sessions.subjectOf(
      {
        id: session.id,
        userId: session.userId,
        authenticatedAt: session.authenticatedAt,
        assuranceLevel: session.assuranceLevel,
        factors: session.factors,
        expiresAt: session.expiresAt,
        issuedAt: clock.now(),
        email,
        attributes,
        organizationLineage: null,
        impersonatorId: caller.principal.userId,
      },
      { epoch, assignments, impersonator: { assignments: target.actor_assignments, mode: impersonation.mode } },
    );
    return { impersonation: view, tokens: await issuer.accessOnly(subject), cookie: null };
  }

  /** The cookie of the actor's session was overwritten in the browser, so that session gets a new one; the old one works no more. */
  async #cookieBack(
    em: EntityManager,
    { session }: SignedInCaller,
    over: EndedImpersonationRow,
    now: Date,
  ): Promise<NewCookie | null> {
    if (session?.delivery !== 'COOKIE') return null;
    const { selector, secretHash, token } = createToken('session');
    const [row] = await sql<{ absolute_expires_at: string }>(
      em,
      `update sessions set cookie_selector = $2, cookie_hash = $3
       where id = $1 and delivery = 'COOKIE' and ended_at is null and expires_at > $4::timestamptz returning absolute_expires_at`,
      [over.actor_session_id, selector, secretHash, now.toISOString()],
    );
    return row === undefined ? null : { token, expiresAt: instantOf(row.absolute_expires_at) };
  }

  /** An access token of the actor's session; that client still has its refresh token. */
  async #tokensBack(sessionId: SessionId, now: Date): Promise<SessionTokens | null> {
    const { database, sessions, issuer } = this.#parts;
    const [row] = await database.query<AuthenticationRow>(authenticationBySessionId, [sessionId, now.toISOString()]);
    if (row === undefined || row.delivery !== 'BODY') return null;
    const { epoch, assignments, email, attributes } = row;
    const subject = await sessions.subjectOf(
      { ...sessionViewOf(row), email, attributes, issuedAt: now },
      { epoch, assignments },
    );
    return issuer.accessOnly(subject);
  }
}
