import { Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { StatsArgs, StatsType, SystemMetricsType } from '../schema/stats.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { StatsReader, StatsView } from '../services/stats-reader.ts';

@Resolver(() => StatsType)
export class StatsResolver {
  readonly #stats: StatsReader;

  constructor(parts: { statsReader: StatsReader }) {
    this.#stats = parts.statsReader;
  }

  @Query(() => StatsType, { nullable: true, description: 'Figures; counts what is visible.' })
  stats(@Args(() => StatsArgs) args: StatsArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#stats.read(signedInCaller(caller), args);
  }

  @FieldResolver(() => SystemMetricsType, {
    nullable: true,
    description: 'The server itself; null when limited to an organization.',
  })
  system(@Root() { organizationId }: StatsView): Promise<object> | null {
    return organizationId === null ? this.#stats.system() : null;
  }
}
