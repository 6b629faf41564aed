import type { Clock } from '../clock.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { Rejection, reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { TokenDelivery } from '../vocabulary.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import type { NormalisedIdentifier } from './identifiers.ts';
import type { OneTimeTokenService } from './one-time-token.service.ts';
import type { PasswordTokenService } from './password-token.service.ts';
import type { ClientFacts } from './session-facts.ts';
import type { SignInOutcome } from './sign-in-facts.ts';

interface InvitedApplicant {
  readonly invitationToken: string;
  readonly identifier: NormalisedIdentifier;
  readonly displayName: string;
  readonly locale: string;
}

interface Parts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokenService;
  readonly passwordTokens: PasswordTokenService;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** What the form of a sign-up calls the fields of an accepted invitation. */
const FIELDS: Readonly<Record<string, string>> = { token: 'invitationToken', newPassword: 'password' };

/** Signing up with an invitation: the account is there already, and becomes what it waits to be. */
export class InvitedSignUp {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Accepts the invitation that the token is, if it was made for this very address, and signs in.
   * Errors: TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_USED, those of a new password.
   */
  async complete(
    caller: Caller,
    given: {
      readonly password: Secret<string>;
      readonly displayName: string | null;
      readonly locale: string | null;
      readonly delivery: TokenDelivery;
      readonly client: ClientFacts;
    },
    applicant: InvitedApplicant,
  ): Promise<SignInOutcome> {
    await this.#requireOwnAddress(applicant);
    const outcome = await this.#accept(caller, given, applicant.invitationToken);
    if (outcome === null) throw new Error('An invitation with a delivery signs in.');
    if (outcome.step !== 'COMPLETE') return outcome;
    const displayName = given.displayName === null ? outcome.user.displayName : applicant.displayName;
    const locale = given.locale === null ? outcome.user.locale : applicant.locale;
    const user = { ...outcome.user, displayName, locale };
    await this.#parts.database.transaction(async (em) => {
      await sql(
        em,
        `update users set display_name = $2, locale = $3, updated_at = $4::timestamptz, version = version + 1
         where id = $1 and (display_name <> $2 or locale <> $3)`,
        [user.id, displayName, locale, this.#parts.clock.now().toISOString()],
      );
      const reference = userReference(user);
      await this.#parts.recorder.record(em, { ...originOf(caller), actor: reference }, [
        {
          action: 'sign-up.completed',
          target: reference,
          metadata: { invited: true },
          event: { type: 'UserUpdated', payload: { userId: user.id } },
        },
      ]);
    });
    return { ...outcome, user };
  }

  async #requireOwnAddress({ invitationToken, identifier }: InvitedApplicant): Promise<void> {
    const { database, oneTimeTokens } = this.#parts;
    const token = await oneTimeTokens.find(database.orm.em.fork(), invitationToken, ['INVITE']);
    const own = await database.query(
      `select from identifiers i join users u on u.id = i.user_id
       where i.user_id = $1::uuid and i.kind = $2 and i.value = $3 and i.exclusive and u.status = 'INVITED'`,
      [token?.userId ?? null, identifier.kind, identifier.value],
    );
    if (token === null) return reject('TOKEN_INVALID', { field: ['invitationToken'] });
    if (token.state !== 'VALID') return oneTimeTokens.refuse(token, 'invitationToken');
    if (own.length === 0) return reject('TOKEN_INVALID', { field: ['invitationToken'] });
  }

  async #accept(
    caller: Caller,
    given: Parameters<InvitedSignUp['complete']>[1],
    token: string,
  ): Promise<SignInOutcome | null> {
    const { password: newPassword, delivery, client } = given;
    try {
      return await this.#parts.passwordTokens.setPassword(caller, { token, newPassword, delivery, client });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      const problems = error.problems.map((one) => ({ ...one, field: one.field?.map((name) => FIELDS[name] ?? name) }));
      throw new Rejection(
        problems.map(({ field, ...one }) => (field === undefined ? one : { ...one, field })),
        error.facts,
      );
    }
  }
}
