import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { codeHashes, normalisedCode } from '../crypto/one-time-code.ts';
import {
  createToken,
  hashSecret,
  type ParsedToken,
  parseToken,
  randomSecret,
  tokenFromSecret,
} from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import {
  codeRecipient,
  type CodeRecipientRow,
  lockAddress,
  openVerification,
  renewToken,
  tryVerification,
  verificationByToken,
  type VerificationRow,
} from '../entities/verification.queries.ts';
import { reject } from '../errors.ts';
import { newId, type SessionId, type UserId, type VerificationId } from '../ids.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { IdentifierKind, VerificationChannel, VerificationPurpose } from '../vocabulary.ts';
import type { AddressKind } from './address-proof.ts';
import { type CodeForm, CodeMessages, type CodeRecipient, type MadeCode, type Sending } from './code-messages.ts';
import { issueStatement, resendStatement, signUpStatement } from './verification.statements.ts';

/** A code on its way, as clients see it; looks the same whether or not the account exists. */
export interface PendingVerification {
  readonly token: string;
  readonly channel: VerificationChannel;
  readonly maskedTarget: string;
  readonly expiresAt: Date;
  readonly resendAt: Date;
}

export interface CodeRequest {
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly form: CodeForm;
  /** Normalised address or number. */
  readonly target: string;
  /** null: a decoy. It costs the same and nothing is sent. */
  readonly recipient: CodeRecipient | null;
  readonly sessionId?: SessionId | null;
}

/** A code for somebody who signs up: the account is there, and waits for the proof of its address. */
export interface SignUpCode {
  readonly channel: VerificationChannel;
  readonly target: string;
  readonly user: CodeRecipient;
  /** Who has the address already: gets a note instead of the code. */
  readonly knownTo: CodeRecipient | null;
  /** What later steps need and must not take from the client again. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** Sent, or how long to wait until it can be. */
export type CodeOutcome =
  | { readonly verification: PendingVerification; readonly retryAfterSeconds: null }
  | { readonly verification: PendingVerification | null; readonly retryAfterSeconds: number };

interface Times {
  readonly now: Date;
  readonly expiresAt: Date;
  readonly resendAt: Date;
}

interface OpenCode {
  readonly parsed: Pick<ParsedToken, 'selector' | 'secretHash'>;
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly target: string;
  readonly form: CodeForm;
}

/** One-time codes: made, sent, sent again, tried. */
export class VerificationService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #codes: CodeMessages;
  readonly #clock: Clock;
  readonly #settings: Config['codes'];
  readonly #linkSeconds: number;

  constructor(parts: {
    database: Database;
    masterKeys: MasterKeys;
    messages: MessageOutbox;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#codes = new CodeMessages(parts);
    this.#clock = parts.clock;
    this.#settings = parts.config.codes;
    this.#linkSeconds = parts.config.signIn.linkTtlSeconds;
  }

  /**
   * Sends a code or link, unless one went to this address a moment ago. One statement, whether or not there is an account; the code,
   * its message and what replaces an older code happen together.
   */
  async send(request: CodeRequest): Promise<CodeOutcome> {
    const token = createToken('verification');
    const times = this.#times(request.form);
    const made = this.#codes.make(token.selector, { ...request, ...times });
    const rows = await this.#database.query(
      issueStatement.text,
      issueStatement.values({
        issued: this.#issued({ ...request, token, made, times, context: { form: request.form } }),
        link: made.link,
        message: made.message,
      }),
    );
    if (rows.length === 0) return { verification: null, retryAfterSeconds: await this.#wait(request, times.now) };
    return { verification: pendingOf(token.token.reveal(), request, times), retryAfterSeconds: null };
  }

  /**
   * Makes the code of an account that is just being made, in that transaction and after `lockAddress`. While other codes to the
   * address have to be waited for, it is made and not sent: `resendAt` says from when on it can be.
   */
  async issueForSignUp(em: EntityManager, request: SignUpCode): Promise<PendingVerification> {
    const token = createToken('verification');
    const times = this.#times('CODE');
    const sending = { ...request, purpose: 'SIGN_UP', form: 'CODE', ...times } as const;
    const made = this.#codes.make(token.selector, {
      ...sending,
      recipient: request.knownTo === null ? request.user : null,
    });
    const message = request.knownTo === null ? made.message : this.#codes.known(request, request.knownTo);
    const [row] = await sql<{ resend_at: string }>(
      em,
      signUpStatement.text,
      signUpStatement.values({
        issued: this.#issued({ ...sending, recipient: request.user, token, made, times }),
        message,
      }),
    );
    if (row === undefined) throw new Error('The code was not made.');
    return pendingOf(token.token.reveal(), request, { ...times, resendAt: instantOf(row.resend_at) });
  }

  /**
   * For somebody who proved otherwise to be who signed up: a new token for the open code, which is sent again if that may be, or
   * else a new code. In a transaction, after `lockAddress`.
   */
  async repeatForSignUp(em: EntityManager, request: SignUpCode): Promise<PendingVerification> {
    const { channel, target, user, knownTo, context } = request;
    const secret = randomSecret();
    const [row] = await sql<{ selector: string; expires_at: string; resend_at: string }>(em, renewToken, [
      user.userId,
      'SIGN_UP',
      target,
      hashSecret(secret),
      JSON.stringify(context),
    ]);
    if (row === undefined) return this.issueForSignUp(em, request);
    const parsed = { selector: row.selector, secretHash: hashSecret(secret) };
    const code = { parsed, purpose: 'SIGN_UP', channel, target, form: 'CODE' } as const;
    const sent = await this.#sendAgain(em, code, knownTo === null ? user : null);
    const times = sent ?? { expiresAt: instantOf(row.expires_at), resendAt: instantOf(row.resend_at) };
    return pendingOf(tokenFromSecret('verification', row.selector, secret).reveal(), request, times);
  }

  /** Sends a new code under the same token; the older one stops working. Errors: TOKEN_INVALID, VERIFICATION_NOT_PENDING. */
  async resend(text: string): Promise<CodeOutcome> {
    const parsed = this.#parse(text);
    const row = await this.#find(parsed);
    if (row === null) return reject('TOKEN_INVALID', { field: ['verificationToken'] });
    if (row.used_at !== null) return reject('VERIFICATION_NOT_PENDING', { field: ['verificationToken'] });
    const recipient = await this.#recipientOf(row);
    const sent = await this.#database.transaction(async (em) => {
      await sql(em, lockAddress, [row.channel, row.target]);
      return this.#sendAgain(em, { ...row, parsed, form: formOf(row) }, recipient);
    });
    if (sent !== null) return { verification: pendingOf(text, row, sent), retryAfterSeconds: null };
    const times = { expiresAt: instantOf(row.expires_at), resendAt: instantOf(row.resend_at) };
    const retryAfterSeconds = waitOf(row, this.#clock.now(), this.#settings.resendSeconds);
    return { verification: pendingOf(text, row, times), retryAfterSeconds };
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

  /** A new code under the token, if one may be sent to the address now; null otherwise. */
  async #sendAgain(em: EntityManager, code: OpenCode, recipient: CodeRecipient | null): Promise<Times | null> {
    const times = this.#times(code.form);
    const made = this.#codes.make(code.parsed.selector, { ...code, ...times, recipient });
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
        ],
        link: made.link,
        message: made.message,
      }),
    );
    return rows.length > 0 ? times : null;
  }

  async #recipientOf(row: VerificationRow): Promise<CodeRecipient | null> {
    const values = [row.user_id, kindOf(row.channel), row.target, row.purpose];
    const [found] = await this.#database.query<CodeRecipientRow>(codeRecipient, values);
    return found === undefined ? null : { userId: found.user_id, userName: found.display_name, locale: found.locale };
  }

  /** The values of `issuedVerification`. */
  #issued(facts: {
    readonly purpose: VerificationPurpose;
    readonly channel: VerificationChannel;
    readonly target: string;
    readonly recipient: Sending['recipient'];
    readonly sessionId?: SessionId | null;
    readonly token: { readonly selector: string; readonly secretHash: Buffer; readonly token: Secret<string> };
    readonly made: MadeCode;
    readonly times: Times;
    readonly context: Readonly<Record<string, unknown>>;
  }): readonly unknown[] {
    const { purpose, channel, target, recipient, sessionId, token, made, times, context } = facts;
    return [
      newId<VerificationId>(),
      purpose,
      channel,
      recipient?.userId ?? null,
      sessionId ?? null,
      target,
      token.selector,
      token.secretHash,
      made.codeHash,
      made.keyVersion,
      JSON.stringify(context),
      times.now.toISOString(),
      times.resendAt.toISOString(),
      times.expiresAt.toISOString(),
      this.#settings.maximumPerHour,
    ];
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

  #times(form: CodeForm): Times {
    const now = this.#clock.now();
    return {
      now,
      expiresAt: secondsAfter(now, form === 'CODE' ? this.#settings.lifeSeconds : this.#linkSeconds),
      resendAt: secondsAfter(now, this.#settings.resendSeconds),
    };
  }
}

/** The kind of identifier that a channel reaches. */
export const kindOf = (channel: VerificationChannel): AddressKind => (channel === 'EMAIL' ? 'EMAIL' : 'PHONE');

/** The channel that reaches an identifier; null for user names. */
export const channelOf = (kind: IdentifierKind): VerificationChannel | null =>
  kind === 'USERNAME' ? null : kind === 'EMAIL' ? 'EMAIL' : 'SMS';

const formOf = ({ context }: VerificationRow): CodeForm => (context['form'] === 'LINK' ? 'LINK' : 'CODE');

const pendingOf = (
  token: string,
  { channel, target }: { readonly channel: VerificationChannel; readonly target: string },
  { expiresAt, resendAt }: Pick<Times, 'expiresAt' | 'resendAt'>,
): PendingVerification => ({ token, channel, maskedTarget: maskTarget(target), expiresAt, resendAt });

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
