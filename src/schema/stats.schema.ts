import { ArgsType, Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { StatsInterval } from '../vocabulary.ts';
import { DateTimeRangeInput } from './date-time-range.schema.ts';
import './enums.ts';
import { OrganizationLevelType } from './organization.schema.ts';
import { DateTimeScalar } from './scalars.ts';

@ObjectType('UserCounts', { simpleResolvers: true, description: 'Users by state, now.' })
export class UserCountsType {
  @Field(() => Int, { description: 'All.' })
  total!: number;

  @Field(() => Int, { description: 'In state INVITED.' })
  invited!: number;

  @Field(() => Int, { description: 'In state PENDING.' })
  pending!: number;

  @Field(() => Int, { description: 'In state ACTIVE.' })
  active!: number;

  @Field(() => Int, { description: 'In state LOCKED.' })
  locked!: number;

  @Field(() => Int, { description: 'In state DISABLED.' })
  disabled!: number;

  @Field(() => Int, {
    description: 'Signed in at least once on the days of the range, whole days in UTC.',
  })
  signedInWithinRange!: number;

  @Field(() => Int, { description: 'Made within the range, those included that are gone again.' })
  createdWithinRange!: number;
}

@ObjectType('TimeBucket', { simpleResolvers: true, description: 'A count over one interval.' })
export class TimeBucketType {
  @Field(() => DateTimeScalar, { description: 'Beginning, included; UTC.' })
  start!: Date;

  @Field(() => Int, { description: 'Number of events.' })
  count!: number;
}

@ObjectType('SessionCounts', { simpleResolvers: true, description: 'Sessions, now.' })
export class SessionCountsType {
  @Field(() => Int, { description: 'Not ended.' })
  active!: number;

  @Field(() => Int, { description: 'Users with at least one.' })
  activeUsers!: number;
}

@ObjectType('ApiKeyCounts', { simpleResolvers: true, description: 'API keys, now.' })
export class ApiKeyCountsType {
  @Field(() => Int, { description: 'In state ACTIVE.' })
  active!: number;

  @Field(() => Int, { description: 'In state EXPIRED.' })
  expired!: number;

  @Field(() => Int, { description: 'In state REVOKED.' })
  revoked!: number;

  @Field(() => Int, { description: 'Used at least once on the days of the range, whole days in UTC.' })
  usedWithinRange!: number;
}

@ObjectType('MfaAdoption', { simpleResolvers: true, description: 'Second factors of active persons, now.' })
export class MfaAdoptionType {
  @Field(() => Int, { description: 'Active persons.' })
  persons!: number;

  @Field(() => Int, { description: 'With any second factor.' })
  withMfa!: number;

  @Field(() => Int, { description: 'With TOTP.' })
  withTotp!: number;

  @Field(() => Int, { description: 'With at least one passkey.' })
  withPasskey!: number;
}

@ObjectType('LevelCount', { simpleResolvers: true, description: 'Organizations at one level.' })
export class LevelCountType {
  @Field(() => OrganizationLevelType, { description: 'The level.' })
  level!: OrganizationLevelType;

  @Field(() => Int, { description: 'Number of organizations.' })
  count!: number;
}

@ObjectType('OrganizationCounts', { simpleResolvers: true, description: 'Organizations, now.' })
export class OrganizationCountsType {
  @Field(() => Int, { description: 'All.' })
  total!: number;

  @Field(() => [LevelCountType], { description: 'By level, top first.' })
  byLevel!: readonly LevelCountType[];
}

@ObjectType('SystemMetrics', { simpleResolvers: true, description: 'The server itself, now.' })
export class SystemMetricsType {
  @Field(() => Int, { description: 'Replicas seen within the last minute.' })
  replicas!: number;

  @Field(() => Int, { description: 'Events not yet published.' })
  outboxPending!: number;

  @Field(() => Int, { description: 'Messages not yet sent.' })
  mailQueued!: number;

  @Field(() => Float, { nullable: true, description: 'Cache hits, 0 to 1, of the last 5 min; null without use.' })
  cacheHitRatio!: number | null;
}

@ObjectType('Stats', {
  simpleResolvers: true,
  description:
    'Figures over the visible users and organizations. Series have every bucket of the range, empty ones too.',
})
export class StatsType {
  @Field(() => UserCountsType, { description: 'Users by state.' })
  users!: UserCountsType;

  @Field(() => [TimeBucketType], { description: 'Completed sign-ins.' })
  signIns!: readonly TimeBucketType[];

  @Field(() => [TimeBucketType], { description: 'Failed sign-ins.' })
  failures!: readonly TimeBucketType[];

  @Field(() => [TimeBucketType], { description: 'Automatic and manual locks.' })
  lockouts!: readonly TimeBucketType[];

  @Field(() => [TimeBucketType], { description: 'Impersonations begun.' })
  impersonations!: readonly TimeBucketType[];

  @Field(() => SessionCountsType, { description: 'Sessions.' })
  sessions!: SessionCountsType;

  @Field(() => ApiKeyCountsType, { description: 'API keys.' })
  apiKeys!: ApiKeyCountsType;

  @Field(() => MfaAdoptionType, { description: 'Second factors.' })
  mfaAdoption!: MfaAdoptionType;

  @Field(() => OrganizationCountsType, { description: 'Organizations.' })
  organizations!: OrganizationCountsType;

  @Field(() => DateTimeScalar, { description: 'When the figures were computed; the beginning of 1970: never yet.' })
  computedAt!: Date;

  @Field(() => Boolean, { description: 'Older than the refresh interval, 5 min by default.' })
  stale!: boolean;
}

@ArgsType()
export class StatsArgs {
  @Field(() => DateTimeRangeInput, {
    nullable: true,
    description: 'Time of the series, widened to whole buckets; absent = the last 30 days.',
  })
  range?: DateTimeRangeInput | null;

  @Field(() => StatsInterval, { defaultValue: 'DAY', description: 'Width of the buckets.' })
  interval!: StatsInterval;

  @Field(() => ID, { nullable: true, description: 'Limited to this organization and those below.' })
  organizationId?: string | null;
}
