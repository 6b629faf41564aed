import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { codeHashes, normalisedCode } from '../crypto/one-time-code.ts';
import { type ParsedToken, parseToken } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import {
  codeRecipient,
  type CodeRecipientRow,
  lockAddress,
  tryVerification,
  verificationByToken,
  type VerificationRow,
} from '../entities/verification.queries.ts';
import { reject } from '../errors.ts';
import type { SessionId, UserId } from '../ids.ts';
import type { VerificationChannel, VerificationPurpose } from '../vocabulary.ts';
import { kindOf } from './code-channels.ts';
import { type CodeIssuing, type PendingVerification, pendingOf } from './code-issuing.ts';
import type { CodeForm, CodeRecipient } from './code-messages.ts';
import type { CodeRequester } from './code-requester.ts';
import { issueStatement } from './verification.statements.ts';

export interface CodeRequest {
  readonly purpose: VerificationPurpose;
  readonly channel: VerificationChannel;
  readonly form: CodeForm;
  /** Normalised address or number. */
  readonly target: string;
  /** null: a decoy. It costs the same and nothing is sent. */
  readonly recipient: CodeRecipient | null;
  readonly requester: CodeRequester;
  readonly sessionId?: SessionId | null;
}

/** Sent, or how long to wait until it can be. */
export type CodeOutcome =
  | { readonly verification: PendingVerification; readonly retryAfterSeconds: null }
  | { readonly verification: PendingVerification | null; readonly retryAfterSeconds: number };

/** A token with a code, as a client gives them. */
interface GivenCode {
  readonly token: string;
  readonly code: string;
  /** That of a step-up: the code of another session fits nothing. */
  readonly sessionId?: SessionId | null;
}

/** How many codes' worth of wrong tries one requester has for one address within an hour. */
const CODES_OF_REQUESTER = 2;

/** One-time codes: sent, sent again, tried. */
export class VerificationService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #issuing: CodeIssuing;
  readonly #clock: Clock;
  readonly #settings: Config['codes'];

  constructor(parts: {
    database: Database;
    masterKeys: MasterKeys;
    issuing: CodeIssuing;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#issuing = parts.issuing;
    this.#clock = parts.clock;
    this.#settings = parts.config.codes;
  }

  /**
   * Sends a code or link, unless the requester was sent one a moment ago or too many went to the address. The same statements,
   * whether or not there is an account; the code and its message happen together. Codes before it stay good.
   */
  async send(request: CodeRequest): Promise<CodeOutcome> {
    const code = { ...request, owner: request.recipient, sessionId: request.sessionId ?? null };
    const { pending, made, times, issued } = this.#issuing.make({ ...code, context: { form: request.form } });
    const [row] = await this.#database.transaction(async (em) => {
      await sql(em, lockAddress, [request.channel, request.target]);
      const values = issueStatement.values({ issued, link: made.link, message: made.message });
      return sql<{ id: string | null; waiting: string | null }>(em, issueStatement.text, values);
    });
    if (row?.id != null) return { verification: pending, retryAfterSeconds: null };
    return { verification: null, retryAfterSeconds: this.#waitUntil(instantOf(row?.waiting ?? null), times.now) };
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
      return this.#issuing.sendAgain(em, { ...row, parsed, form: formOf(row) }, recipient);
    });
    if (sent !== null) return { verification: pendingOf(text, row, sent), retryAfterSeconds: null };
    const times = { expiresAt: instantOf(row.expires_at), resendAt: instantOf(row.resend_at) };
    const retryAfterSeconds = this.#waitUntil(times.resendAt, this.#clock.now());
    return { verification: pendingOf(text, row, times), retryAfterSeconds };
  }

  /**
   * Tries a code and uses it up when it is right. Errors: TOKEN_INVALID, CODE_INVALID, CODE_EXPIRED, CODE_ATTEMPTS_EXCEEDED (also when
   * too many codes for the address were tried), VERIFICATION_NOT_PENDING.
   */
  async redeem(
    purpose: VerificationPurpose,
    given: GivenCode,
  ): Promise<VerificationRow & { readonly user_id: UserId }> {
    const parsed = this.#parse(given.token);
    const row = await this.#find(parsed);
    if (row === null || row.purpose !== purpose || row.session_id !== (given.sessionId ?? null)) {
      return reject('TOKEN_INVALID', { field: ['verificationToken'] });
    }
    const tried = await this.#try(row, parsed, given.code);
    if (tried === null) return this.#refuse(await this.#find(parsed));
    const { user_id: userId } = tried;
    if (tried.used_at === null || userId === null) return reject('CODE_INVALID', { field: ['code'] });
    return { ...tried, user_id: userId };
  }

  /** The row after the try; null when nothing was looked at. */
  #try(row: VerificationRow, parsed: ParsedToken, given: string): Promise<VerificationRow | null> {
    const { maximumPerHour, maximumTries } = this.#settings;
    const code = normalisedCode(given);
    return this.#database.transaction(async (em) => {
      await sql(em, lockAddress, [row.channel, row.target]);
      const [tried] = await sql<VerificationRow>(em, tryVerification, [
        parsed.selector,
        parsed.secretHash,
        row.purpose,
        row.session_id,
        code === null ? [] : codeHashes(this.#masterKeys, parsed.selector, code),
        this.#clock.now().toISOString(),
        maximumTries,
        CODES_OF_REQUESTER * maximumTries,
        maximumPerHour * maximumTries,
      ]);
      return tried ?? null;
    });
  }

  #refuse(row: VerificationRow | null): never {
    if (row === null) return reject('TOKEN_INVALID', { field: ['verificationToken'] });
    if (row.used_at !== null) return reject('VERIFICATION_NOT_PENDING', { field: ['verificationToken'] });
    return instantOf(row.expires_at) <= this.#clock.now()
      ? reject('CODE_EXPIRED', { field: ['code'] })
      : reject('CODE_ATTEMPTS_EXCEEDED', { field: ['code'] });
  }

  async #recipientOf(row: VerificationRow): Promise<CodeRecipient | null> {
    const values = [row.user_id, kindOf(row.channel), row.target, row.purpose];
    const [found] = await this.#database.query<CodeRecipientRow>(codeRecipient, values);
    return found === undefined ? null : { userId: found.user_id, userName: found.display_name, locale: found.locale };
  }

  #parse(text: string): ParsedToken {
    return parseToken('verification', text) ?? reject('TOKEN_INVALID', { field: ['verificationToken'] });
  }

  async #find(parsed: ParsedToken): Promise<VerificationRow | null> {
    const values = [parsed.selector, parsed.secretHash];
    return (await this.#database.query<VerificationRow>(verificationByToken, values))[0] ?? null;
  }

  /** Seconds until the next code; past the cooldown only the hourly limits are in the way, and the wait is a guess. */
  #waitUntil(resendAt: Date | null, now: Date): number {
    const left = resendAt === null ? 0 : Math.ceil((resendAt.getTime() - now.getTime()) / 1000);
    return left > 0 ? left : this.#settings.resendSeconds;
  }
}

const formOf = ({ context }: VerificationRow): CodeForm => (context['form'] === 'LINK' ? 'LINK' : 'CODE');
