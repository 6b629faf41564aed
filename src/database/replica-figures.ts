import { Count, type Figure, Gauge } from '../telemetry/figures.ts';

/** How far the replica is behind the primary. */
export interface ReplicaLag {
  readonly bytes: number;
  readonly seconds: number;
}

interface Sources {
  readonly isUsed: () => boolean;
  /** Throws where one of the two does not answer. */
  readonly lag: () => Promise<ReplicaLag>;
}

/** Whoever reads the figures asks for both of the lag at once. */
const KEPT_MS = 1000;

/** What is counted of the reads that a replica may answer, and how it stands. */
export class ReplicaFigures {
  readonly reads = new Count({
    name: 'gatehouse_database_replica_reads_total',
    help: 'Statements of lists that a replica may answer, by who did, and why not the replica: lag, away, history (promoted, or another system or timeline), busy, cancelled, rights (those of the caller are newer); none = it did.',
    labels: ['answered', 'reason'],
  });
  readonly #sources: Sources;
  #latest: { readonly lag: Promise<ReplicaLag>; readonly at: number } | null = null;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  get all(): readonly Figure[] {
    return [
      this.reads,
      new Gauge(
        {
          name: 'gatehouse_database_replica_up',
          help: '1 while lists are read from the replica, 0 while it is left alone.',
        },
        () => (this.#sources.isUsed() ? 1 : 0),
      ),
      new Gauge(
        {
          name: 'gatehouse_database_replica_lag_bytes',
          help: 'Log of the database that the replica has still to replay; NaN = it does not say.',
        },
        async () => (await this.#lag()).bytes,
      ),
      new Gauge(
        {
          name: 'gatehouse_database_replica_lag_seconds',
          help: 'Age of the latest transaction that the replica replayed, 0 where none is missing; NaN = it does not say.',
        },
        async () => (await this.#lag()).seconds,
      ),
    ];
  }

  #lag(): Promise<ReplicaLag> {
    const now = performance.now();
    if (this.#latest === null || now - this.#latest.at > KEPT_MS) {
      const lag = this.#sources.lag().catch(() => ({ bytes: Number.NaN, seconds: Number.NaN }));
      this.#latest = { lag, at: now };
    }
    return this.#latest.lag;
  }
}
