import type { Database } from '../database/database.ts';
import {
  webhookDeliveryColumns,
  type WebhookDeliveryRow,
  type WebhookDeliveryView,
  webhookDeliveryViewOf,
} from '../entities/webhook-delivery.queries.ts';
import type { WebhookDeliveryId } from '../ids.ts';

/** Outcomes of one statement. */
const BATCH = 200;

/** What became of a try. */
export interface AttemptOutcome {
  readonly state: 'PENDING' | 'DELIVERED' | 'DEAD';
  readonly responseStatus: number | null;
  readonly failure: string | null;
  readonly durationMs: number;
  /** null when there is none. */
  readonly nextAttemptAt: Date | null;
}

/** Which try, and when it ended. */
interface EndedAttempt {
  readonly id: WebhookDeliveryId;
  /** From 1. */
  readonly attempt: number;
  readonly at: Date;
}

interface Waiting {
  readonly ended: EndedAttempt;
  readonly outcome: AttemptOutcome;
  readonly resolve: (view: WebhookDeliveryView | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * That it was accepted always counts; anything else only while nobody else has taken the delivery meanwhile. The row of the try is
 * written in any case.
 */
const SETTLE = `with ended as materialized (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::int[], $7::timestamptz[], $8::timestamptz[])
    as e(id, number, state, response_status, failure, duration_ms, next_attempt_at, at)
), tried as (
  update webhook_attempts a set response_status = e.response_status, failure = e.failure, duration_ms = e.duration_ms
  from ended e where a.delivery_id = e.id and a.number = e.number
)
update webhook_deliveries d set state = e.state, response_status = e.response_status, failure = e.failure,
  duration_ms = e.duration_ms, next_attempt_at = e.next_attempt_at,
  finished_at = case when e.state = 'PENDING' then null else e.at end
from ended e where d.id = e.id and d.state = 'PENDING' and (d.attempts = e.number or e.state = 'DELIVERED')
returning ${webhookDeliveryColumns}`;

const valuesOf = (batch: readonly Waiting[]): readonly unknown[] => [
  batch.map(({ ended }) => ended.id),
  batch.map(({ ended }) => ended.attempt),
  batch.map(({ outcome }) => outcome.state),
  batch.map(({ outcome }) => outcome.responseStatus),
  batch.map(({ outcome }) => outcome.failure),
  batch.map(({ outcome }) => outcome.durationMs),
  batch.map(({ outcome }) => outcome.nextAttemptAt?.toISOString() ?? null),
  batch.map(({ ended }) => ended.at.toISOString()),
];

/** Writes what became of tries: those that end while a statement runs are written by the next one together. */
export class AttemptOutcomes {
  readonly #database: Database;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Gives the row of the delivery; null when it is gone, over, or in other hands. */
  write(ended: EndedAttempt, outcome: AttemptOutcome): Promise<WebhookDeliveryView | null> {
    const { promise, resolve, reject } = Promise.withResolvers<WebhookDeliveryView | null>();
    this.#waiting.push({ ended, outcome, resolve, reject });
    // What else ends in this turn goes along.
    if (!this.#isWriting) setImmediate(() => void this.#writeAll());
    this.#isWriting = true;
    return promise;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, BATCH));
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const rows = await this.#database.query<WebhookDeliveryRow>(SETTLE, valuesOf(batch));
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const { ended, resolve } of batch) {
        const row = byId.get(ended.id);
        resolve(row === undefined ? null : webhookDeliveryViewOf(row));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
