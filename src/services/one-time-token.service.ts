import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { createToken, parseToken, sameHash, type TokenKind } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { instantOf, sql } from '../database/sql.ts';
import { OneTimeToken } from '../entities/one-time-token.entity.ts';
import { reject } from '../errors.ts';
import type { OneTimeTokenId, UserId } from '../ids.ts';
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
};

export interface IssuedToken {
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

/** Tokens that are a right, once. Looking at one never consumes it; consuming is one conditional statement. */
export class OneTimeTokenService {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(parts: { database: Database; clock: Clock }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
  }

  /** A new token of its kind; older open ones of the same user and kind stop working. */
  async issue(
    em: EntityManager,
    facts: {
      kind: OneTimeTokenKind;
      userId: UserId | null;
      expiresAt: Date;
      context?: Readonly<Record<string, unknown>>;
    },
    replaceOlder = true,
  ): Promise<IssuedToken> {
    const now = this.#clock.now();
    if (replaceOlder && facts.userId !== null) await this.#replace(em, facts.userId, facts.kind, now);
    const created = createToken(prefixOf[facts.kind]);
    em.persist(new OneTimeToken({ ...facts, selector: created.selector, secretHash: created.secretHash, now }));
    await em.flush();
    return { token: created.token, expiresAt: facts.expiresAt };
  }

  /** Finds the row of a presented token of one of these kinds; null when it is malformed, unknown, or of another kind. */
  async find(em: EntityManager, text: string, kinds: readonly OneTimeTokenKind[]): Promise<FoundToken | null> {
    for (const kind of kinds) {
      const parsed = parseToken(prefixOf[kind], text);
      if (parsed === null) continue;
      const [row] = await sql<TokenRow>(em, 'select * from one_time_tokens where selector = $1', [parsed.selector]);
      const fits = row !== undefined && row.kind === kind && sameHash(row.secret_hash, parsed.secretHash);
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

  /** Counts an answer to a challenge before it is looked at; false when there were `maximum` already, or it is over. */
  async takeAttempt(token: FoundToken, maximum: number): Promise<boolean> {
    const rows = await this.#database.query(
      `update one_time_tokens set attempts = attempts + 1
       where id = $1 and used_at is null and expires_at > $2 and attempts < $3 returning id`,
      [token.id, this.#clock.now().toISOString(), maximum],
    );
    return rows.length > 0;
  }

  /** Refuses a token that is not valid (any more): TOKEN_EXPIRED or TOKEN_USED, for the field of the form that held it. */
  refuse(token: FoundToken, field = fieldOf(token)): never {
    return reject(token.state === 'EXPIRED' ? 'TOKEN_EXPIRED' : 'TOKEN_USED', { field: [field] });
  }

  /** Ends every open token of a user. */
  async endAll(em: EntityManager, userId: UserId): Promise<void> {
    await sql(em, 'update one_time_tokens set used_at = $2 where user_id = $1 and used_at is null', [
      userId,
      this.#clock.now().toISOString(),
    ]);
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
