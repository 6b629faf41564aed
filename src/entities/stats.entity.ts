import type { Opt } from '@mikro-orm/core';
import { Check, Entity, Enum, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { OrganizationId, UserId } from '../ids.ts';
import { StatsKind, StatsSubject } from '../vocabulary.ts';
import { User } from './user.entity.ts';

/**
 * How far the figures are; one row. Whoever counts holds its lock, so that no event is counted twice, and writes its fencing
 * number, so that a holder of the lease that was replaced counts nothing any more.
 */
@Entity({ tableName: 'stats_state' })
@Check({ name: 'stats_state_single_row', expression: 'id = 1' })
export class StatsState {
  @PrimaryKey({ type: 'smallint', autoincrement: false })
  id!: number;

  /** Place in the chain of the last audit event that is counted; 0: none is. */
  @Property({ type: 'bigint', runtimeType: 'string' })
  position!: string;

  @Property({ type: 'bigint', runtimeType: 'string' })
  fencing!: string;

  /** When the figures of the present were computed; the beginning of 1970: never yet. */
  @Property({ type: 'timestamptz' })
  computedAt!: Date;

  /** Everything that had happened by then is counted. */
  @Property({ type: 'boolean' })
  complete!: boolean;

  @Property({ type: 'integer' })
  outboxPending!: number;

  @Property({ type: 'integer' })
  mailQueued!: number;
}

/** How many events of a kind there were in an hour: of everybody, and of the people of each organization and those below it. */
@Entity({ tableName: 'stats_hours' })
export class StatsHour {
  /** `EVERYBODY`, or an organization; it may be gone. */
  @PrimaryKey({ type: 'uuid' })
  organizationId!: OrganizationId;

  @Enum({ items: () => StatsKind, type: 'string', primary: true })
  kind!: StatsKind;

  /** Beginning of the hour, UTC. */
  @PrimaryKey({ type: 'timestamptz' })
  hour!: Date;

  @Property({ type: 'integer' })
  count!: number;
}

/**
 * How many people (or API keys) were active on a day, by the day on which they were active before. Who was active within a range
 * are those of its days who were not active on an earlier day of it: a sum over a few hundred rows, whatever the number of people.
 */
@Entity({ tableName: 'stats_returns' })
export class StatsReturn {
  @PrimaryKey({ type: 'uuid' })
  organizationId!: OrganizationId;

  @Enum({ items: () => StatsSubject, type: 'string', primary: true })
  subject!: StatsSubject;

  /** Beginning of the day, UTC; so are all days here. */
  @PrimaryKey({ type: 'timestamptz' })
  day!: Date;

  /** `-infinity`: never before. */
  @PrimaryKey({ type: 'timestamptz' })
  previousDay!: Date;

  @Property({ type: 'integer' })
  count!: number;
}

/**
 * On which two days a person (or one of their API keys) was active last, for everybody and for each organization in whose figures
 * they are: what the next day of activity is paired with. Goes with the person.
 */
@Entity({ tableName: 'stats_presence' })
export class StatsPresence {
  @ManyToOne({
    entity: () => User,
    mapToPk: true,
    fieldName: 'user_id',
    deleteRule: 'cascade',
    primary: true,
    index: false,
  })
  userId!: UserId;

  /** The person again, or an API key of theirs. */
  @PrimaryKey({ type: 'uuid' })
  subjectId!: string;

  @PrimaryKey({ type: 'uuid' })
  organizationId!: OrganizationId;

  @Property({ type: 'timestamptz' })
  day!: Date;

  @Property({ type: 'timestamptz', nullable: true })
  previousDay!: Date | null;
}

/** The figures of the present: one row for everybody and one for each organization with those below it. */
@Entity({ tableName: 'stats_figures' })
export class StatsFigures {
  @PrimaryKey({ type: 'uuid' })
  organizationId!: OrganizationId;

  /** In the form of `PresentFigures`. */
  @Property({ type: 'jsonb', default: '{}' })
  figures!: Opt<Readonly<Record<string, unknown>>>;
}
