import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { WebhookAttemptView, WebhookDeliveryView } from '../entities/webhook-delivery.queries.ts';
import type { WebhookView } from '../entities/webhook.queries.ts';
import { notFound } from '../errors.ts';
import { parseId, type WebhookId } from '../ids.ts';
import { PageArgs } from '../schema/connection.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import {
  WebhookAttemptType,
  WebhookConnectionType,
  WebhookDeliveriesArgs,
  WebhookDeliveryConnectionType,
  WebhookDeliveryType,
  WebhookType,
} from '../schema/webhook.schema.ts';
import type { WebhookReader } from '../services/webhook-reader.ts';

@Resolver(() => WebhookType)
export class WebhookResolver {
  readonly #webhooks: WebhookReader;

  constructor(parts: { webhookReader: WebhookReader }) {
    this.#webhooks = parts.webhookReader;
  }

  @Query(() => WebhookType, { nullable: true, description: 'One webhook.' })
  async webhook(
    @Arg('id', () => ID, { description: 'Webhook.' }) id: string,
    @Ctx() context: Context,
  ): Promise<WebhookView> {
    const webhookId = parseId<WebhookId>(id);
    const webhook = webhookId === null ? null : await loadersOf(context).webhooks.byId.load(webhookId);
    return webhook ?? notFound();
  }

  @Query(() => WebhookConnectionType, { nullable: true, description: 'Webhooks, newest first.' })
  webhooks(@Args(() => PageArgs) args: PageArgs): Promise<object> {
    return this.#webhooks.page(args);
  }

  @Query(() => WebhookDeliveryConnectionType, { nullable: true, description: 'Deliveries to webhooks.' })
  webhookDeliveries(@Args(() => WebhookDeliveriesArgs) args: WebhookDeliveriesArgs): Promise<object> {
    return this.#webhooks.deliveries(args, args.filter ?? null);
  }

  @FieldResolver(() => WebhookDeliveryType, { nullable: true, description: 'Latest delivery.' })
  lastDelivery(@Root() { id }: WebhookView, @Ctx() context: Context): Promise<WebhookDeliveryView | null> {
    return loadersOf(context).webhooks.lastDelivery.load(id);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who made it; null when deleted.' })
  createdBy(@Root() { createdById }: WebhookView, @Ctx() context: Context): Promise<UserView | null> | null {
    return createdById === null ? null : loadersOf(context).user.load(createdById);
  }
}

@Resolver(() => WebhookDeliveryType)
export class WebhookDeliveryResolver {
  @FieldResolver(() => WebhookType, { description: 'The webhook.' })
  async webhook(@Root() { webhookId }: WebhookDeliveryView, @Ctx() context: Context): Promise<WebhookView> {
    // Deleted since the delivery was read.
    return (await loadersOf(context).webhooks.byId.load(webhookId)) ?? notFound();
  }

  @FieldResolver(() => [WebhookAttemptType], {
    description: 'Every try, the first one first: eleven, and those that servers ended in the middle.',
  })
  tries(@Root() { id }: WebhookDeliveryView, @Ctx() context: Context): Promise<readonly WebhookAttemptView[]> {
    return loadersOf(context).webhooks.attempts.load(id);
  }

  @FieldResolver(() => WebhookDeliveryType, { nullable: true, description: 'The delivery that this one replays.' })
  previous(
    @Root() { previousId }: WebhookDeliveryView,
    @Ctx() context: Context,
  ): Promise<WebhookDeliveryView | null> | null {
    return previousId === null ? null : loadersOf(context).webhooks.delivery.load(previousId);
  }
}
