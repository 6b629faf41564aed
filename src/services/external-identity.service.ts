import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  deleteIdentity,
  type ExternalIdentityRow,
  type ExternalIdentityView,
  identitiesOfUsers,
  identityBySubject,
  identityViewOf,
  insertIdentity,
  markIdentityUsed,
  rememberSingleUse,
} from '../entities/external-identity.queries.ts';
import { type UserRow, userColumns, userViewOf } from '../entities/user.queries.ts';
import { Failure, reject, Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type ExternalIdentityId, newId, type OneTimeTokenId, parseId, type SessionId } from '../ids.ts';
import type { Log } from '../log.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { Evidence, IdentityProvider, IdentityProviders } from '../providers/identity-providers.ts';
import { OutboundError, SubjectTokenError } from '../providers/provider-error.ts';
import { tellAccessChanged } from './access-notice.ts';
import { type Caller, originOf, type SignedInCaller, userReference } from './caller.ts';
import type { PresentedToken, WantedSession } from './presented-token.ts';
import { type Purpose, recordRefusal, refuseToken } from './provider-refusals.ts';
import { emailClaim, identityLinked, type ProviderAccounts } from './provider-accounts.ts';
import type { ProviderGroups } from './provider-groups.ts';
import { sessionEnded, type SessionService } from './session.service.ts';
import type { SignInOutcome } from './sign-in-facts.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import { targetNotFound } from './target-ids.ts';
import { keepAWayIn, lockWaysIn } from './ways-in.ts';

const MAXIMUM_IDENTITIES = 20;

interface Parts {
  readonly database: Database;
  readonly providers: IdentityProviders;
  readonly providerAccounts: ProviderAccounts;
  readonly providerGroups: ProviderGroups;
  readonly signInFlow: SignInFlow;
  readonly sessions: SessionService;
  readonly messages: MessageOutbox;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Log;
}

/** Signing in by the word of a configured OpenID Connect issuer, and tying its accounts to ours. */
export class ExternalIdentityService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Signs in by a provider's token. Errors: UNKNOWN_ISSUER, SUBJECT_TOKEN_INVALID (one answer for every reason, the reason is
   * in the log), ACCOUNT_NOT_PROVISIONED, INVALID_CREDENTIALS; SERVICE_UNAVAILABLE when the provider had to be asked and is away.
   */
  async exchange(
    caller: Caller,
    presented: PresentedToken,
    wanted: WantedSession,
  ): Promise<{ readonly outcome: SignInOutcome; readonly created: boolean }> {
    const provider = this.#providerOf(presented.issuer);
    const evidence = await this.vouched(caller, provider, () =>
      provider.examine(presented.subjectToken, presented.subjectTokenType),
    );
    return this.signIn(caller, provider, evidence, wanted);
  }

  /** The same from evidence that was checked: finds or makes the account, brings its groups up to date, begins the session. */
  async signIn(
    caller: Caller,
    provider: IdentityProvider,
    evidence: Evidence,
    wanted: WantedSession,
  ): Promise<{ readonly outcome: SignInOutcome; readonly created: boolean }> {
    const { clock, signInFlow } = this.#parts;
    const { identity, created } = await this.#admit(caller, provider, evidence);
    const outcome = await signInFlow.proceed(caller, {
      userId: identity.userId,
      signInMethod: 'EXTERNAL_PROVIDER',
      issuer: identity.issuer,
      factors: [{ method: 'EXTERNAL_PROVIDER', credentialId: identity.id, at: clock.now().toISOString() }],
      ...wanted,
    });
    return { outcome, created };
  }

  /**
   * Links the identity of a provider's token to the caller; once more is no change. Errors: UNKNOWN_ISSUER,
   * SUBJECT_TOKEN_INVALID, IDENTITY_IN_USE, TOO_MANY_ITEMS beyond 20 identities; SERVICE_UNAVAILABLE as for exchange.
   */
  async link(caller: SignedInCaller, presented: PresentedToken): Promise<ExternalIdentityView> {
    const provider = this.#providerOf(presented.issuer);
    const check = () => provider.examine(presented.subjectToken, presented.subjectTokenType);
    const evidence = await this.vouched(caller, provider, check, 'identity.linked');
    const userId = caller.principal.userId;
    return this.#refusingReplay(
      caller,
      evidence,
      () =>
        this.#parts.database.transaction(async (em) => {
          await lockWaysIn(em, caller, this.#parts.clock.now());
          await this.#claim(em, evidence);
          const [known] = await sql<ExternalIdentityRow>(em, identityBySubject, [evidence.issuer, evidence.subject]);
          if (known?.user_id === userId) return identityViewOf(known);
          const present = await sql(em, identitiesOfUsers, [[userId]]);
          if (present.length >= MAXIMUM_IDENTITIES) return reject('TOO_MANY_ITEMS', { field: ['subjectToken'] });
          const [row] = await sql<ExternalIdentityRow>(em, insertIdentity, [
            newId<ExternalIdentityId>(),
            userId,
            evidence.issuer,
            evidence.subject,
            emailClaim(evidence.claims)?.shown ?? null,
            this.#parts.clock.now().toISOString(),
            null,
          ]);
          if (row === undefined) return reject('IDENTITY_IN_USE', { field: ['subjectToken'] });
          const identity = identityViewOf(row);
          await tellAccessChanged(em, this.#parts, caller, 'IDENTITY_LINKED');
          await this.#parts.recorder.record(em, originOf(caller), [
            identityLinked(identity, userReference(caller.account)),
          ]);
          return identity;
        }),
      'identity.linked',
    );
  }

  /**
   * Unlinks an identity of the caller; sessions that began with it end, the present one excepted. What remains must be a way
   * in: a password, a passkey, or another identity of a configured issuer; mailed codes and links are none.
   * Errors: TARGET_NOT_FOUND, LAST_SIGN_IN_METHOD.
   */
  async unlink(caller: SignedInCaller, idText: string): Promise<ExternalIdentityId> {
    const id = parseId<ExternalIdentityId>(idText);
    if (id === null) throw new Rejection([targetNotFound('id', idText)]);
    const { database, recorder } = this.#parts;
    const userId = caller.principal.userId;
    await database.transaction(async (em) => {
      await lockWaysIn(em, caller, this.#parts.clock.now());
      const [row] = await sql<ExternalIdentityRow>(em, deleteIdentity, [id, userId]);
      if (row === undefined) throw new Rejection([targetNotFound('id', idText)]);
      await keepAWayIn(em, userId, this.#parts.config);
      // The account is not what the issuer says any more: if it makes one for this person, that is another one.
      await sql(em, 'update users set external_id = null where id = $1 and source = $2 and external_id = $3', [
        userId,
        row.issuer,
        row.subject,
      ]);
      const ended = await this.#endSessionsOf(em, caller, id);
      const user = userReference(caller.account);
      await tellAccessChanged(em, this.#parts, caller, 'IDENTITY_UNLINKED');
      await recorder.record(em, originOf(caller), [
        {
          action: 'identity.unlinked',
          target: { type: 'ExternalIdentity', id, label: user.label },
          metadata: { issuer: row.issuer },
          event: { type: 'IdentityUnlinked', payload: { userId, identityId: id, issuer: row.issuer } },
        },
        ...ended.map((sessionId) => sessionEnded(sessionId, caller.account, 'CREDENTIALS_CHANGED')),
      ]);
    });
    return id;
  }

  /** Runs a check of what a provider says; a refusal goes into the log with its reason, a silence becomes SERVICE_UNAVAILABLE. */
  async vouched(
    caller: Caller,
    provider: IdentityProvider,
    check: () => Promise<Evidence>,
    purpose: Purpose = 'session.started',
  ): Promise<Evidence> {
    const { issuer } = provider.settings;
    try {
      return await check();
    } catch (error) {
      if (error instanceof OutboundError) {
        this.#parts.log('warn', 'an identity provider does not answer', {
          issuer,
          host: error.host,
          fault: error.fault,
        });
        throw new Failure('SERVICE_UNAVAILABLE', 'The identity provider does not answer now; try again.');
      }
      if (!(error instanceof SubjectTokenError)) throw error;
      return refuseToken(this.#parts, caller, { issuer, reason: error.fault, purpose });
    }
  }

  async #admit(
    caller: Caller,
    provider: IdentityProvider,
    evidence: Evidence,
  ): Promise<{ readonly identity: ExternalIdentityView; readonly created: boolean }> {
    const { providerAccounts } = this.#parts;
    const known = await providerAccounts.find(evidence);
    if (known !== null) return { identity: await this.#use(caller, provider, evidence, known), created: false };
    if (!provider.settings.jitUsers) {
      await recordRefusal(this.#parts, caller, {
        issuer: evidence.issuer,
        reason: 'ACCOUNT_NOT_PROVISIONED',
        purpose: 'session.started',
      });
      return reject('ACCOUNT_NOT_PROVISIONED', { field: ['subjectToken'] });
    }
    const made = await this.#refusingReplay(caller, evidence, () =>
      providerAccounts.make(caller, provider.settings, evidence, (em) => this.#claim(em, evidence)),
    );
    if (made.created) return made;
    return { identity: await this.#use(caller, provider, evidence, made.identity), created: false };
  }

  async #use(
    caller: Caller,
    provider: IdentityProvider,
    evidence: Evidence,
    known: ExternalIdentityView,
  ): Promise<ExternalIdentityView> {
    const { clock, database, providerGroups } = this.#parts;
    const now = clock.now();
    const email = emailClaim(evidence.claims)?.shown ?? known.email;
    const user = await this.#refusingReplay(caller, evidence, () =>
      database.transaction(async (em) => {
        await this.#claim(em, evidence);
        const [marked] = await sql(em, markIdentityUsed, [known.id, now.toISOString(), email]);
        const [row] = await sql<UserRow>(em, `select ${userColumns} from users u where u.id = $1`, [known.userId]);
        return marked === undefined || row === undefined ? reject('INVALID_CREDENTIALS') : userViewOf(row, now);
      }),
    );
    await providerGroups.apply(caller, provider.settings, evidence, user);
    return { ...known, email, lastUsedAt: now };
  }

  /** Uses up a token that is good once, in the transaction of what it is used for. Throws SubjectTokenError REPLAYED. */
  async #claim(em: EntityManager, { singleUse }: Evidence): Promise<void> {
    if (singleUse === null) return;
    const claimed = await sql(em, rememberSingleUse, [
      newId<OneTimeTokenId>(),
      `id-token.${singleUse.fingerprint.toString('base64url')}`,
      singleUse.fingerprint,
      JSON.stringify({ purpose: 'ID_TOKEN' }),
      this.#parts.clock.now().toISOString(),
      singleUse.until.toISOString(),
    ]);
    if (claimed.length === 0) throw new SubjectTokenError('REPLAYED');
  }

  async #refusingReplay<T>(
    caller: Caller,
    { issuer }: Evidence,
    work: () => Promise<T>,
    purpose: Purpose = 'session.started',
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SubjectTokenError)
        return refuseToken(this.#parts, caller, { issuer, reason: error.fault, purpose });
      throw error;
    }
  }

  /** Ends what began with an identity: sessions, and sign-ins that wait for their second step. */
  async #endSessionsOf(
    em: EntityManager,
    { principal, session }: SignedInCaller,
    id: ExternalIdentityId,
  ): Promise<readonly SessionId[]> {
    const factor = JSON.stringify([{ credentialId: id }]);
    const rows = await sql<{ id: SessionId }>(
      em,
      `select id from sessions where user_id = $1 and ended_at is null and factors @> $2::jsonb
         and id is distinct from $3::uuid`,
      [principal.userId, factor, session?.id ?? null],
    );
    await sql(
      em,
      `update one_time_tokens set used_at = $3::timestamptz
       where user_id = $1 and used_at is null and context->'factors' @> $2::jsonb`,
      [principal.userId, factor, this.#parts.clock.now().toISOString()],
    );
    const sessionIds = rows.map((row) => row.id);
    return this.#parts.sessions.endAll(em, { sessionIds }, 'CREDENTIALS_CHANGED');
  }

  #providerOf(issuer: string): IdentityProvider {
    const provider = this.#parts.providers.find(issuer);
    if (provider === null || !provider.settings.tokenExchange) return reject('UNKNOWN_ISSUER', { field: ['issuer'] });
    return provider;
  }
}
