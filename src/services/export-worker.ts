import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import type { ListReads } from '../database/list-reads.ts';
import type { ReplicaReads } from '../database/replica-reads.ts';
import type { StatementRunner } from '../database/sql.ts';
import {
  addExportChunk,
  claimExportJob,
  type ClaimedJob,
  failExportJob,
  MAXIMUM_FAILURES,
  returnExportJob,
} from '../entities/export.queries.ts';
import type { Log } from '../log.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import { heading } from './export-format.ts';
import { nextBatch } from './export-source.ts';

/** How often each replica looks for jobs of others. Its own it is told of. */
const POLL_MS = 5000;
const WAKE_MS = 50;
/** Longer than a batch takes; a worker that is not heard of for so long is taken for dead. */
const CLAIM_SECONDS = 60;
const RETRY_SECONDS = 10;

interface Parts {
  readonly database: Database;
  readonly lists: ListReads;
  readonly databaseReplica: ReplicaReads | null;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Log;
  readonly background: BackgroundWork;
}

/**
 * Writes exports in the background. A job is claimed for a minute at a time by one replica; each chunk is stored together with the
 * place where the next one begins, under the number of the claim, so that another replica goes on after a crash and a worker that
 * was thought dead can write no more.
 */
export class ExportWorker {
  readonly #parts: Parts;
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;
  #running: Promise<unknown> | null = null;
  #stopping = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rounds = parts.background.rounds('exports', 'exports could not be looked for');
  }

  /** Begins to look for jobs. */
  start(): void {
    this.#stopping = false;
    this.#timer ??= setInterval(() => this.#tick(), POLL_MS).unref();
    this.#tick();
  }

  /** Looks for jobs in a moment; does nothing before `start`. */
  wake(): void {
    if (this.#timer === null || this.#soon !== null) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      this.#tick();
    }, WAKE_MS).unref();
  }

  /** Stops after the batch under way and gives its job back: another replica goes on with it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#timer = null;
    this.#soon = null;
    await this.#running;
  }

  /** Works until no job is left. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      const job = await this.#claim();
      if (job === null) return;
      await this.#work(job);
    }
  }

  async #claim(): Promise<ClaimedJob | null> {
    const now = this.#parts.clock.now();
    const [job] = await this.#parts.database.query<ClaimedJob>(claimExportJob, [
      now.toISOString(),
      secondsAfter(now, CLAIM_SECONDS).toISOString(),
    ]);
    return job ?? null;
  }

  async #work(job: ClaimedJob): Promise<void> {
    if (job.failures >= MAXIMUM_FAILURES) return this.#giveUp(job, 'The export was interrupted too often.');
    try {
      const source = await this.#source();
      let { place } = job;
      for (let isFirst = place === null; ; isFirst = false) {
        if (this.#stopping) return await this.#return(job, null, 0);
        const { text, rows, next, progress } = await nextBatch(source, { ...job, place });
        const content = Buffer.from((isFirst ? heading(job.format) : '') + text, 'utf8');
        if (!(await this.#store(job, { content, rows, next, progress }))) return;
        if (next === null) return;
        place = next;
      }
    } catch (error) {
      this.#parts.log('warn', 'an export failed', { err: error, exportJobId: job.id });
      await this.#failed(job);
    }
  }

  /** Whoever asked for the file has everything in it that was there when the work begins, whoever reads it. */
  async #source(): Promise<StatementRunner> {
    const { lists, databaseReplica } = this.#parts;
    return lists.of({ position: (await databaseReplica?.present()) ?? null });
  }

  /** False: the claim is gone, somebody else works on the job or nobody needs it any more. */
  async #store(
    { id, fencing }: ClaimedJob,
    batch: { content: Buffer; rows: number; next: object | null; progress: number },
  ): Promise<boolean> {
    const now = this.#parts.clock.now();
    const stored = await this.#parts.database.query(addExportChunk, [
      id,
      fencing,
      batch.content,
      batch.rows,
      batch.next === null ? null : JSON.stringify(batch.next),
      batch.progress,
      secondsAfter(now, CLAIM_SECONDS).toISOString(),
      now.toISOString(),
      secondsAfter(now, this.#parts.config.audit.exportLifeSeconds).toISOString(),
    ]);
    return stored.length > 0;
  }

  /** Another try in a moment, unless it was the last. */
  async #failed(job: ClaimedJob): Promise<void> {
    if (job.failures + 1 >= MAXIMUM_FAILURES) {
      return this.#giveUp(job, 'The data could not be read, several times in a row; the log of the server says why.');
    }
    await this.#return(job, secondsAfter(this.#parts.clock.now(), RETRY_SECONDS), 1);
  }

  async #return({ id, fencing }: ClaimedJob, from: Date | null, failures: 0 | 1): Promise<void> {
    await this.#parts.database.query(returnExportJob, [id, fencing, from?.toISOString() ?? null, failures]);
  }

  async #giveUp({ id, fencing }: ClaimedJob, reason: string): Promise<void> {
    await this.#parts.database.query(failExportJob, [id, fencing, this.#parts.clock.now().toISOString(), reason]);
  }

  #tick(): void {
    this.#running ??= this.#rounds.follow(this.run()).finally(() => {
      this.#running = null;
    });
  }
}
