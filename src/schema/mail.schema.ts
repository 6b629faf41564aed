import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MessageState } from '../vocabulary.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { DateTimeRangeInput } from './date-time-range.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, EmailAddressScalar } from './scalars.ts';

@ObjectType('MailDelivery', {
  simpleResolvers: true,
  description: 'One message and what became of it. The text is never shown.',
  implements: NodeType,
})
export class MailDeliveryType extends NodeType {
  @Field(() => String, { description: 'Kind of message: invite, reset, code.' })
  template!: string;

  @Field(() => EmailAddressScalar, { description: 'Address it goes to.' })
  recipient!: string;

  @Field(() => MessageState, { description: 'Where it stands.' })
  state!: MessageState;

  @Field(() => Int, { description: 'Tries so far.' })
  attempts!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Next try; null = none.' })
  nextAttemptAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Answer of the mail server or the reason of the last failure, secrets left out.',
  })
  failure!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was written.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the mail server took it.' })
  sentAt!: Date | null;
}

export const { Connection: MailDeliveryConnectionType } = connectionOf(() => MailDeliveryType, 'MailDelivery');

@InputType('MailDeliveryFilter', {
  description: 'Which messages; conditions are and-ed. Always newest first.',
})
export class MailDeliveryFilterInput {
  @Field(() => [MessageState], { nullable: true, description: 'In one of these states; empty list = none.' })
  stateIn?: MessageState[] | null;

  @Field(() => ID, { nullable: true, description: 'About this account.' })
  userId?: string | null;

  @Field(() => String, { nullable: true, description: 'Of this kind.' })
  template?: string | null;

  @Field(() => DateTimeRangeInput, { nullable: true, description: 'Written within.' })
  createdAt?: DateTimeRangeInput | null;
}

@ArgsType()
export class MailDeliveriesArgs extends PageArgs {
  @Field(() => MailDeliveryFilterInput, { nullable: true, description: 'Which messages.' })
  filter?: MailDeliveryFilterInput | null;
}

@InputType('RetryMailInput', { description: 'Input of retryMail.' })
export class RetryMailInput {
  @Field(() => ID, { description: 'Message to send again.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Repeating the same input with the same key within 24 h answers as the first time.',
  })
  idempotencyKey?: string | null;
}

@ObjectType('RetryMailPayload', { simpleResolvers: true, description: 'Answer of retryMail.' })
export class RetryMailPayload extends Payload {
  @Field(() => MailDeliveryType, {
    nullable: true,
    description: 'The new message; the failed one is kept as its `previous`.',
  })
  mailDelivery?: MailDeliveryType | null;
}
