import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { PermissionDecisionType } from './decision.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, EmailAddressScalar } from './scalars.ts';

@ObjectType('ActionLink', {
  simpleResolvers: true,
  description: 'A one-time right of one recipient to one action on one row.',
})
export class ActionLinkType {
  @Field(() => EmailAddressScalar, { description: 'Who may use it.' })
  recipient!: string;

  @Field(() => String, { description: 'One-time token; shown once, mailed by the application.' })
  token!: string;

  @Field(() => DateTimeScalar, { description: 'End of the right.' })
  expiresAt!: Date;
}

@InputType('CreateActionLinksInput', { description: 'Input of createActionLinks.' })
export class CreateActionLinksInput {
  @Field(() => String, { description: 'Verb from the catalogue.' })
  action!: string;

  @Field(() => String, { description: 'Resource registered by the calling key.' })
  resource!: string;

  @Field(() => ID, { description: "Row concerned, in the application's own ids." })
  rowId!: string;

  @Field(() => [String], { description: 'E-mail addresses, 1 to 100; one link each.' })
  recipients!: string[];

  @Field(() => DateTimeScalar, { description: 'End of the right, at most 30 days ahead.' })
  expiresAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Repeating the same input with the same key within 24 h answers as the first time.',
  })
  idempotencyKey?: string | null;
}

@ObjectType('CreateActionLinksPayload', { simpleResolvers: true, description: 'Answer of createActionLinks.' })
export class CreateActionLinksPayload extends Payload {
  @Field(() => [ActionLinkType], { description: 'One per recipient, tokens shown once; empty on errors.' })
  links!: readonly ActionLinkType[];

  @Field(() => Boolean, {
    description: 'An earlier call with this idempotencyKey was repeated; no tokens are shown.',
  })
  replayed!: boolean;
}

@InputType('RedeemActionLinkInput', { description: 'Input of redeemActionLink.' })
export class RedeemActionLinkInput {
  @Field(() => String, { description: 'One-time token from the link.' })
  token!: string;

  @Field(() => String, { description: 'Verb asked for.' })
  action!: string;

  @Field(() => String, { description: 'Resource asked for.' })
  resource!: string;

  @Field(() => ID, { description: 'Row concerned.' })
  rowId!: string;

  @Field(() => String, { description: 'Address of the recipient, as the application proved it.' })
  recipient!: string;
}

@ObjectType('RedeemActionLinkPayload', { simpleResolvers: true, description: 'Answer of redeemActionLink.' })
export class RedeemActionLinkPayload extends Payload {
  @Field(() => PermissionDecisionType, {
    nullable: true,
    description: 'Whether the right held; it is used up when it did.',
  })
  decision?: PermissionDecisionType | null;
}
