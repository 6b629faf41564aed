import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import { createToken, parseToken, sameHash, type TokenKind } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import { statementOf } from '../database/statement.ts';
import { issuedToken } from '../entities/one-time-token.queries.ts';
import { reject } from '../errors.ts';
import { newId, type OneTimeTokenId, type UserId } from '../ids.ts';
import type { OneTimeTokenKind } from '../vocabulary.ts';

/** The prefix that says to people and scanners what a token is for. */
const prefixOf: Readonly<Record<OneTimeTokenKind, TokenKind>> = {
  SETUP: 'setup',
  INVITE: 'invite',
  RESET: 'reset',
  PASSWORD_CHANGE: 'challenge',
  EMAIL_CHANGE: 'emailChange',
  SIGN_IN_LINK: 'mailedSignIn',
  MFA: 'challenge',
  PASSKEY_REGISTRATION: 'challenge',
  PASSKEY_ASSERTION: 'challenge',
  PROVIDER_SIGN_IN: 'challenge',
  ORGANIZATION_INVITE: 'invite',
};

/** Another challenge `o` of the kind and user of `t`, for the same known device or likewise for none. */
const OF_SAME_ANSWERER = `o.user_id = t.user_id and o.kind = t.kind and o.id <> t.id
  and o.context->>'deviceId' is not distinct from t.context->>'deviceId'`;

interface NewToken {
  readonly kind: OneTimeTokenKind;
  readonly userId: UserId | null;
  readonly expiresAt: Date;
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface IssuedToken {
  readonly id: OneTimeTokenId;
  readonly token: Secret<string>;
  readonly expiresAt: Date;
}

/** A presented token that fits its row. It is still to be consumed. */
export interface FoundToken {
  readonly id: OneTimeTokenId;
  readonly kind: OneTimeTokenKind;
  readonly userId: UserId | null;
  readonly state: 'VALID' | 'EXPIRED' | 'USED';
  readonly context: Readonly<Record<string, unknown>>;
}

interface TokenRow {
  readonly id: OneTimeTokenId;
  readonly kind: OneTimeTokenKind;
  readonly user_id: UserId | null;
  readonly secret_hash: Buffer;
  readonly context: Readonly<Record<string, unknown>>;
  readonly expires_at: string;
  readonly used_at: string | null;
}

const ISSUE = statementOf({ token: issuedToken }, 'select');

/** Tokens that are a right, once. Looking at one never consumes it; consuming is one conditional statement. */
export class OneTimeTokenService {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(parts: { database: Database; clock: Clock }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
  }

  /** A new token of its kind; older open ones of the same user and kind stop working. */
  async issue(em: EntityManager, facts: NewToken, replaceOlder = true): Promise<IssuedToken> {
    if (replaceOlder && facts.userId !== null) await this.#replace(em, facts.userId, facts.kind, this.#clock.now());
    const { issued, values } = this.prepare(facts);
    // Its user may be an entity that is still to be written.
    await em.flush();
    await sql(em, ISSUE.text, ISSUE.values({ token: values }));
    return issued;
  }

  /** A new token with the values of `issuedToken`, for statements that issue one among other things. */
  prepare(facts: NewToken): { readonly issued: IssuedToken; readonly values: readonly unknown[] } {
    const id = newId<OneTimeTokenId>();
    const { token, selector, secretHash } = createToken(prefixOf[facts.kind]);
    const { kind, userId, expiresAt, context = {} } = facts;
    const now = this.#clock.now().toISOString();
    const values = [id, kind, userId, selector, secretHash, JSON.stringify(context), now, expiresAt.toISOString()];
    return { issued: { id, token, expiresAt }, values };
  }

  /** Finds the row of a presented token of one of these kinds; null when it is malformed, unknown, or of another kind. */
  async find(em: EntityManager, text: string, kinds: readonly OneTimeTokenKind[]): Promise<FoundToken | null> {
    for (const kind of kinds) {
      const parsed = parseToken(prefixOf[kind], text);
      if (parsed === null) continue;
      const [row] = await sql<TokenRow>(em, 'select * from one_time_tokens where selector = $1', [parsed.selector]);
      // Kinds with the same prefix are told apart by the row.
      const fits = row !== undefined && kinds.includes(row.kind) && sameHash(row.secret_hash, parsed.secretHash);
      return fits ? this.#foundOf(row) : null;
    }
    return null;
  }

  /**
   * Uses the token up. Of any number of parallel calls exactly one returns; the others throw TOKEN_USED (TOKEN_EXPIRED past
   * its life). Call it inside the transaction of what the token allows.
   */
  async consume(em: EntityManager, token: FoundToken, field = fieldOf(token)): Promise<void> {
    const now = this.#clock.now().toISOString();
    const rows = await sql(
      em,
      'update one_time_tokens set used_at = $2 where id = $1 and used_at is null and expires_at > $2 returning id',
      [token.id, now],
    );
    if (rows.length === 0) this.refuse(token, field);
  }

  /**
   * Counts an answer to a challenge before it is looked at; false when there were as many already as lock an account, or it is
   * over. Wrong answers to earlier challenges of the same user count too, for as long as a lock lasts: whoever has the first factor
   * gets any number of challenges, and no lock stops some first factors. Those of a known device are counted by themselves,
   * so that nobody else spends its owner's.
   */
  async takeAttempt(
    token: FoundToken,
    { maximumFailures, lockSeconds }: { readonly maximumFailures: number; readonly lockSeconds: number },
  ): Promise<boolean> {
    const now = this.#clock.now();
    const rows = await this.#database.query(
      `update one_time_tokens t set attempts = t.attempts + 1
       where t.id = $1 and t.used_at is null and t.expires_at > $2 and t.attempts + coalesce((
         select sum(o.attempts) from one_time_tokens o where ${OF_SAME_ANSWERER} and o.created_at > $4), 0) < $3
       returning t.id`,
      [token.id, now.toISOString(), maximumFailures, secondsAfter(now, -lockSeconds).toISOString()],
    );
    return rows.length > 0;
  }

  /** Forgets the answers that `takeAttempt` counted, after a right one. */
  async forgetAttempts(em: EntityManager, token: FoundToken): Promise<void> {
    await sql(
      em,
      `update one_time_tokens o set attempts = 0 from one_time_tokens t
       where t.id = $1 and o.attempts > 0 and (o.id = t.id or ${OF_SAME_ANSWERER})`,
      [token.id],
    );
  }

  /** Refuses a token that is not valid (any more): TOKEN_EXPIRED or TOKEN_USED, for the field of the form that held it. */
  refuse(token: FoundToken, field = fieldOf(token)): never {
    return reject(token.state === 'EXPIRED' ? 'TOKEN_EXPIRED' : 'TOKEN_USED', { field: [field] });
  }

  /** Ends every open token of a user but invitations into organizations: those rest on the address, and say so themselves. */
  async endAll(em: EntityManager, userId: UserId): Promise<void> {
    await sql(
      em,
      `update one_time_tokens set used_at = $2
       where user_id = $1 and used_at is null and kind <> 'ORGANIZATION_INVITE'`,
      [userId, this.#clock.now().toISOString()],
    );
  }

  async #replace(em: EntityManager, userId: UserId, kind: OneTimeTokenKind, now: Date): Promise<void> {
    await sql(em, 'update one_time_tokens set used_at = $3 where user_id = $1 and kind = $2 and used_at is null', [
      userId,
      kind,
      now.toISOString(),
    ]);
  }

  #foundOf(row: TokenRow): FoundToken {
    const expired = instantOf(row.expires_at) <= this.#clock.now();
    const state = row.used_at === null ? (expired ? 'EXPIRED' : 'VALID') : 'USED';
    return { id: row.id, kind: row.kind, userId: row.user_id, state, context: row.context };
  }
}

const fieldOf = (token: FoundToken): string => (token.kind === 'SETUP' ? 'setupToken' : 'token');
