import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { WebhookDeliveryView } from '../entities/webhook-delivery.queries.ts';
import { presentWebhook } from '../entities/webhook.queries.ts';
import { Failure, type Problem, reject, Rejection } from '../errors.ts';
import { exampleEvent } from '../events/event-example.ts';
import { type EventType, isEventType } from '../events/event-types.ts';
import type { Recorder } from '../events/recorder.ts';
import { newId, parseId, type WebhookDeliveryId, type WebhookId } from '../ids.ts';
import { sampleBody } from '../webhooks/webhook-body.ts';
import type { WebhookWorker } from '../webhooks/webhook-worker.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import { Conditions } from './conditions.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { readTargetIds, targetNotFound } from './target-ids.ts';
import { addDeliveryFilter, type WebhookDeliveryFilter } from './webhook-delivery-filter.ts';
import { referenceOf } from './webhook.service.ts';

/** The most that one replay by filter can take. */
const MAXIMUM_REPLAYED = 10_000;

export interface ReplayInput {
  readonly ids: readonly string[] | null;
  readonly filter: WebhookDeliveryFilter | null;
  readonly idempotencyKey: string | null;
}

interface TestedRow {
  readonly id: WebhookId;
  readonly name: string;
  readonly event_types: readonly string[];
}

interface ReplayableRow {
  readonly id: WebhookDeliveryId;
  readonly webhook_id: WebhookId;
  readonly name: string;
  readonly replayable: boolean;
}

/** What a delivery must be to go out once more: over, no test, the last of its row, its webhook switched on. */
const REPLAYABLE = `d.state <> 'PENDING' and d.kind <> 'TEST' and w.enabled
  and not exists (select from webhook_deliveries n where n.previous_id = d.id)`;

/** Sends to webhooks at somebody's request. */
export class WebhookDeliveryService {
  readonly #database: Database;
  readonly #worker: WebhookWorker;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #settings: Config['webhooks'];

  constructor(parts: {
    database: Database;
    webhookWorker: WebhookWorker;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#worker = parts.webhookWorker;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#settings = parts.config.webhooks;
  }

  /**
   * Posts a sample event, switched on or not, once, and waits for the answer as long as a receiver may take. Without a type, the first
   * that the webhook listens to. Errors: TARGET_NOT_FOUND, UNKNOWN_EVENT_TYPE. Throws RATE_LIMITED while as many deliveries of the
   * webhook are under way as may be.
   */
  async test(
    caller: SignedInCaller,
    { id, eventType }: { readonly id: string; readonly eventType: string | null },
  ): Promise<WebhookDeliveryView> {
    const asked = eventType === null ? null : knownType([eventType]);
    const made = await this.#database.transaction(async (em) => {
      const webhook = await this.#tested(em, id);
      this.#requireRoom(webhook.id);
      const type = asked ?? knownType(webhook.event_types);
      const event = exampleEvent(type, this.#clock.now());
      const deliveryId = newId<WebhookDeliveryId>();
      // Not due yet: this process tries it, others only should it die first.
      await sql(
        em,
        `insert into webhook_deliveries (id, webhook_id, event_id, event_type, kind, body, next_attempt_at, created_at)
         values ($1, $2, $3, $4, 'TEST', $5, $6::timestamptz + interval '1 minute', $6::timestamptz)`,
        [deliveryId, webhook.id, event.id, type, sampleBody(event), event.occurredAt.toISOString()],
      );
      await this.#recorder.record(em, originOf(caller), [
        { action: 'webhook.tested', target: referenceOf(webhook), metadata: { eventType: type } },
      ]);
      return deliveryId;
    });
    return (await this.#worker.deliver(made)) ?? this.#interrupted();
  }

  /**
   * Makes new deliveries of the events of old ones; the old rows stay as they are, as the `previous` of the new ones. By ids all or
   * none, at most 100; by a filter those that can be, at most 10,000. Only the last of such a row can be replayed, so that two people
   * who press at once send one. Gives how many. Errors: EXACTLY_ONE_REQUIRED, REQUIRED, TOO_MANY_ITEMS, TARGET_NOT_FOUND,
   * NOT_REPLAYABLE. Throws IDEMPOTENCY_KEY_REUSED.
   */
  async replay(caller: SignedInCaller, input: ReplayInput): Promise<number> {
    const { ids, filter } = input;
    if ((ids === null) === (filter === null)) reject('EXACTLY_ONE_REQUIRED', { field: ['ids'] });
    const targets = ids === null ? null : readTargetIds(ids, 'ids', (text) => parseId<WebhookDeliveryId>(text));
    const request = requestOf(caller, input);
    const count = await this.#database.transaction(async (em) => {
      const earlier = await this.#idempotency.claim<{ count: number }>(em, request);
      if (earlier !== null) return earlier.count;
      const rows = targets === null ? await this.#filtered(em, filter ?? {}) : await this.#named(em, targets);
      await this.#repeat(em, rows);
      await this.#record(em, caller, rows);
      await this.#idempotency.keep(em, request, { count: rows.length });
      return rows.length;
    });
    this.#worker.wake();
    return count;
  }

  async #tested(em: EntityManager, text: string): Promise<TestedRow> {
    const id = parseId<WebhookId>(text);
    const [row] =
      id === null
        ? []
        : await sql<TestedRow>(
            em,
            `select w.id, w.name, w.event_types from webhooks w where w.id = $1 and ${presentWebhook}`,
            [id],
          );
    if (row === undefined) throw new Rejection([targetNotFound('id', text)]);
    return row;
  }

  #requireRoom(id: WebhookId): void {
    if (this.#worker.hasRoom(id)) return;
    const retryAfterSeconds = this.#settings.timeoutSeconds;
    throw new Failure('RATE_LIMITED', 'Too many deliveries to it are under way.', { retryAfterSeconds });
  }

  /** The database went away before the outcome was written, or the webhook was deleted meanwhile. */
  #interrupted(): never {
    throw new Failure('SERVICE_UNAVAILABLE', 'What became of the try is not known.');
  }

  /** The named deliveries, locked: whether one was replayed meanwhile is seen only by a statement that begins after the wait. */
  async #named(em: EntityManager, ids: readonly WebhookDeliveryId[]): Promise<readonly ReplayableRow[]> {
    await sql(em, 'select from webhook_deliveries where id = any($1::uuid[]) order by id for update', [ids]);
    const rows = await sql<ReplayableRow>(
      em,
      `select d.id, d.webhook_id, w.name, ${REPLAYABLE} as replayable
       from webhook_deliveries d join webhooks w on w.id = d.webhook_id and ${presentWebhook}
       where d.id = any($1::uuid[]) order by d.created_at, d.id`,
      [ids],
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    const problems = ids.flatMap((id): readonly Problem[] => {
      const row = byId.get(id);
      if (row === undefined) return [targetNotFound('ids', id)];
      return row.replayable ? [] : [{ code: 'NOT_REPLAYABLE', field: ['ids'], targetId: id }];
    });
    if (problems.length > 0) throw new Rejection(problems);
    return rows;
  }

  async #filtered(em: EntityManager, filter: WebhookDeliveryFilter): Promise<readonly ReplayableRow[]> {
    const conditions = new Conditions();
    addDeliveryFilter(conditions, filter);
    const found = await sql<{ id: WebhookDeliveryId }>(
      em,
      `select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id and ${presentWebhook}
       where ${conditions.text} and ${REPLAYABLE} order by d.id limit ${MAXIMUM_REPLAYED + 1} for update of d`,
      conditions.values,
    );
    if (found.length > MAXIMUM_REPLAYED) reject('TOO_MANY_ITEMS', { field: ['filter'] });
    return sql<ReplayableRow>(
      em,
      `select d.id, d.webhook_id, w.name, true as replayable from webhook_deliveries d join webhooks w on w.id = d.webhook_id
       where d.id = any($1::uuid[]) and ${REPLAYABLE} order by d.created_at, d.id`,
      [found.map(({ id }) => id)],
    );
  }

  async #repeat(em: EntityManager, rows: readonly ReplayableRow[]): Promise<void> {
    if (rows.length === 0) return;
    await sql(
      em,
      `insert into webhook_deliveries (id, webhook_id, event_id, event_type, kind, body, next_attempt_at, previous_id, created_at)
       select r.id, d.webhook_id, d.event_id, d.event_type, 'REPLAY', d.body, $3::timestamptz, d.id, $3::timestamptz
       from unnest($1::uuid[], $2::uuid[]) as r(id, previous_id) join webhook_deliveries d on d.id = r.previous_id`,
      [rows.map(() => newId<WebhookDeliveryId>()), rows.map(({ id }) => id), this.#clock.now().toISOString()],
    );
  }

  async #record(em: EntityManager, caller: SignedInCaller, rows: readonly ReplayableRow[]): Promise<void> {
    const byWebhook = Map.groupBy(rows, (row) => row.webhook_id);
    const happenings = [...byWebhook].map(([id, some]) => ({
      action: 'webhook.deliveries-replayed',
      target: referenceOf({ id, name: some[0]?.name ?? '' }),
      metadata: { count: some.length },
    }));
    await this.#recorder.record(em, originOf(caller), happenings);
  }
}

/** The first that the catalogue has; a webhook can be older than the removal of a type. */
const knownType = (types: readonly string[]): EventType =>
  types.find((type) => isEventType(type)) ?? reject('UNKNOWN_EVENT_TYPE', { field: ['eventType'] });

const requestOf = (caller: SignedInCaller, { idempotencyKey, ...input }: ReplayInput): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'replayWebhookDeliveries', key: idempotencyKey, input };
