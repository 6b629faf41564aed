import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  presentWebhook,
  webhookColumns,
  type WebhookRow,
  type WebhookView,
  webhookViewOf,
} from '../entities/webhook.queries.ts';
import { reject, Rejection, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { newId, parseId, type WebhookId } from '../ids.ts';
import { createWebhookSecret } from '../webhooks/webhook-secret.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { targetNotFound } from './target-ids.ts';
import { Reading } from './text.ts';
import { readEventTypes, readWebhookUrl, WEBHOOK_NAME } from './webhook-input.ts';

const MAXIMUM_OVERLAP_SECONDS = 604_800;

export interface NewWebhookInput {
  readonly name: string;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly idempotencyKey: string | null;
}

/** null = as it is. */
export interface WebhookChangeInput {
  readonly id: string;
  readonly name: string | null;
  readonly url: string | null;
  readonly eventTypes: readonly string[] | null;
  readonly enabled: boolean | null;
}

export interface CreatedWebhook {
  /** null when an earlier request made it and it was deleted since. */
  readonly webhook: WebhookView | null;
  /** null for a repeated request: it is shown once. */
  readonly secret: Secret<string> | null;
  readonly replayed: boolean;
}

/** Makes, changes and deletes webhooks. They hear of everything everywhere, so no permission for a part of the tree reaches them. */
export class WebhookService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #settings: Config['webhooks'];

  constructor(parts: {
    database: Database;
    masterKeys: MasterKeys;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#settings = parts.config.webhooks;
  }

  /**
   * Makes a webhook that is switched on: events that are published from now on go to it. Errors: those of the fields, URL_NOT_ALLOWED,
   * UNKNOWN_EVENT_TYPE, TOO_MANY_WEBHOOKS. Throws IDEMPOTENCY_KEY_REUSED.
   */
  async create(caller: SignedInCaller, input: NewWebhookInput): Promise<CreatedWebhook> {
    const reading = new Reading();
    const name = reading.text(input.name, WEBHOOK_NAME);
    const url = readWebhookUrl(input.url, this.#settings);
    const types = readEventTypes(input.eventTypes);
    rejectAny([...reading.problems, ...url.problems, ...types.problems]);
    const request = requestOf(caller, input);
    return this.#database.transaction(async (em) => {
      const earlier = await this.#idempotency.claim<{ webhookId: WebhookId }>(em, request);
      if (earlier !== null) {
        return { webhook: await this.#read(em, earlier.webhookId), secret: null, replayed: true };
      }
      await this.#requireRoom(em);
      const made = await this.#insert(em, caller, { name, url: url.value, eventTypes: types.value });
      await this.#idempotency.keep(em, request, { webhookId: made.webhook.id });
      return { ...made, replayed: false };
    });
  }

  /** Changes what is given. Switched off, a webhook gets nothing: what waits goes on when it is switched on again, what happens meanwhile
   * passes it by. Errors: those of `create`, TARGET_NOT_FOUND. */
  async update(caller: SignedInCaller, input: WebhookChangeInput): Promise<WebhookView> {
    const reading = new Reading();
    const name = reading.optionalText(input.name, WEBHOOK_NAME);
    const url = input.url === null ? null : readWebhookUrl(input.url, this.#settings);
    const types = input.eventTypes === null ? null : readEventTypes(input.eventTypes);
    rejectAny([...reading.problems, ...(url?.problems ?? []), ...(types?.problems ?? [])]);
    return this.#database.transaction(async (em) => {
      const before = await this.#lock(em, input.id);
      const after = {
        ...before,
        name: name ?? before.name,
        url: url?.value ?? before.url,
        eventTypes: types?.value ?? before.eventTypes,
        enabled: input.enabled ?? before.enabled,
      };
      const changes = changesOf(before, after);
      if (changes.length === 0) return before;
      const [row] = await sql<WebhookRow>(
        em,
        `update webhooks w set name = $2, url = $3, event_types = $4::text[], enabled = $5, updated_at = $6::timestamptz
         where w.id = $1 returning ${webhookColumns}`,
        [before.id, after.name, after.url, after.eventTypes, after.enabled, this.#clock.now().toISOString()],
      );
      await this.#recorder.record(em, originOf(caller), [
        { action: 'webhook.updated', target: referenceOf(after), changes },
      ]);
      return this.#viewOf(row);
    });
  }

  /**
   * Gives a webhook a new secret. The one before signs too for `overlapSeconds`, 0 to 604,800; one that still signed from an earlier
   * rotation ends at once. Errors: INVALID_VALUE, TARGET_NOT_FOUND.
   */
  async rotate(
    caller: SignedInCaller,
    { id, overlapSeconds }: { readonly id: string; readonly overlapSeconds: number },
  ): Promise<{ webhook: WebhookView; secret: Secret<string> }> {
    if (overlapSeconds < 0 || overlapSeconds > MAXIMUM_OVERLAP_SECONDS) {
      const message = `Give 0 to ${MAXIMUM_OVERLAP_SECONDS} seconds.`;
      return reject('INVALID_VALUE', { message, field: ['overlapSeconds'] });
    }
    return this.#database.transaction(async (em) => {
      const before = await this.#lock(em, id);
      const { secret, sealed } = createWebhookSecret(this.#masterKeys, before.id);
      const now = this.#clock.now();
      const until = overlapSeconds === 0 ? null : secondsAfter(now, overlapSeconds).toISOString();
      const [row] = await sql<WebhookRow>(
        em,
        `update webhooks w set sealed_secret = $2, updated_at = $4::timestamptz, secret_overlap_until = $3::timestamptz,
           sealed_previous_secret = case when $3::timestamptz is not null then w.sealed_secret end
         where w.id = $1 returning ${webhookColumns}`,
        [before.id, sealed, until, now.toISOString()],
      );
      await this.#recorder.record(em, originOf(caller), [
        { action: 'webhook.secret-rotated', target: referenceOf(before), metadata: { overlapSeconds } },
      ]);
      return { webhook: this.#viewOf(row), secret };
    });
  }

  /** Deletes a webhook: its secrets at once, its deliveries in batches by housekeeping; none is tried any more. Errors: TARGET_NOT_FOUND. */
  async delete(caller: SignedInCaller, id: string): Promise<WebhookId> {
    return this.#database.transaction(async (em) => {
      const before = await this.#lock(em, id);
      await sql(
        em,
        `update webhooks set deleted_at = $2::timestamptz, enabled = false, sealed_secret = null, sealed_previous_secret = null,
           secret_overlap_until = null where id = $1`,
        [before.id, this.#clock.now().toISOString()],
      );
      await this.#recorder.record(em, originOf(caller), [{ action: 'webhook.deleted', target: referenceOf(before) }]);
      return before.id;
    });
  }

  async #insert(
    em: EntityManager,
    caller: SignedInCaller,
    made: Pick<WebhookView, 'name' | 'url' | 'eventTypes'>,
  ): Promise<{ webhook: WebhookView; secret: Secret<string> }> {
    const id = newId<WebhookId>();
    const { secret, sealed } = createWebhookSecret(this.#masterKeys, id);
    const [row] = await sql<WebhookRow>(
      em,
      `insert into webhooks as w (id, name, url, event_types, enabled, sealed_secret, created_by_id, created_at, updated_at)
       values ($1, $2, $3, $4::text[], true, $5, $6, $7::timestamptz, $7::timestamptz) returning ${webhookColumns}`,
      [id, made.name, made.url, made.eventTypes, sealed, caller.principal.userId, this.#clock.now().toISOString()],
    );
    const webhook = this.#viewOf(row);
    await this.#recorder.record(em, originOf(caller), [
      { action: 'webhook.created', target: referenceOf(webhook), changes: changesOf(null, webhook) },
    ]);
    return { webhook, secret };
  }

  /** Webhooks that are made at once are counted one after another. */
  async #requireRoom(em: EntityManager): Promise<void> {
    await sql(em, `select pg_advisory_xact_lock(hashtext('gatehouse.webhooks'))`);
    const [row] = await sql<{ count: number }>(
      em,
      `select count(*)::int as count from webhooks w where ${presentWebhook}`,
    );
    if ((row?.count ?? 0) >= this.#settings.maximum) reject('TOO_MANY_WEBHOOKS');
  }

  async #lock(em: EntityManager, text: string): Promise<WebhookView> {
    const id = parseId<WebhookId>(text);
    const [row] =
      id === null
        ? []
        : await sql<WebhookRow>(
            em,
            `select ${webhookColumns} from webhooks w where w.id = $1 and ${presentWebhook} for no key update`,
            [id],
          );
    if (row === undefined) throw new Rejection([targetNotFound('id', text)]);
    return this.#viewOf(row);
  }

  async #read(em: EntityManager, id: WebhookId): Promise<WebhookView | null> {
    const [row] = await sql<WebhookRow>(
      em,
      `select ${webhookColumns} from webhooks w where w.id = $1 and ${presentWebhook}`,
      [id],
    );
    return row === undefined ? null : this.#viewOf(row);
  }

  #viewOf(row: WebhookRow | undefined): WebhookView {
    if (row === undefined) throw new Error('A webhook was not written.');
    return webhookViewOf(row, this.#clock.now());
  }
}

/** Receivers put secrets into their paths: the log keeps whose address it is, nothing more. */
const originOfUrl = (url: string): string => new URL(url).origin;

/** A field of a webhook as the log shows it. */
const shown = {
  name: ({ name }: WebhookView) => name,
  url: ({ url }: WebhookView) => originOfUrl(url),
  eventTypes: ({ eventTypes }: WebhookView) => eventTypes.join(', '),
  enabled: ({ enabled }: WebhookView) => String(enabled),
} as const;

const changesOf = (before: WebhookView | null, after: WebhookView): NonNullable<Happening['changes']> =>
  (['name', 'url', 'eventTypes', 'enabled'] as const)
    .filter((field) => before === null || String(before[field]) !== String(after[field]))
    .map((field) => ({ field, before: before === null ? null : shown[field](before), after: shown[field](after) }));

/** A webhook, for the log. */
export const referenceOf = ({ id, name }: Pick<WebhookView, 'id' | 'name'>) =>
  ({ type: 'Webhook', id, label: name }) as const;

const requestOf = (caller: SignedInCaller, { idempotencyKey, ...input }: NewWebhookInput): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'createWebhook', key: idempotencyKey, input };
