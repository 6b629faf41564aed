import { StatsDocument, type StatsQuery, type StatsQueryVariables } from '../../generated/client/graphql.ts';
import type { TestApp } from './test-app.ts';
import type { TestClient } from './test-client.ts';

export type StatsAnswer = NonNullable<StatsQuery['stats']>;

/** The figures as somebody sees them; throws where they are refused. */
export const statsOf = async (client: TestClient, variables: StatsQueryVariables = {}): Promise<StatsAnswer> => {
  const { data, errors } = await client.send(StatsDocument, variables);
  if (data?.stats == null) throw new Error(`No figures: ${JSON.stringify(errors)}`);
  return data.stats;
};

/** Counts what happened until now; throws where another replica is at it. */
export const refreshStats = async (app: TestApp): Promise<void> => {
  if (!(await app.services.statsRefresh.run())) throw new Error('The figures were not computed.');
};

export const totalOf = (buckets: readonly { readonly count: number }[]): number =>
  buckets.reduce((sum, { count }) => sum + count, 0);
