import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import type { WebhookDeliveryView } from '../entities/webhook-delivery.queries.ts';
import type { OutboxEventId, WebhookDeliveryId, WebhookId } from '../ids.ts';
import type { WebhookDeliveryKind } from '../vocabulary.ts';
import { type AttemptOutcome, AttemptOutcomes } from './attempt-outcomes.ts';

/** A delivery that this process alone may try until its time is up. `attempt` counts from 1. */
export interface ClaimedDelivery {
  readonly id: WebhookDeliveryId;
  readonly webhookId: WebhookId;
  readonly eventId: OutboxEventId;
  readonly eventType: string;
  readonly kind: WebhookDeliveryKind;
  readonly body: string;
  readonly attempt: number;
  readonly url: string;
  readonly sealedSecret: string | null;
  readonly sealedPreviousSecret: string | null;
  /** Until when the previous secret signs too. */
  readonly secretOverlapUntil: Date | null;
}

interface ClaimedRow {
  readonly id: WebhookDeliveryId;
  readonly webhook_id: WebhookId;
  readonly event_id: OutboxEventId;
  readonly event_type: string;
  readonly kind: WebhookDeliveryKind;
  readonly body: string;
  readonly attempts: number;
  readonly url: string;
  readonly sealed_secret: string | null;
  readonly sealed_previous_secret: string | null;
  readonly secret_overlap_until: string | null;
}

/**
 * Takes what is due, of each webhook at most as much as it has room for: one that hangs fills its own room and nobody else's. Who takes
 * a delivery counts the try, writes its row, and moves the next one behind the time that trying can take: a process that dies in between
 * loses nothing, the delivery is due again then. `$1` now, `$2` until, `$3` room of a webhook, `$4` and `$5` webhooks that are busy and
 * with how many; for a single delivery `$3` is its id.
 */
const claim = (due: string): string => `with ${due}, claimed as (
  update webhook_deliveries d set attempts = d.attempts + 1, next_attempt_at = $2::timestamptz from due where d.id = due.id
  returning d.id, d.webhook_id, d.event_id, d.event_type, d.kind, d.body, d.attempts
), tried as (
  insert into webhook_attempts (delivery_id, number, started_at) select id, attempts, $1::timestamptz from claimed
)
select c.*, w.url, w.sealed_secret, w.sealed_previous_secret, w.secret_overlap_until
from claimed c join webhooks w on w.id = c.webhook_id order by c.id`;

const CLAIM_DUE = claim(`room as materialized (
  select w.id, $3::int - coalesce(b.count, 0) as free
  from webhooks w left join unnest($4::uuid[], $5::int[]) as b(id, count) on b.id = w.id
  where w.enabled and w.deleted_at is null
), due as materialized (
  select d.id from room r cross join lateral (
    select id from webhook_deliveries where webhook_id = r.id and state = 'PENDING' and next_attempt_at <= $1::timestamptz
    order by next_attempt_at, id limit greatest(r.free, 0) for update skip locked) d
)`);

const CLAIM_ONE = claim(`due as materialized (
  select id from webhook_deliveries where id = $3 and state = 'PENDING' and attempts = 0 for update skip locked
)`);

const claimedOf = (row: ClaimedRow): ClaimedDelivery => ({
  id: row.id,
  webhookId: row.webhook_id,
  eventId: row.event_id,
  eventType: row.event_type,
  kind: row.kind,
  body: row.body,
  attempt: row.attempts,
  url: row.url,
  sealedSecret: row.sealed_secret,
  sealedPreviousSecret: row.sealed_previous_secret,
  secretOverlapUntil: instantOf(row.secret_overlap_until),
});

/** How much waits. */
export interface WebhookBacklog {
  /** Counted up to a hundred thousand. */
  readonly pending: number;
  /** When the event was handed over that waits longest; null when none waits. */
  readonly oldestAt: Date | null;
}

const BACKLOG = `select
  (select count(*)::int from (select from webhook_deliveries where state = 'PENDING' limit 100000) p) as pending,
  (select created_at from webhook_deliveries where state = 'PENDING' order by created_at limit 1) as oldest`;

/** The table of deliveries as a queue that several processes work on. */
export class WebhookQueue {
  readonly #database: Database;
  readonly #outcomes: AttemptOutcomes;

  constructor(database: Database) {
    this.#database = database;
    this.#outcomes = new AttemptOutcomes(database);
  }

  /** Takes due deliveries of webhooks that are switched on, at most `room` of each, counting those that are `busy` already. */
  async claimDue(
    now: Date,
    until: Date,
    { room, busy }: { readonly room: number; readonly busy: ReadonlyMap<WebhookId, number> },
  ): Promise<readonly ClaimedDelivery[]> {
    const values = [now.toISOString(), until.toISOString(), room, [...busy.keys()], [...busy.values()]];
    return (await this.#database.query<ClaimedRow>(CLAIM_DUE, values)).map((row) => claimedOf(row));
  }

  /** Takes one delivery that was never tried, due or not, its webhook switched on or not; null when it was, or is in other hands. */
  async claimOne(now: Date, until: Date, id: WebhookDeliveryId): Promise<ClaimedDelivery | null> {
    const [row] = await this.#database.query<ClaimedRow>(CLAIM_ONE, [now.toISOString(), until.toISOString(), id]);
    return row === undefined ? null : claimedOf(row);
  }

  /** Writes what became of a try, with others that end at the time. Gives the row; null when it is gone, over, or in other hands. */
  settle(
    { id, attempt }: Pick<ClaimedDelivery, 'id' | 'attempt'>,
    outcome: AttemptOutcome,
    at: Date,
  ): Promise<WebhookDeliveryView | null> {
    return this.#outcomes.write({ id, attempt, at }, outcome);
  }

  /** Two short walks along an index. */
  async backlog(): Promise<WebhookBacklog> {
    const [row] = await this.#database.query<{ pending: number; oldest: string | null }>(BACKLOG);
    return { pending: row?.pending ?? 0, oldestAt: instantOf(row?.oldest ?? null) };
  }
}
