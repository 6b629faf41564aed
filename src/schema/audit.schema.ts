import { ArgsType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { AuditResult } from '../vocabulary.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { DateTimeRangeInput } from './date-time-range.schema.ts';
import './enums.ts';
import { NodeType } from './node.schema.ts';
import { DateTimeScalar, JsonObjectScalar } from './scalars.ts';

@ObjectType('AuditReference', { simpleResolvers: true, description: 'Somebody or something as it was then.' })
export class AuditReferenceType {
  @Field(() => String, { description: 'Kind of object: User, Group, ApiKey, System.' })
  type!: string;

  @Field(() => ID, { nullable: true, description: 'Its id; may no longer exist.' })
  id!: string | null;

  @Field(() => String, { nullable: true, description: 'Its name or address then; null when erased.' })
  label!: string | null;
}

@ObjectType('AuditChange', { simpleResolvers: true, description: 'One changed field.' })
export class AuditChangeType {
  @Field(() => String, { description: 'Name of the field.' })
  field!: string;

  @Field(() => String, { nullable: true, description: 'Value before, as text; null = none, or erased.' })
  before!: string | null;

  @Field(() => String, { nullable: true, description: 'Value after, as text; null = none, or erased.' })
  after!: string | null;
}

@ObjectType('AuditEvent', {
  simpleResolvers: true,
  description:
    'One entry of the append-only log. About oneself, or requires `view:audit`. Without it, what others did shows neither their address, user agent and request nor their reason.',
  implements: NodeType,
})
export class AuditEventType extends NodeType {
  @Field(() => DateTimeScalar, { description: 'When it happened.' })
  at!: Date;

  @Field(() => String, { description: 'What was done, from the event catalogue: user.locked, session.revoked.' })
  action!: string;

  @Field(() => AuditResult, { description: 'How it ended.' })
  result!: AuditResult;

  @Field(() => AuditReferenceType, { nullable: true, description: 'Who did it; null = nobody signed in.' })
  actor!: AuditReferenceType | null;

  @Field(() => AuditReferenceType, {
    nullable: true,
    description: 'Whom the actor impersonated, or whose API key it was.',
  })
  onBehalfOf!: AuditReferenceType | null;

  @Field(() => AuditReferenceType, { nullable: true, description: 'What it was done to.' })
  target!: AuditReferenceType | null;

  @Field(() => String, { nullable: true, description: 'Address of the caller; null = the system, or erased.' })
  ipAddress!: string | null;

  @Field(() => String, { nullable: true, description: 'User-Agent header; null = none, or erased.' })
  userAgent!: string | null;

  @Field(() => String, { nullable: true, description: 'Request that caused it.' })
  requestId!: string | null;

  @Field(() => [AuditChangeType], { description: 'Changed fields, secrets left out.' })
  changes!: readonly AuditChangeType[];

  @Field(() => JsonObjectScalar, { description: 'More by action: reason, ticket, approval.' })
  metadata!: Readonly<Record<string, unknown>>;
}

export const { Connection: AuditEventConnectionType } = connectionOf(() => AuditEventType, 'AuditEvent');

@InputType('AuditEventFilter', { description: 'Which events; conditions are and-ed. Always newest first.' })
export class AuditEventFilterInput {
  @Field(() => ID, { nullable: true, description: 'Done by this user or key.' })
  actorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Done to this object.' })
  targetId?: string | null;

  @Field(() => [String], { nullable: true, description: 'One of these actions, at most 100; empty list = none.' })
  actionIn?: string[] | null;

  @Field(() => [AuditResult], { nullable: true, description: 'One of these results; empty list = none.' })
  resultIn?: AuditResult[] | null;

  @Field(() => String, { nullable: true, description: 'From this address or CIDR range.' })
  ipAddress?: string | null;

  @Field(() => DateTimeRangeInput, { nullable: true, description: 'Happened within.' })
  at?: DateTimeRangeInput | null;
}

@ArgsType()
export class AuditEventsArgs extends PageArgs {
  @Field(() => AuditEventFilterInput, { nullable: true, description: 'Which events.' })
  filter?: AuditEventFilterInput | null;
}
