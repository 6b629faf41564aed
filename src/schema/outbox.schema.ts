import { Field, Float, Int, ObjectType } from 'type-graphql';
import { DateTimeScalar } from './scalars.ts';

@ObjectType('SinkStatus', { simpleResolvers: true, description: 'One sink of events.' })
export class SinkStatusType {
  @Field(() => String, { description: 'Name: log, webhook, redis, kafka.' })
  name!: string;

  @Field(() => Boolean, { description: 'The last try worked.' })
  healthy!: boolean;

  @Field(() => Int, { description: 'Events it has not taken yet.' })
  pending!: number;

  @Field(() => Int, { description: 'Events given up, at most 100,000 counted.' })
  deadLetters!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Last success.' })
  lastPublishedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Reason of the last failure.' })
  failure!: string | null;
}

@ObjectType('OutboxStatus', { simpleResolvers: true, description: 'Events between commit and publication.' })
export class OutboxStatusType {
  @Field(() => Int, { description: 'Events not yet published.' })
  pending!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Commit of the oldest one; null = none.' })
  oldestPendingAt!: Date | null;

  @Field(() => Float, { description: 'Age of the oldest one.' })
  lagSeconds!: number;

  @Field(() => Int, { description: 'Events published in the last minute.' })
  publishedPerMinute!: number;

  @Field(() => String, { nullable: true, description: 'Replica that publishes; null = none at present.' })
  relay!: string | null;

  @Field(() => [SinkStatusType], { description: 'Where events go.' })
  sinks!: readonly SinkStatusType[];
}
