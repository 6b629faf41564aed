import type { EntityManager } from '@mikro-orm/postgresql';
import { hashSecret, randomSecret, tokenFromSecret } from '../crypto/opaque-token.ts';
import { instantOf, sql } from '../database/sql.ts';
import { renewToken } from '../entities/verification.queries.ts';
import type { VerificationChannel } from '../vocabulary.ts';
import { type CodeIssuing, type PendingVerification, pendingOf } from './code-issuing.ts';
import type { CodeRecipient } from './code-messages.ts';
import type { CodeRequester } from './code-requester.ts';
import { signUpStatement } from './verification.statements.ts';

/** A code for somebody who signs up: the account is there, and waits for the proof of its address. */
export interface SignUpCode {
  readonly channel: VerificationChannel;
  readonly target: string;
  readonly user: CodeRecipient;
  /** Who has the address already: gets a note instead of the code. */
  readonly knownTo: CodeRecipient | null;
  readonly requester: CodeRequester;
  /** What later steps need and must not take from the client again. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** The codes of people who sign up. */
export class SignUpCodes {
  readonly #issuing: CodeIssuing;

  constructor(parts: { issuing: CodeIssuing }) {
    this.#issuing = parts.issuing;
  }

  /**
   * Makes the code of an account that is just being made, in that transaction and after `lockAddress`. While other codes to the
   * address have to be waited for, it is made and not sent: `resendAt` says from when on it can be.
   */
  async issue(em: EntityManager, request: SignUpCode): Promise<PendingVerification> {
    const { user, knownTo } = request;
    const recipient = knownTo === null ? user : null;
    const code = { ...request, purpose: 'SIGN_UP', form: 'CODE', owner: user, recipient, sessionId: null } as const;
    const { pending, made, issued } = this.#issuing.make(code);
    const message = knownTo === null ? made.message : this.#issuing.messages.known(request, knownTo);
    const values = signUpStatement.values({ issued, message });
    const [row] = await sql<{ resend_at: string }>(em, signUpStatement.text, values);
    if (row === undefined) throw new Error('The code was not made.');
    return { ...pending, resendAt: instantOf(row.resend_at) };
  }

  /**
   * For somebody who proved otherwise to be who signed up: a new token for the open code, which is sent again if that may be, or
   * else a new code. In a transaction, after `lockAddress`.
   */
  async repeat(em: EntityManager, request: SignUpCode): Promise<PendingVerification> {
    const { channel, target, user, knownTo, context } = request;
    const secret = randomSecret();
    const [row] = await sql<{ selector: string; expires_at: string; resend_at: string }>(em, renewToken, [
      user.userId,
      'SIGN_UP',
      target,
      hashSecret(secret),
      JSON.stringify(context),
    ]);
    if (row === undefined) return this.issue(em, request);
    const parsed = { selector: row.selector, secretHash: hashSecret(secret) };
    const code = { parsed, purpose: 'SIGN_UP', channel, target, form: 'CODE' } as const;
    const sent = await this.#issuing.sendAgain(em, code, knownTo === null ? user : null);
    const times = sent ?? { expiresAt: instantOf(row.expires_at), resendAt: instantOf(row.resend_at) };
    return pendingOf(tokenFromSecret('verification', row.selector, secret).reveal(), request, times);
  }
}
