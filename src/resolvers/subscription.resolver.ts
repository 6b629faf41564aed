import { Arg, Ctx, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import { type Context, liveOf, loadersOf } from '../context.ts';
import { AuditEventFilterInput, AuditEventType } from '../schema/audit.schema.ts';
import { StatsType } from '../schema/stats.schema.ts';
import { UserChangedType, ViewerSessionEndedType } from '../schema/subscription.schema.ts';
import type { AuditFilter } from '../services/audit-filter.ts';
import { signedInCaller } from '../services/caller.ts';
import type { EndOfAccess } from '../services/end-of-access.ts';
import type { AuditOccurrence, LiveEvents, UserOccurrence } from '../services/live-events.service.ts';
import type { LiveStats, StatsOccurrence } from '../services/live-stats.ts';

/** What a stream is begun with. */
interface Beginning<Args> {
  readonly args: Args;
  readonly context: Context;
}

/**
 * Streams. `subscribe` begins one, with what the caller may do then; the method makes a message of each event, with what the caller may
 * do at that moment, and answers null for what is not theirs to know: that is never sent.
 */
@Resolver()
export class SubscriptionResolver {
  readonly #live: LiveEvents;
  readonly #stats: LiveStats;

  constructor(parts: { liveEvents: LiveEvents; liveStats: LiveStats }) {
    this.#live = parts.liveEvents;
    this.#stats = parts.liveStats;
  }

  @Subscription(() => ViewerSessionEndedType, {
    nullable: true,
    description: 'One message when the present session, or API key, is over; then the connection closes.',
    subscribe: ({ context }: Beginning<object>) => liveOf(context).sessionEnd(),
  })
  viewerSessionEnded(@Root() end: EndOfAccess): EndOfAccess {
    return end;
  }

  @Subscription(() => AuditEventType, {
    nullable: true,
    description: 'New audit events; without `view:audit` those about oneself.',
    subscribe: ({ args, context }: Beginning<{ readonly filter?: AuditFilter | null }>) =>
      liveOf(context).auditEvents(signedInCaller(context.caller), args.filter ?? null),
  })
  auditEventAdded(
    @Root() occurrence: AuditOccurrence,
    // Read when the stream begins.
    @Arg('filter', () => AuditEventFilterInput, { nullable: true, description: 'Which events.' })
    _filter: AuditEventFilterInput | null,
    @Ctx() { caller }: Context,
  ): object | null {
    return this.#live.auditEventFor(signedInCaller(caller), occurrence);
  }

  @Subscription(() => UserChangedType, {
    nullable: true,
    description: 'Changes of users, of those whom the caller may see at that moment.',
    subscribe: ({ args, context }: Beginning<{ readonly ids: readonly string[] }>) =>
      liveOf(context).userChanges(signedInCaller(context.caller), args.ids),
  })
  userChanged(
    @Root() occurrence: UserOccurrence,
    @Arg('ids', () => [ID], { description: 'Users to watch, 1 to 100.' }) _ids: string[],
    @Ctx() context: Context,
  ): Promise<object | null> {
    return this.#live.userChangeFor(signedInCaller(context.caller), occurrence, (id) =>
      loadersOf(context).user.load(id),
    );
  }

  @Subscription(() => StatsType, {
    nullable: true,
    description: 'Figures as they are computed, of the last 30 days; the present ones at once.',
    subscribe: ({ args, context }: Beginning<{ readonly intervalSeconds: number }>) =>
      liveOf(context).statsUpdates(args.intervalSeconds),
  })
  statsUpdated(
    @Root() occurrence: StatsOccurrence,
    @Arg('intervalSeconds', () => Int, {
      defaultValue: 60,
      description: 'Shortest time between two messages, 5 or more.',
    })
    _intervalSeconds: number,
    @Arg('organizationId', () => ID, {
      nullable: true,
      description: 'Limited to this organization and those below.',
    })
    organizationId: string | null,
    @Ctx() { caller }: Context,
  ): Promise<object | null> {
    return this.#stats.figuresFor(signedInCaller(caller), occurrence, organizationId ?? null);
  }
}
