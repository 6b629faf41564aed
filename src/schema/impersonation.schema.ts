import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { ImpersonationMode, TokenDelivery } from '../vocabulary.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { DateTimeRangeInput } from './date-time-range.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { SessionTokensType } from './session.schema.ts';

@ObjectType('Impersonation', {
  simpleResolvers: true,
  description: 'A person acting as another, after RFC 8693. As actor or target, or requires `view:impersonations`.',
  implements: NodeType,
})
export class ImpersonationType extends NodeType {
  @Field(() => ImpersonationMode, { description: 'What is possible.' })
  mode!: ImpersonationMode;

  @Field(() => String, { description: 'Why; kept in the audit log.' })
  reason!: string;

  @Field(() => String, { nullable: true, description: 'Reference in another system.' })
  ticket!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  startedAt!: Date;

  @Field(() => DateTimeScalar, { description: 'When it ends by itself.' })
  expiresAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended; null while active.' })
  endedAt!: Date | null;
}

export const { Connection: ImpersonationConnectionType } = connectionOf(() => ImpersonationType, 'Impersonation');

@InputType('ImpersonationFilter', { description: 'Which impersonations; conditions are and-ed.' })
export class ImpersonationFilterInput {
  @Field(() => ID, { nullable: true, description: 'With this user as actor or target.' })
  userId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True = not ended, false = ended.' })
  active?: boolean | null;

  @Field(() => DateTimeRangeInput, { nullable: true, description: 'Begun within.' })
  startedAt?: DateTimeRangeInput | null;
}

@ArgsType()
export class ImpersonationsArgs extends PageArgs {
  @Field(() => ImpersonationFilterInput, { nullable: true, description: 'Which impersonations.' })
  filter?: ImpersonationFilterInput | null;
}

@InputType('StartImpersonationInput', { description: 'Input of startImpersonation.' })
export class StartImpersonationInput {
  @Field(() => ID, { description: 'Whom to act as.' })
  userId!: string;

  @Field(() => String, { description: 'Why, 10 to 500 characters.' })
  reason!: string;

  @Field(() => String, { nullable: true, description: 'Reference in another system, at most 100 characters.' })
  ticket?: string | null;

  @Field(() => ImpersonationMode, { defaultValue: 'READ_ONLY', description: 'What is to be possible.' })
  mode!: ImpersonationMode;

  @Field(() => Int, { defaultValue: 60, description: 'How long, 1 to 60; the settings may end it sooner.' })
  minutes!: number;

  @Field(() => TokenDelivery, {
    nullable: true,
    description: 'How the session is handed over; absent = as the present one.',
  })
  delivery?: TokenDelivery | null;
}

@InputType('StopImpersonationInput', { description: 'Input of stopImpersonation.' })
export class StopImpersonationInput {
  @Field(() => String, { nullable: true, description: 'Note for the audit log, at most 200 characters.' })
  reason?: string | null;
}

@InputType('EndImpersonationInput', { description: 'Input of endImpersonation.' })
export class EndImpersonationInput {
  @Field(() => ID, { description: 'Impersonation of another person to end.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Kept in the audit log, at most 500 characters.' })
  reason?: string | null;
}

@ObjectType('StartImpersonationPayload', { simpleResolvers: true, description: 'Answer of startImpersonation.' })
export class StartImpersonationPayload extends Payload {
  @Field(() => ImpersonationType, { nullable: true, description: 'The new impersonation.' })
  impersonation?: ImpersonationType | null;

  @Field(() => SessionTokensType, { nullable: true, description: 'Its session; access only, no refresh.' })
  tokens?: SessionTokensType | null;
}

@ObjectType('StopImpersonationPayload', { simpleResolvers: true, description: 'Answer of stopImpersonation.' })
export class StopImpersonationPayload extends Payload {
  @Field(() => ImpersonationType, { nullable: true, description: 'The impersonation that ended.' })
  impersonation?: ImpersonationType | null;

  @Field(() => SessionTokensType, {
    nullable: true,
    description: "The actor's own session again; null where the client still has its cookie.",
  })
  tokens?: SessionTokensType | null;
}

@ObjectType('EndImpersonationPayload', { simpleResolvers: true, description: 'Answer of endImpersonation.' })
export class EndImpersonationPayload extends Payload {
  @Field(() => ImpersonationType, { nullable: true, description: 'The impersonation that ended.' })
  impersonation?: ImpersonationType | null;
}
