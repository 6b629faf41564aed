import DataLoader from 'dataloader';
import type { WebhookAttemptView, WebhookDeliveryView } from '../entities/webhook-delivery.queries.ts';
import type { WebhookView } from '../entities/webhook.queries.ts';
import type { WebhookDeliveryId, WebhookId } from '../ids.ts';
import type { WebhookReader } from '../services/webhook-reader.ts';

export interface WebhookLoaders {
  /** null for webhooks that do not exist. */
  readonly byId: DataLoader<WebhookId, WebhookView | null>;
  /** null for webhooks that nothing was sent to. */
  readonly lastDelivery: DataLoader<WebhookId, WebhookDeliveryView | null>;
  /** null for deliveries that do not exist any more. */
  readonly delivery: DataLoader<WebhookDeliveryId, WebhookDeliveryView | null>;
  readonly attempts: DataLoader<WebhookDeliveryId, readonly WebhookAttemptView[]>;
}

export const createWebhookLoaders = (reader: WebhookReader): WebhookLoaders => ({
  byId: new DataLoader((ids) => reader.byIds(ids)),
  lastDelivery: new DataLoader((ids) => reader.latestDeliveries(ids)),
  delivery: new DataLoader((ids) => reader.deliveriesByIds(ids)),
  attempts: new DataLoader((ids) => reader.attempts(ids)),
});
