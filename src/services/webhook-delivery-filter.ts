import { newId, parseId, type WebhookId } from '../ids.ts';
import type { WebhookDeliveryState } from '../vocabulary.ts';
import type { Conditions } from './conditions.ts';
import type { TimeRange } from './user-filter.ts';

/** Which deliveries; and-ed. */
export interface WebhookDeliveryFilter {
  readonly webhookId?: string | null | undefined;
  readonly stateIn?: readonly WebhookDeliveryState[] | null | undefined;
  readonly eventTypeIn?: readonly string[] | null | undefined;
  readonly createdAt?: TimeRange | null | undefined;
}

/** No type has a longer name, and no filter needs more of them. */
const MAXIMUM_NAME = 100;
const MAXIMUM_TYPES = 100;

/** Adds what the filter says of deliveries `d`. */
export const addDeliveryFilter = (
  conditions: Conditions,
  { webhookId, stateIn, eventTypeIn, createdAt }: WebhookDeliveryFilter,
): void => {
  // A text that is no id names nothing, like an id that nothing has.
  if (webhookId != null) conditions.add('d.webhook_id = ?', parseId<WebhookId>(webhookId) ?? newId<WebhookId>());
  if (stateIn != null) conditions.add('d.state = any(?::text[])', stateIn);
  if (eventTypeIn != null) conditions.add('d.event_type = any(?::text[])', namesOf(eventTypeIn));
  if (createdAt?.from != null) conditions.add('d.created_at >= ?::timestamptz', createdAt.from.toISOString());
  if (createdAt?.until != null) conditions.add('d.created_at < ?::timestamptz', createdAt.until.toISOString());
};

const namesOf = (types: readonly string[]): readonly string[] =>
  types.slice(0, MAXIMUM_TYPES).map((type) => type.slice(0, MAXIMUM_NAME).replaceAll('\0', ''));
