import type { Caches } from '../cache/caches.ts';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { instantOf } from '../database/sql.ts';
import { organizationsWithin } from '../entities/organization.visibility.ts';
import { EVERYBODY } from '../entities/stats-counting.queries.ts';
import type { PresentFigures } from '../entities/stats-figures.queries.ts';
import {
  type FiguresRow,
  figuresOfEverybody,
  figuresOfOrganizations,
  seriesOf,
  type SeriesRow,
  systemFigures,
  type SystemRow,
} from '../entities/stats-series.queries.ts';
import { Failure, notFound } from '../errors.ts';
import { type OrganizationId, parseId } from '../ids.ts';
import type { Reach } from '../permissions/effective-grants.ts';
import { reachOf } from '../permissions/may.ts';
import type { StatsInterval, StatsKind, StatsSubject } from '../vocabulary.ts';
import type { SignedInCaller } from './caller.ts';
import type { OrganizationLevels, OrganizationLevelView } from './organization-levels.ts';
import { seenSince } from './replica-registry.ts';
import { type StatsRange, type StatsWindow, statsWindow } from './stats-window.ts';

export interface StatsQuestion {
  readonly range?: StatsRange | null | undefined;
  readonly interval: StatsInterval;
  /** Of this organization and those below it; absent = of everything that the caller may know of. */
  readonly organizationId?: string | null | undefined;
}

export interface TimeBucket {
  readonly start: Date;
  readonly count: number;
}

export interface StatsView {
  /** null: of everybody. */
  readonly organizationId: OrganizationId | null;
  readonly users: Pick<PresentFigures, 'invited' | 'pending' | 'active' | 'locked' | 'disabled'> & {
    readonly total: number;
    readonly signedInWithinRange: number;
    readonly createdWithinRange: number;
  };
  readonly signIns: readonly TimeBucket[];
  readonly failures: readonly TimeBucket[];
  readonly lockouts: readonly TimeBucket[];
  readonly impersonations: readonly TimeBucket[];
  readonly sessions: { readonly active: number; readonly activeUsers: number };
  readonly apiKeys: {
    readonly active: number;
    readonly expired: number;
    readonly revoked: number;
    readonly usedWithinRange: number;
  };
  readonly mfaAdoption: Pick<PresentFigures, 'persons' | 'withMfa' | 'withTotp' | 'withPasskey'>;
  readonly organizations: {
    readonly total: number;
    readonly byLevel: readonly { readonly level: OrganizationLevelView; readonly count: number }[];
  };
  readonly computedAt: Date;
  readonly stale: boolean;
}

export interface SystemMetricsView {
  readonly replicas: number;
  readonly outboxPending: number;
  readonly mailQueued: number;
  readonly cacheHitRatio: number | null;
}

const NOTHING: PresentFigures = {
  users: 0,
  invited: 0,
  pending: 0,
  active: 0,
  locked: 0,
  disabled: 0,
  sessions: 0,
  sessionUsers: 0,
  activeKeys: 0,
  expiredKeys: 0,
  revokedKeys: 0,
  persons: 0,
  withMfa: 0,
  withTotp: 0,
  withPasskey: 0,
  levels: {},
};

interface Parts {
  readonly database: Database;
  readonly levels: OrganizationLevels;
  readonly clock: Clock;
  readonly config: Config;
  readonly caches: Pick<Caches, 'statistics'> & { readonly counters: { readonly hitRatio: number | null } };
}

/** Reads figures that were counted before: never from the tables of people, sessions or events. */
export class StatsReader {
  readonly #parts: Parts;
  #system: Promise<SystemMetricsView> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The figures of everybody, or of one organization with those below it, within the reach of `view:stats`. Two statements, one while the series is cached. Throws
   * NOT_FOUND for an organization that is missing or out of reach, BAD_USER_INPUT for a range that is too long, and where
   * somebody who may know of several organizations names none.
   */
  async read(caller: SignedInCaller, question: StatsQuestion): Promise<StatsView> {
    const now = this.#parts.clock.now();
    const window = statsWindow(question.range ?? null, question.interval, now);
    const figures = await this.#figures(reachOf(caller.principal, 'view:stats', now), question.organizationId ?? null);
    return this.#view(figures, new Series(await this.#series(figures, window, question.interval), window), now);
  }

  /** The server itself, as far as figures tell. One statement, for all who ask while it runs. */
  system(): Promise<SystemMetricsView> {
    this.#system ??= this.#readSystem().finally(() => {
      this.#system = null;
    });
    return this.#system;
  }

  async #readSystem(): Promise<SystemMetricsView> {
    const { database, clock, caches } = this.#parts;
    const [row] = await database.query<SystemRow>(systemFigures, [seenSince(clock.now()).toISOString()]);
    return {
      replicas: row?.replicas ?? 0,
      outboxPending: row?.outbox_pending ?? 0,
      mailQueued: row?.mail_queued ?? 0,
      cacheHitRatio: caches.counters.hitRatio,
    };
  }

  /** What happened in the window; kept until something more is counted. Who may ask was decided before. */
  #series(
    { organization_id: id, version }: FiguresRow,
    { starts, until, fromDay, untilDay }: StatsWindow,
    interval: StatsInterval,
  ): Promise<readonly SeriesRow[]> {
    const { database, caches } = this.#parts;
    const instants = [starts[0] ?? until, until, fromDay, untilDay].map((at) => at.toISOString());
    const [from, to, ...days] = instants;
    return caches.statistics.get(
      JSON.stringify([id, interval, from, to]),
      () => database.query<SeriesRow>(seriesOf, [id, from, to, interval.toLowerCase(), ...days]),
      { version },
    );
  }

  async #figures(reach: Reach, named: string | null): Promise<FiguresRow> {
    const { database } = this.#parts;
    if (named !== null) {
      const within = organizationsWithin(reach, 2);
      const text = figuresOfOrganizations(`o.id = $1 and ${within.condition}`);
      const rows = await database.query<FiguresRow>(text, [parseId<OrganizationId>(named), ...within.values]);
      return rows[0] ?? notFound();
    }
    if (reach === 'ALL') return only(await database.query<FiguresRow>(figuresOfEverybody));
    return only(await database.query<FiguresRow>(figuresOfOrganizations(HIGHEST), [reach]));
  }

  #view(row: FiguresRow, series: Series, now: Date): StatsView {
    const figures = row.figures ?? NOTHING;
    const { invited, pending, active, locked, disabled, persons, withMfa, withTotp, withPasskey } = figures;
    const computedAt = instantOf(row.computed_at);
    const goodSince = secondsAfter(now, -this.#parts.config.stats.refreshSeconds);
    const byLevel = Object.entries(figures.levels)
      .map(([position, count]) => ({ level: this.#parts.levels.at(Number(position)), count }))
      .toSorted((a, b) => a.level.position - b.level.position);
    return {
      organizationId: row.organization_id === EVERYBODY ? null : row.organization_id,
      users: {
        total: figures.users,
        invited,
        pending,
        active,
        locked,
        disabled,
        signedInWithinRange: series.active('PERSON'),
        createdWithinRange: series.buckets('CREATION').reduce((sum, { count }) => sum + count, 0),
      },
      signIns: series.buckets('SIGN_IN'),
      failures: series.buckets('FAILURE'),
      lockouts: series.buckets('LOCKOUT'),
      impersonations: series.buckets('IMPERSONATION'),
      sessions: { active: figures.sessions, activeUsers: figures.sessionUsers },
      apiKeys: {
        active: figures.activeKeys,
        expired: figures.expiredKeys,
        revoked: figures.revokedKeys,
        usedWithinRange: series.active('API_KEY'),
      },
      mfaAdoption: { persons, withMfa, withTotp, withPasskey },
      organizations: { total: byLevel.reduce((sum, { count }) => sum + count, 0), byLevel },
      computedAt,
      stale: !row.complete || computedAt < goodSince,
    };
  }
}

/** Those in the reach `$1` that lie below no other of it. */
const HIGHEST = `o.id = any($1::uuid[]) and not exists (select from organization_closure vc
  where vc.descendant_id = o.id and vc.depth > 0 and vc.ancestor_id = any($1::uuid[]))`;

/** Figures of several organizations cannot be added: who is a member of two would count twice. */
const only = (rows: readonly FiguresRow[]): FiguresRow => {
  if (rows.length > 1) {
    throw new Failure('BAD_USER_INPUT', 'You may see the figures of several organizations: say of which.', {
      limit: 'organizationId',
    });
  }
  return rows[0] ?? notFound();
};

/** What happened in a window, with its empty buckets. */
class Series {
  readonly #window: StatsWindow;
  readonly #counts: ReadonlyMap<string, number>;

  constructor(rows: readonly SeriesRow[], window: StatsWindow) {
    this.#window = window;
    this.#counts = new Map(
      rows.map(({ kind, start, count }) => [start === null ? kind : keyOf(kind, instantOf(start)), count]),
    );
  }

  buckets(kind: StatsKind): readonly TimeBucket[] {
    return this.#window.starts.map((start) => ({ start, count: this.#counts.get(keyOf(kind, start)) ?? 0 }));
  }

  active(subject: StatsSubject): number {
    return this.#counts.get(subject) ?? 0;
  }
}

const keyOf = (kind: string, start: Date): string => `${kind} ${start.getTime()}`;
