import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import { sql } from '../database/sql.ts';
import { Failure, reject } from '../errors.ts';
import type { UserId } from '../ids.ts';

const KEPT_SECONDS = 24 * 60 * 60;
const MAXIMUM_KEY_LENGTH = 200;

/** Identifies one intended change: who, which mutation, and the key that the client chose for it. */
export interface IdempotentRequest {
  readonly actorId: UserId;
  readonly mutation: string;
  readonly key: string;
  /** What was asked for; a repetition must ask for the same. Only its hash is stored. */
  readonly input: unknown;
}

/**
 * Makes repeating a request harmless: the first one does the work, later ones with the same key get its answer. The claim
 * is part of the transaction of the work, so that of parallel repetitions one works and the others wait for its answer.
 */
export class IdempotencyService {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The stored answer of an earlier identical request; null when this one is the first (then `keep` its answer in the same
   * transaction) or when there is no request. Throws IDEMPOTENCY_KEY_REUSED when the input differs.
   */
  async claim<Answer extends object>(em: EntityManager, request: IdempotentRequest | null): Promise<Answer | null> {
    if (request === null) return null;
    if (request.key === '' || request.key.length > MAXIMUM_KEY_LENGTH) {
      return reject('INVALID_VALUE', { field: ['idempotencyKey'] });
    }
    const now = this.#clock.now();
    const hash = inputHash(request.input);
    const claimed = await sql(
      em,
      `insert into idempotency_keys (actor_id, mutation, key, input_hash, answer, created_at, expires_at)
       values ($1, $2, $3, $4, '{}', $5, $6)
       on conflict (actor_id, mutation, key) do update set input_hash = excluded.input_hash, answer = '{}',
         created_at = excluded.created_at, expires_at = excluded.expires_at
         where idempotency_keys.expires_at <= excluded.created_at
       returning key`,
      [
        request.actorId,
        request.mutation,
        request.key,
        hash,
        now.toISOString(),
        secondsAfter(now, KEPT_SECONDS).toISOString(),
      ],
    );
    if (claimed.length > 0) return null;
    const [kept] = await sql<{ input_hash: Buffer; answer: Answer }>(
      em,
      'select input_hash, answer from idempotency_keys where actor_id = $1 and mutation = $2 and key = $3',
      [request.actorId, request.mutation, request.key],
    );
    if (kept === undefined || !kept.input_hash.equals(hash)) throw new Failure('IDEMPOTENCY_KEY_REUSED');
    return kept.answer;
  }

  /** Stores the answer of a claimed request; it must not hold secrets. */
  async keep(em: EntityManager, request: IdempotentRequest | null, answer: object): Promise<void> {
    if (request === null) return;
    await sql(em, 'update idempotency_keys set answer = $4 where actor_id = $1 and mutation = $2 and key = $3', [
      request.actorId,
      request.mutation,
      request.key,
      JSON.stringify(answer),
    ]);
  }
}

const inputHash = (input: unknown): Buffer => createHash('sha256').update(JSON.stringify(input)).digest();
