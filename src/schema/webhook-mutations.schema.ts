import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Payload } from './payload.schema.ts';
import { WebhookDeliveryFilterInput, WebhookDeliveryType, WebhookType } from './webhook.schema.ts';

const IDEMPOTENCY_KEY = 'Repeating the same input with the same key within 24 h answers as the first time.';

@InputType('CreateWebhookInput', { description: 'Input of createWebhook.' })
export class CreateWebhookInput {
  @Field(() => String, { description: 'Name for the list, at most 100 characters.' })
  name!: string;

  @Field(() => String, { description: 'Address, https, public unless the settings allow others.' })
  url!: string;

  @Field(() => [String], { description: 'Types from the event catalogue, 1 to 100.' })
  eventTypes!: string[];

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@InputType('UpdateWebhookInput', { description: 'Input of updateWebhook.' })
export class UpdateWebhookInput {
  @Field(() => ID, { description: 'Webhook to change.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'New name; absent = keep.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'New address; absent = keep.' })
  url?: string | null;

  @Field(() => [String], { nullable: true, description: 'New types, at least one; absent = keep.' })
  eventTypes?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether events are sent; absent = keep.' })
  enabled?: boolean | null;
}

@InputType('TestWebhookInput', { description: 'Input of testWebhook.' })
export class TestWebhookInput {
  @Field(() => ID, { description: 'Webhook to try.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Type of the sample event; absent = the first it listens to.',
  })
  eventType?: string | null;
}

@InputType('DeleteWebhookInput', { description: 'Input of deleteWebhook.' })
export class DeleteWebhookInput {
  @Field(() => ID, { description: 'Webhook to delete with its deliveries.' })
  id!: string;
}

@InputType('RotateWebhookSecretInput', { description: 'Input of rotateWebhookSecret.' })
export class RotateWebhookSecretInput {
  @Field(() => ID, { description: 'Webhook whose secret changes.' })
  id!: string;

  @Field(() => Int, { defaultValue: 86_400, description: 'How long the old secret signs too, 0 to 604,800.' })
  overlapSeconds!: number;
}

@InputType('ReplayWebhookDeliveriesInput', { description: 'Input of replayWebhookDeliveries.' })
export class ReplayWebhookDeliveriesInput {
  @Field(() => [ID], {
    nullable: true,
    description: 'Deliveries to replay, at most 100; exactly one of ids and filter.',
  })
  ids?: string[] | null;

  @Field(() => WebhookDeliveryFilterInput, { nullable: true, description: 'Deliveries to replay, at most 10,000.' })
  filter?: WebhookDeliveryFilterInput | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}

@ObjectType('CreateWebhookPayload', { simpleResolvers: true, description: 'Answer of createWebhook.' })
export class CreateWebhookPayload extends Payload {
  @Field(() => WebhookType, { nullable: true, description: 'The new webhook.' })
  webhook?: WebhookType | null;

  @Field(() => String, { nullable: true, description: 'Signing secret; shown once.' })
  secret?: string | null;

  @Field(() => Boolean, {
    description: 'An earlier call with this idempotencyKey was repeated; the secret is not shown.',
  })
  replayed!: boolean;
}

@ObjectType('UpdateWebhookPayload', { simpleResolvers: true, description: 'Answer of updateWebhook.' })
export class UpdateWebhookPayload extends Payload {
  @Field(() => WebhookType, { nullable: true, description: 'The webhook after the change.' })
  webhook?: WebhookType | null;
}

@ObjectType('TestWebhookPayload', { simpleResolvers: true, description: 'Answer of testWebhook.' })
export class TestWebhookPayload extends Payload {
  @Field(() => WebhookDeliveryType, { nullable: true, description: 'The attempt, with its outcome.' })
  delivery?: WebhookDeliveryType | null;
}

@ObjectType('DeleteWebhookPayload', { simpleResolvers: true, description: 'Answer of deleteWebhook.' })
export class DeleteWebhookPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'Former id.' })
  deletedWebhookId?: string | null;
}

@ObjectType('RotateWebhookSecretPayload', { simpleResolvers: true, description: 'Answer of rotateWebhookSecret.' })
export class RotateWebhookSecretPayload extends Payload {
  @Field(() => WebhookType, { nullable: true, description: 'The webhook after the change.' })
  webhook?: WebhookType | null;

  @Field(() => String, { nullable: true, description: 'New signing secret; shown once.' })
  secret?: string | null;
}

@ObjectType('ReplayWebhookDeliveriesPayload', {
  simpleResolvers: true,
  description: 'Answer of replayWebhookDeliveries.',
})
export class ReplayWebhookDeliveriesPayload extends Payload {
  @Field(() => Int, { nullable: true, description: 'Number of new deliveries.' })
  replayedCount?: number | null;
}
