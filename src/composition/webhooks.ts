import { DnsAddressResolver } from '../providers/address-resolver.ts';
import { Outbound } from '../providers/outbound.ts';
import { WebhookDeliveryService } from '../services/webhook-delivery.service.ts';
import { WebhookReader } from '../services/webhook-reader.ts';
import { WebhookService } from '../services/webhook.service.ts';
import { WebhookQueue } from '../webhooks/webhook-queue.ts';
import { WebhookSender } from '../webhooks/webhook-sender.ts';
import { WebhookSink } from '../webhooks/webhook-sink.ts';
import { WebhookWorker } from '../webhooks/webhook-worker.ts';
import type { Base } from './base.ts';

/** Webhooks: what administrates them, and what posts to them. */
export const createWebhooks = (base: Base) => {
  const { allowedNetworks, allowHttp, timeoutSeconds } = base.config.webhooks;
  const outbound = new Outbound({
    allowedNetworks,
    timeoutMs: timeoutSeconds * 1000,
    loopback: false,
    clearText: allowHttp,
    resolver: base.addressResolver ?? new DnsAddressResolver(),
  });
  const queue = new WebhookQueue(base.database);
  const webhookWorker = new WebhookWorker({ ...base, queue, sender: new WebhookSender({ ...base, outbound }) });
  return {
    webhookWorker,
    webhookQueue: queue,
    webhookSink: new WebhookSink({ ...base, onWriting: () => webhookWorker.wake() }),
    webhooks: new WebhookService(base),
    webhookDeliveries: new WebhookDeliveryService({ ...base, webhookWorker }),
    webhookReader: new WebhookReader(base),
  };
};
