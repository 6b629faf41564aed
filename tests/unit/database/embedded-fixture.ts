import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { systemClock } from '../../../src/clock.ts';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../../src/database/embedded/embedded-postgres.ts';

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Record<string, unknown>;
}

export interface Fixture {
  readonly directory: string;
  readonly logged: LogEntry[];
  start(options?: Partial<EmbeddedPostgresOptions>): Promise<EmbeddedPostgres>;
  /** Stops every server that was started here and removes the directory. */
  dispose(): Promise<void>;
}

export const embeddedFixture = async (): Promise<Fixture> => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-embedded-'));
  const logged: LogEntry[] = [];
  const started: EmbeddedPostgres[] = [];
  return {
    directory,
    logged,
    start: async (options = {}) => {
      const server = await startEmbeddedPostgres({
        directory,
        durable: false,
        clock: systemClock,
        log: (level, message, details = {}) => logged.push({ level, message, details }),
        ...options,
      });
      started.push(server);
      return server;
    },
    dispose: async () => {
      await Promise.all(started.map((server) => server.stop()));
      // The server of an owner that was killed is stopped by its watchdog, and may write for a moment more.
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
};

export const connect = async (url: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  // A server that is stopped under a connection says so in an event too.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

export const query = async <Row extends QueryResultRow>(url: string, text: string): Promise<Row[]> => {
  const client = await connect(url);
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
};

export const postmasterPid = async (cluster: string): Promise<number> =>
  Number.parseInt(await readFile(join(cluster, 'postmaster.pid'), 'utf8'), 10);

/** The data directory of the cluster that a connection string leads to. */
export const clusterOf = async (url: string): Promise<string> => {
  const [row] = await query<{ file: string }>(url, "select current_setting('config_file') as file");
  return dirname(row?.file ?? '');
};

export const until = async (condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> => {
  for (let waited = 0; waited < withinMs; waited += 10) {
    if (await condition()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Not so within ${withinMs} ms.`);
};
