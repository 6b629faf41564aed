import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Database } from '../database/database.ts';
import { Keyset, type Ordering, type PageRequest } from '../database/keyset.ts';
import {
  attemptsOfDeliveries,
  type WebhookAttemptRow,
  type WebhookAttemptView,
  webhookAttemptViewOf,
  webhookDeliveryColumns,
  type WebhookDeliveryRow,
  type WebhookDeliveryView,
  webhookDeliveryViewOf,
} from '../entities/webhook-delivery.queries.ts';
import {
  presentWebhook,
  webhookColumns,
  type WebhookRow,
  type WebhookView,
  webhookViewOf,
} from '../entities/webhook.queries.ts';
import type { WebhookDeliveryId, WebhookId } from '../ids.ts';
import { Conditions } from './conditions.ts';
import { type Connection, connectionOf, listName } from './connection.ts';
import { addDeliveryFilter, type WebhookDeliveryFilter } from './webhook-delivery-filter.ts';

/** Ids are UUIDv7: newest first needs no other column. */
const NEWEST_WEBHOOKS: Ordering = { expression: 'w.id', type: 'uuid', idColumn: 'w.id', descending: true };
const NEWEST_DELIVERIES: Ordering = {
  expression: 'd.created_at',
  type: 'timestamptz',
  idColumn: 'd.id',
  descending: true,
};

const DELIVERIES = `webhook_deliveries d join webhooks w on w.id = d.webhook_id and ${presentWebhook}`;

type DeliveryPageRow = WebhookDeliveryRow & { readonly sort_key: string };

/** Reads webhooks and what was sent to them, never secrets or texts. Who may see one may see all: the tree has asked already. */
export class WebhookReader {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #cursorKey: KeyObject;

  constructor(parts: { database: Database; clock: Clock; masterKeys: MasterKeys }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#cursorKey = parts.masterKeys.derive('cursor');
  }

  /** A page of webhooks, newest first. One statement; one more when the total is asked for. Throws BAD_USER_INPUT. */
  async page(request: PageRequest): Promise<Connection<WebhookView>> {
    const keyset = new Keyset(this.#cursorKey, NEWEST_WEBHOOKS, 'webhooks');
    const query = keyset.query(request, 1);
    const rows = await this.#database.query<WebhookRow>(
      `select ${webhookColumns} from webhooks w where ${presentWebhook} and ${query.condition}
       order by ${query.orderBy} limit ${query.limit}`,
      query.values,
    );
    const mapped = {
      node: (row: WebhookRow) => webhookViewOf(row, this.#clock.now()),
      position: ({ id }: WebhookRow) => ({ key: id, id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () =>
      this.#count(`webhooks w where ${presentWebhook}`, []),
    );
  }

  /** Several webhooks by id; null for those that do not exist. One statement. */
  async byIds(ids: readonly WebhookId[]): Promise<readonly (WebhookView | null)[]> {
    const rows = await this.#database.query<WebhookRow>(
      `select ${webhookColumns} from webhooks w where w.id = any($1::uuid[]) and ${presentWebhook}`,
      [ids],
    );
    const now = this.#clock.now();
    const byId = new Map(rows.map((row) => [row.id, webhookViewOf(row, now)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /**
   * The page of deliveries that the filter describes, newest first. One statement; one more when the total is asked for. Throws
   * BAD_USER_INPUT for page sizes and cursors.
   */
  async deliveries(
    request: PageRequest,
    filter: WebhookDeliveryFilter | null,
  ): Promise<Connection<WebhookDeliveryView>> {
    const keyset = new Keyset(this.#cursorKey, NEWEST_DELIVERIES, listName('webhookDeliveries', filter));
    const conditions = new Conditions();
    addDeliveryFilter(conditions, filter ?? {});
    const query = keyset.query(request, conditions.values.length + 1);
    const rows = await this.#database.query<DeliveryPageRow>(
      `select ${webhookDeliveryColumns}, d.created_at::text as sort_key from ${DELIVERIES}
       where ${conditions.text} and ${query.condition} order by ${query.orderBy} limit ${query.limit}`,
      [...conditions.values, ...query.values],
    );
    const mapped = {
      node: webhookDeliveryViewOf,
      position: (row: DeliveryPageRow) => ({ key: row.sort_key, id: row.id }),
    };
    return connectionOf(keyset, keyset.page(request, query, rows), mapped, () =>
      this.#count(`${DELIVERIES} where ${conditions.text}`, conditions.values),
    );
  }

  /** Several deliveries by id; null for those that do not exist. One statement. */
  async deliveriesByIds(ids: readonly WebhookDeliveryId[]): Promise<readonly (WebhookDeliveryView | null)[]> {
    const rows = await this.#database.query<WebhookDeliveryRow>(
      `select ${webhookDeliveryColumns} from ${DELIVERIES} where d.id = any($1::uuid[])`,
      [ids],
    );
    const byId = new Map(rows.map((row) => [row.id, webhookDeliveryViewOf(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  /** The latest delivery of each of these webhooks. One statement. */
  async latestDeliveries(ids: readonly WebhookId[]): Promise<readonly (WebhookDeliveryView | null)[]> {
    const rows = await this.#database.query<WebhookDeliveryRow>(
      `select latest.* from unnest($1::uuid[]) as w(id) cross join lateral (
         select ${webhookDeliveryColumns} from webhook_deliveries d where d.webhook_id = w.id
         order by d.created_at desc, d.id desc limit 1) latest`,
      [ids],
    );
    const byWebhook = new Map(rows.map((row) => [row.webhook_id, webhookDeliveryViewOf(row)]));
    return ids.map((id) => byWebhook.get(id) ?? null);
  }

  /** All tries of each of these deliveries, the first one first. One statement. */
  async attempts(ids: readonly WebhookDeliveryId[]): Promise<readonly (readonly WebhookAttemptView[])[]> {
    const rows = await this.#database.query<WebhookAttemptRow>(attemptsOfDeliveries, [ids]);
    const byDelivery = Map.groupBy(rows, (row) => row.delivery_id);
    return ids.map((id) => (byDelivery.get(id) ?? []).map((row) => webhookAttemptViewOf(row)));
  }

  async #count(from: string, values: readonly unknown[]): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(`select count(*)::int as count from ${from}`, values);
    return row?.count ?? 0;
  }
}
