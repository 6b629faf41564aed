import type { OrganizationId } from '../ids.ts';
import type { StatsKind, StatsSubject } from '../vocabulary.ts';
import { EVERYBODY } from './stats-counting.queries.ts';
import type { PresentFigures } from './stats-figures.queries.ts';

export interface FiguresRow {
  /** Whose figures: `EVERYBODY`, or an organization with those below it. */
  readonly organization_id: OrganizationId;
  readonly computed_at: string;
  readonly complete: boolean;
  /** Another one after each change of what is counted. */
  readonly version: string;
  /** null: nothing was ever computed of it. */
  readonly figures: PresentFigures | null;
}

/** Whoever counts writes the row of the state, so the transaction that wrote it last tells what was counted. */
const STATE = 's.computed_at::text as computed_at, s.complete, s.xmin::text as version';

/** The figures of everybody. */
export const figuresOfEverybody = `
select '${EVERYBODY}'::uuid as organization_id, ${STATE}, f.figures
from stats_state s left join stats_figures f on f.organization_id = '${EVERYBODY}'`;

/** The figures of organizations; `condition` says of which `o`, and is of two at most. */
export const figuresOfOrganizations = (condition: string): string => `
select o.id as organization_id, ${STATE}, f.figures
from organizations o cross join stats_state s left join stats_figures f on f.organization_id = o.id
where ${condition} limit 2`;

/** When the figures of the present were last computed. */
export const lastComputed = 'select computed_at::text as computed_at from stats_state';

export type SeriesRow =
  | { readonly kind: StatsKind; readonly start: string; readonly count: number }
  | { readonly kind: StatsSubject; readonly start: null; readonly count: number };

/**
 * The events of `$1` from `$2` until `$3` by kind and bucket, empty buckets left out; `$4` is the width of a bucket, in the words of
 * `date_trunc`. Then who and what was active on at least one of the days from `$5` until `$6`.
 */
export const seriesOf = `
select kind, date_trunc($4, hour, 'UTC')::text as start, sum(count)::int as count from stats_hours
where organization_id = $1 and hour >= $2::timestamptz and hour < $3::timestamptz
  and kind in ('SIGN_IN', 'FAILURE', 'LOCKOUT', 'IMPERSONATION', 'CREATION') group by 1, 2
union all
select subject, null, sum(count)::int from stats_returns
where organization_id = $1 and subject in ('PERSON', 'API_KEY') and day >= $5::timestamptz and day < $6::timestamptz
  and previous_day < $5::timestamptz
group by 1`;

/** The server: `$1` from when on a replica counts as there. */
export const systemFigures = `
select s.outbox_pending, s.mail_queued, (select count(*)::int from replicas where seen_at > $1::timestamptz) as replicas
from stats_state s`;

export interface SystemRow {
  readonly outbox_pending: number;
  readonly mail_queued: number;
  readonly replicas: number;
}
