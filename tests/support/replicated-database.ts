import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from '../../src/database/database.ts';
import { SchemaMigrator } from '../../src/database/migrator.ts';
import { PostgresServer } from './postgres-server.ts';

const NAME = 'gatehouse';

/** A migrated database on a primary, with a replica that streams from it. */
export class ReplicatedDatabase {
  readonly primary: PostgresServer;
  readonly replica: PostgresServer;
  /** Whatever a test has to tell the replica itself. */
  #operator: Database | null = null;

  private constructor(primary: PostgresServer, replica: PostgresServer) {
    this.primary = primary;
    this.replica = replica;
  }

  static async start(): Promise<ReplicatedDatabase> {
    const primary = await PostgresServer.primary();
    try {
      const admin = await Database.connect({ url: primary.url('postgres'), poolSize: 1 });
      await admin.query(`create database ${NAME}`);
      await admin.close();
      const database = await Database.connect({ url: primary.url(NAME) });
      await new SchemaMigrator(database).up();
      await database.close();
      return new ReplicatedDatabase(primary, await primary.replica());
    } catch (error) {
      await primary.close({ files: true });
      throw error;
    }
  }

  get url(): string {
    return this.primary.url(NAME);
  }

  get replicaUrl(): string {
    return this.replica.url(NAME);
  }

  /** Runs a statement on the replica. */
  async onReplica<Row extends object>(text: string): Promise<Row[]> {
    this.#operator ??= await Database.connect({ url: this.replicaUrl, poolSize: 1 });
    return this.#operator.query<Row>(text);
  }

  /** From now on the replica is late by some milliseconds again and again, until the returned function is called. */
  stutter(): () => Promise<void> {
    const over = new AbortController();
    const stuttering = (async () => {
      while (!over.signal.aborted) {
        await this.onReplica('select pg_wal_replay_pause()');
        await sleep(12);
        await this.onReplica('select pg_wal_replay_resume()');
        await sleep(4);
      }
    })();
    return async () => {
      over.abort();
      await stuttering;
    };
  }

  async close(): Promise<void> {
    await this.#operator?.close();
    await this.replica.close({ files: false });
    await this.primary.close({ files: true });
  }
}

/** Waits for what is done in the background. Throws when it was not so within five seconds. */
export const withinFiveSeconds = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (const began = performance.now(); !(await isSo()); await sleep(25)) {
    if (performance.now() - began > 5000) throw new Error('It was not so within five seconds.');
  }
};
