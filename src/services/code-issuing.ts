import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { createToken, type ParsedToken } from '../crypto/opaque-token.ts';
import { sql } from '../database/sql.ts';
import { newId, type SessionId, type VerificationId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';
import { maskTarget } from './code-channels.ts';
import { type CodeForm, CodeMessages, type CodeRecipient, type MadeCode } from './code-messages.ts';
import type { CodeRequester } from './code-requester.ts';
import { resendStatement } from './verification.statements.ts';

/** A code on its way, as clients see it; looks the same whether or not the account exists. */
export interface PendingVerification {
  readonly token: string;
  readonly channel: VerificationChannel;
  readonly maskedTarget: string;
  readonly expiresAt: Date;
  readonly resendAt: Date;
}

export interface Times {
  readonly now: Date;
  readonly expiresAt: Date;
  readonly resendAt: Date;
}

/** A code that is to be made. */
export interface CodeToMake {
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly form: CodeForm;
  /** Normalised address or number. */
  readonly target: string;
  /** Whose code it is; null: a decoy. */
  readonly owner: CodeRecipient | null;
  /** Whom it is sent to; null: nobody. */
  readonly recipient: CodeRecipient | null;
  readonly requester: CodeRequester;
  readonly sessionId: SessionId | null;
  /** What later steps need and must not take from the client again. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** A code with a token: made, and nowhere stored yet. */
export interface CodeToStore {
  readonly pending: PendingVerification;
  readonly times: Times;
  readonly made: MadeCode;
  /** The values of `issuedVerification`. */
  readonly issued: readonly unknown[];
}

/** An open code, of which the token is known. */
interface OpenCode {
  readonly parsed: Pick<ParsedToken, 'selector' | 'secretHash'>;
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly target: string;
  readonly form: CodeForm;
}

/** Makes codes and links with their tokens, times and limits: what asking for one, signing up and sending again have in common. */
export class CodeIssuing {
  readonly messages: CodeMessages;
  readonly #clock: Clock;
  readonly #settings: Config['codes'];
  readonly #linkSeconds: number;

  constructor(parts: { masterKeys: MasterKeys; messages: MessageOutbox; clock: Clock; config: Config }) {
    this.messages = new CodeMessages(parts);
    this.#clock = parts.clock;
    this.#settings = parts.config.codes;
    this.#linkSeconds = parts.config.signIn.linkTtlSeconds;
  }

  /** A new code with a token of its own. */
  make(code: CodeToMake): CodeToStore {
    const token = createToken('verification');
    const times = this.times(code.form);
    const made = this.messages.make(token.selector, { ...code, ...times });
    const issued = [
      newId<VerificationId>(),
      code.purpose,
      code.channel,
      code.owner?.userId ?? null,
      code.sessionId,
      code.target,
      token.selector,
      token.secretHash,
      made.codeHash,
      made.keyVersion,
      JSON.stringify(code.context),
      times.now.toISOString(),
      times.resendAt.toISOString(),
      times.expiresAt.toISOString(),
      code.requester,
      this.#settings.maximumPerHour,
      this.#settings.maximumPerAddress,
    ];
    return { pending: pendingOf(token.token.reveal(), code, times), times, made, issued };
  }

  /** A new code under the token, if one may be sent now; null otherwise. In a transaction, after `lockAddress`. */
  async sendAgain(em: EntityManager, code: OpenCode, recipient: CodeRecipient | null): Promise<Times | null> {
    const times = this.times(code.form);
    const made = this.messages.make(code.parsed.selector, { ...code, ...times, recipient });
    const rows = await sql(
      em,
      resendStatement.text,
      resendStatement.values({
        resent: [
          code.parsed.selector,
          code.parsed.secretHash,
          made.codeHash,
          made.keyVersion,
          times.now.toISOString(),
          times.resendAt.toISOString(),
          times.expiresAt.toISOString(),
          this.#settings.maximumPerHour,
          this.#settings.maximumPerAddress,
        ],
        link: made.link,
        message: made.message,
      }),
    );
    return rows.length > 0 ? times : null;
  }

  times(form: CodeForm): Times {
    const now = this.#clock.now();
    return {
      now,
      expiresAt: secondsAfter(now, form === 'CODE' ? this.#settings.lifeSeconds : this.#linkSeconds),
      resendAt: secondsAfter(now, this.#settings.resendSeconds),
    };
  }
}

export const pendingOf = (
  token: string,
  { channel, target }: { readonly channel: VerificationChannel; readonly target: string },
  { expiresAt, resendAt }: Pick<Times, 'expiresAt' | 'resendAt'>,
): PendingVerification => ({ token, channel, maskedTarget: maskTarget(target), expiresAt, resendAt });
