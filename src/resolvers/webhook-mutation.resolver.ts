import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  CreateWebhookInput,
  CreateWebhookPayload,
  DeleteWebhookInput,
  DeleteWebhookPayload,
  ReplayWebhookDeliveriesInput,
  ReplayWebhookDeliveriesPayload,
  RotateWebhookSecretInput,
  RotateWebhookSecretPayload,
  TestWebhookInput,
  TestWebhookPayload,
  UpdateWebhookInput,
  UpdateWebhookPayload,
} from '../schema/webhook-mutations.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { WebhookDeliveryService } from '../services/webhook-delivery.service.ts';
import type { WebhookService } from '../services/webhook.service.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class WebhookMutationResolver {
  readonly #webhooks: WebhookService;
  readonly #deliveries: WebhookDeliveryService;

  constructor(parts: { webhooks: WebhookService; webhookDeliveries: WebhookDeliveryService }) {
    this.#webhooks = parts.webhooks;
    this.#deliveries = parts.webhookDeliveries;
  }

  @Mutation(() => CreateWebhookPayload, { nullable: true, description: 'Makes a webhook.' })
  createWebhook(
    @Arg('input', () => CreateWebhookInput, { description: 'Input of createWebhook.' }) input: CreateWebhookInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ webhook: null, secret: null, replayed: false }, async () => {
      const { name, url, eventTypes, idempotencyKey = null } = input;
      const made = await this.#webhooks.create(signedInCaller(caller), { name, url, eventTypes, idempotencyKey });
      return { ...made, secret: made.secret?.reveal() ?? null };
    });
  }

  @Mutation(() => UpdateWebhookPayload, { nullable: true, description: 'Changes a webhook.' })
  updateWebhook(
    @Arg('input', () => UpdateWebhookInput, { description: 'Input of updateWebhook.' }) input: UpdateWebhookInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    const { id, name = null, url = null, eventTypes = null, enabled = null } = input;
    return outcome({ webhook: null }, async () => ({
      webhook: await this.#webhooks.update(signedInCaller(caller), { id, name, url, eventTypes, enabled }),
    }));
  }

  @Mutation(() => DeleteWebhookPayload, { nullable: true, description: 'Deletes a webhook.' })
  deleteWebhook(
    @Arg('input', () => DeleteWebhookInput, { description: 'Input of deleteWebhook.' }) { id }: DeleteWebhookInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ deletedWebhookId: null }, async () => ({
      deletedWebhookId: await this.#webhooks.delete(signedInCaller(caller), id),
    }));
  }

  @Mutation(() => RotateWebhookSecretPayload, { nullable: true, description: 'Changes the secret of a webhook.' })
  rotateWebhookSecret(
    @Arg('input', () => RotateWebhookSecretInput, { description: 'Input of rotateWebhookSecret.' })
    input: RotateWebhookSecretInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ webhook: null, secret: null }, async () => {
      const { webhook, secret } = await this.#webhooks.rotate(signedInCaller(caller), input);
      return { webhook, secret: secret.reveal() };
    });
  }

  @Mutation(() => TestWebhookPayload, { nullable: true, description: 'Sends a sample event now.' })
  testWebhook(
    @Arg('input', () => TestWebhookInput, { description: 'Input of testWebhook.' })
    { id, eventType = null }: TestWebhookInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ delivery: null }, async () => ({
      delivery: await this.#deliveries.test(signedInCaller(caller), { id, eventType }),
    }));
  }

  @Mutation(() => ReplayWebhookDeliveriesPayload, { nullable: true, description: 'Delivers events again.' })
  replayWebhookDeliveries(
    @Arg('input', () => ReplayWebhookDeliveriesInput, { description: 'Input of replayWebhookDeliveries.' })
    { ids = null, filter = null, idempotencyKey = null }: ReplayWebhookDeliveriesInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ replayedCount: null }, async () => ({
      replayedCount: await this.#deliveries.replay(signedInCaller(caller), { ids, filter, idempotencyKey }),
    }));
  }
}
