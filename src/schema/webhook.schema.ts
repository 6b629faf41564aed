import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { WebhookDeliveryKind, WebhookDeliveryState } from '../vocabulary.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { DateTimeRangeInput } from './date-time-range.schema.ts';
import { describe } from './described-enum.ts';
import { NodeType } from './node.schema.ts';
import { DateTimeScalar, UrlScalar } from './scalars.ts';

describe(WebhookDeliveryState, 'WebhookDeliveryState', 'Where a delivery stands.', {
  PENDING: 'Waits for its first or next try.',
  DELIVERED: 'The receiver answered 2xx.',
  DEAD: 'Given up; replayWebhookDeliveries tries again.',
});

describe(WebhookDeliveryKind, 'WebhookDeliveryKind', 'Why something is sent.', {
  EVENT: 'It happened.',
  REPLAY: 'Somebody asked for it once more: replayWebhookDeliveries.',
  TEST: 'A sample: testWebhook.',
});

@ObjectType('Webhook', {
  simpleResolvers: true,
  description: 'An address that events are posted to, signed by HMAC-SHA-256 with a timestamp.',
  implements: NodeType,
})
export class WebhookType extends NodeType {
  @Field(() => String, { description: 'Name for the list.' })
  name!: string;

  @Field(() => UrlScalar, { description: 'Address.' })
  url!: string;

  @Field(() => [String], { description: 'Types from the event catalogue, at most 100.' })
  eventTypes!: readonly string[];

  @Field(() => Boolean, { description: 'Events are sent.' })
  enabled!: boolean;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Until when the secret before the last rotation signs too.',
  })
  secretOverlapUntil!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Last change.' })
  updatedAt!: Date;
}

export const { Connection: WebhookConnectionType } = connectionOf(() => WebhookType, 'Webhook');

@ObjectType('WebhookAttempt', { simpleResolvers: true, description: 'One try of a delivery.' })
export class WebhookAttemptType {
  @Field(() => Int, { description: 'Which try, from 1.' })
  number!: number;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  startedAt!: Date;

  @Field(() => Int, {
    nullable: true,
    description: 'How long it took, milliseconds; null = it goes on, or was cut off.',
  })
  durationMs!: number | null;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the answer; null = no answer.' })
  responseStatus!: number | null;

  @Field(() => String, { nullable: true, description: 'Why it failed; null = it did not.' })
  failure!: string | null;
}

@ObjectType('WebhookDelivery', {
  simpleResolvers: true,
  description: 'One event on its way to one webhook.',
  implements: NodeType,
})
export class WebhookDeliveryType extends NodeType {
  @Field(() => ID, { description: 'Event; the same for every try and replay.' })
  eventId!: string;

  @Field(() => String, { description: 'Type from the event catalogue.' })
  eventType!: string;

  @Field(() => WebhookDeliveryKind, { description: 'Why it is sent.' })
  kind!: WebhookDeliveryKind;

  @Field(() => WebhookDeliveryState, { description: 'Where it stands.' })
  state!: WebhookDeliveryState;

  @Field(() => Int, { description: 'Tries so far.' })
  attempts!: number;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the last try; null = no answer.' })
  responseStatus!: number | null;

  @Field(() => String, { nullable: true, description: 'Reason of the last failure.' })
  failure!: string | null;

  @Field(() => Int, { nullable: true, description: 'Time of the last try, milliseconds.' })
  durationMs!: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Next try; null = none.' })
  nextAttemptAt!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When the event was handed over.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the receiver accepted it.' })
  deliveredAt!: Date | null;
}

export const { Connection: WebhookDeliveryConnectionType } = connectionOf(() => WebhookDeliveryType, 'WebhookDelivery');

@InputType('WebhookDeliveryFilter', {
  description: 'Which deliveries; conditions are and-ed. Always newest first.',
})
export class WebhookDeliveryFilterInput {
  @Field(() => ID, { nullable: true, description: 'Of this webhook.' })
  webhookId?: string | null;

  @Field(() => [WebhookDeliveryState], { nullable: true, description: 'In one of these states; empty list = none.' })
  stateIn?: WebhookDeliveryState[] | null;

  @Field(() => [String], { nullable: true, description: 'Of one of these types; empty list = none.' })
  eventTypeIn?: string[] | null;

  @Field(() => DateTimeRangeInput, { nullable: true, description: 'Handed over within.' })
  createdAt?: DateTimeRangeInput | null;
}

@ArgsType()
export class WebhookDeliveriesArgs extends PageArgs {
  @Field(() => WebhookDeliveryFilterInput, { nullable: true, description: 'Which deliveries.' })
  filter?: WebhookDeliveryFilterInput | null;
}
