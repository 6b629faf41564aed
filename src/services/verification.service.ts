import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { codeHash, codeHashes, newCode, normalisedCode } from '../crypto/one-time-code.ts';
import { createToken, type ParsedToken, parseToken } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { statementOf } from '../database/statement.ts';
import {
  issuedVerification,
  openVerification,
  resentVerification,
  tryVerification,
  verificationByToken,
  type VerificationRow,
} from '../entities/verification.queries.ts';
import { reject } from '../errors.ts';
import { newId, type SessionId, type UserId, type VerificationId } from '../ids.ts';
import { type MessageOutbox, NO_MESSAGE, writtenMessage } from '../messages/message-outbox.ts';
import type { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';

/** A code on its way, as clients see it; looks the same whether or not the account exists. */
export interface PendingVerification {
  readonly token: string;
  readonly channel: VerificationChannel;
  readonly maskedTarget: string;
  readonly expiresAt: Date;
  readonly resendAt: Date;
}

/** Somebody a code goes to. */
export interface CodeRecipient {
  readonly userId: UserId;
  readonly userName: string;
  readonly locale: string;
}

export interface CodeRequest {
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  /** Normalised address or number. */
  readonly target: string;
  /** null: a decoy. It costs the same and nothing is sent. */
  readonly recipient: CodeRecipient | null;
  readonly sessionId?: SessionId | null;
  /** What later steps need and must not take from the client again. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Sent, or how long to wait until it can be. */
export type CodeOutcome =
  | { readonly verification: PendingVerification; readonly retryAfterSeconds: null }
  | { readonly verification: PendingVerification | null; readonly retryAfterSeconds: number };

const issueStatement = statementOf(
  { issued: issuedVerification, message: writtenMessage('issued') },
  'select id from issued',
);
const resendStatement = statementOf(
  { resent: resentVerification, message: writtenMessage('resent') },
  'select id from resent',
);

/** One-time codes: made, sent, sent again, tried. */
export class VerificationService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #messages: MessageOutbox;
  readonly #clock: Clock;
  readonly #settings: Config['codes'];

  constructor(parts: {
    database: Database;
    masterKeys: MasterKeys;
    messages: MessageOutbox;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#messages = parts.messages;
    this.#clock = parts.clock;
    this.#settings = parts.config.codes;
  }

  /**
   * Sends a code, unless one went to this address a moment ago. One statement, whether or not there is an account; the code, its
   * message and what replaces an older code happen together.
   */
  async send(request: CodeRequest): Promise<CodeOutcome> {
    const now = this.#clock.now();
    const token = createToken('verification');
    const code = newCode();
    const { expiresAt, resendAt } = this.#times(now);
    const rows = await this.#database.query(
      issueStatement.text,
      issueStatement.values({
        issued: [
          newId<VerificationId>(),
          request.purpose,
          request.channel,
          request.recipient?.userId ?? null,
          request.sessionId ?? null,
          request.target,
          token.selector,
          token.secretHash,
          codeHash(this.#masterKeys, token.selector, code.reveal()),
          this.#masterKeys.current,
          JSON.stringify(request.context ?? {}),
          now.toISOString(),
          resendAt.toISOString(),
          expiresAt.toISOString(),
          this.#settings.maximumPerHour,
        ],
        message: this.#message(request, code.reveal(), expiresAt),
      }),
    );
    if (rows.length === 0) return { verification: null, retryAfterSeconds: await this.#wait(request, now) };
    const { channel, target } = request;
    const verification = {
      token: token.token.reveal(),
      channel,
      maskedTarget: maskTarget(target),
      expiresAt,
      resendAt,
    };
    return { verification, retryAfterSeconds: null };
  }

  /** Sends a new code under the same token; the older one stops working. Errors: TOKEN_INVALID, VERIFICATION_NOT_PENDING. */
  async resend(
    text: string,
    recipientOf: (row: VerificationRow) => Promise<CodeRecipient | null>,
  ): Promise<CodeOutcome> {
    const parsed = this.#parse(text);
    const row = await this.#find(parsed);
    if (row === null) return reject('TOKEN_INVALID', { field: ['verificationToken'] });
    if (row.used_at !== null) return reject('VERIFICATION_NOT_PENDING', { field: ['verificationToken'] });
    const now = this.#clock.now();
    const code = newCode();
    const { expiresAt, resendAt } = this.#times(now);
    const recipient = await recipientOf(row);
    const request = { purpose: row.purpose, channel: row.channel, target: row.target, recipient };
    const rows = await this.#database.query(
      resendStatement.text,
      resendStatement.values({
        resent: [
          parsed.selector,
          parsed.secretHash,
          codeHash(this.#masterKeys, parsed.selector, code.reveal()),
          this.#masterKeys.current,
          now.toISOString(),
          resendAt.toISOString(),
          expiresAt.toISOString(),
          this.#settings.maximumPerHour,
        ],
        message: this.#message(request, code.reveal(), expiresAt),
      }),
    );
    const sent = rows.length > 0;
    const verification = {
      token: text,
      channel: row.channel,
      maskedTarget: maskTarget(row.target),
      expiresAt: sent ? expiresAt : instantOf(row.expires_at),
      resendAt: sent ? resendAt : instantOf(row.resend_at),
    };
    if (sent) return { verification, retryAfterSeconds: null };
    return { verification, retryAfterSeconds: waitOf(row, now, this.#settings.resendSeconds) };
  }

  /**
   * Tries a code and uses it up when it is right. `sessionId` is that of a step-up: the code of another session fits nothing.
   * Errors: TOKEN_INVALID, CODE_INVALID, CODE_EXPIRED, CODE_ATTEMPTS_EXCEEDED, VERIFICATION_NOT_PENDING.
   */
  async redeem(
    purpose: VerificationPurpose,
    given: { readonly token: string; readonly code: string; readonly sessionId?: SessionId | null },
  ): Promise<VerificationRow & { readonly user_id: UserId }> {
    const parsed = this.#parse(given.token);
    const code = normalisedCode(given.code);
    const [tried] = await this.#database.query<VerificationRow>(tryVerification, [
      parsed.selector,
      parsed.secretHash,
      purpose,
      given.sessionId ?? null,
      code === null ? [] : codeHashes(this.#masterKeys, parsed.selector, code),
      this.#clock.now().toISOString(),
      this.#settings.maximumTries,
    ]);
    if (tried === undefined) return this.#refuse(await this.#find(parsed), purpose, given.sessionId ?? null);
    const { user_id: userId } = tried;
    if (tried.used_at === null || userId === null) return reject('CODE_INVALID', { field: ['code'] });
    return { ...tried, user_id: userId };
  }

  #refuse(row: VerificationRow | null, purpose: VerificationPurpose, sessionId: SessionId | null): never {
    if (row === null || row.purpose !== purpose || row.session_id !== sessionId) {
      return reject('TOKEN_INVALID', { field: ['verificationToken'] });
    }
    if (row.used_at !== null) return reject('VERIFICATION_NOT_PENDING', { field: ['verificationToken'] });
    return instantOf(row.expires_at) <= this.#clock.now()
      ? reject('CODE_EXPIRED', { field: ['code'] })
      : reject('CODE_ATTEMPTS_EXCEEDED', { field: ['code'] });
  }

  #parse(text: string): ParsedToken {
    return parseToken('verification', text) ?? reject('TOKEN_INVALID', { field: ['verificationToken'] });
  }

  async #find(parsed: ParsedToken): Promise<VerificationRow | null> {
    const values = [parsed.selector, parsed.secretHash];
    return (await this.#database.query<VerificationRow>(verificationByToken, values))[0] ?? null;
  }

  async #wait(request: CodeRequest, now: Date): Promise<number> {
    const values = [request.target, request.purpose, request.recipient?.userId ?? null];
    const [row] = await this.#database.query<VerificationRow>(openVerification, values);
    return row === undefined ? 1 : waitOf(row, now, this.#settings.resendSeconds);
  }

  #times(now: Date): { expiresAt: Date; resendAt: Date } {
    return {
      expiresAt: secondsAfter(now, this.#settings.lifeSeconds),
      resendAt: secondsAfter(now, this.#settings.resendSeconds),
    };
  }

  #message(
    { purpose, channel, target, recipient }: Pick<CodeRequest, 'purpose' | 'channel' | 'target' | 'recipient'>,
    code: string,
    expiresAt: Date,
  ): readonly unknown[] {
    if (recipient === null) return NO_MESSAGE;
    return this.#messages.values({
      template: 'code',
      channel,
      recipient: target,
      ...recipient,
      variables: { code, purpose, expiresAt: expiresAt.toISOString() },
      expiresAt,
    });
  }
}

/** Seconds until the next code; past the cooldown only the hourly limit is in the way, and the wait is a guess. */
const waitOf = (row: VerificationRow, now: Date, fallback: number): number => {
  const left = Math.ceil((instantOf(row.resend_at).getTime() - now.getTime()) / 1000);
  return left > 0 ? left : fallback;
};

/** `ada@example.com` becomes `a**@example.com`, `+390123456789` becomes `+39*******89`: known to its owner, of little use else. */
export const maskTarget = (target: string): string => {
  const at = target.lastIndexOf('@');
  if (at > 0) return `${target.slice(0, 1)}**${target.slice(at)}`;
  return `${target.slice(0, 3)}${'*'.repeat(Math.max(target.length - 5, 0))}${target.slice(-2)}`;
};
