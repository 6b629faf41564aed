import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { createServices } from '../src/composition/services.ts';
import { loadConfig } from '../src/config/config.ts';
import { MasterKeys } from '../src/crypto/master-keys.ts';
import { Secret } from '../src/crypto/secret.ts';
import type { BenchDatabase } from './database.ts';
import { PASSWORD } from './dataset.ts';

/** What PostgreSQL says of one statement. */
export interface DatabaseWork {
  readonly executionMs: number;
  readonly planningMs: number;
  /** Pages of 8 kB, from memory or not. */
  readonly pages: number;
}

/** A server in this process, and what its statements cost the database. */
export interface SizeServer {
  readonly send: <Data>(identifier: string, query: string, variables?: object) => Promise<Data>;
  /** Runs `work`, which sends one list, and explains the statement that read it, or its total where that is asked for. */
  readonly explain: (work: () => Promise<unknown>) => Promise<DatabaseWork>;
  readonly close: () => Promise<void>;
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

const work = (plan: readonly { readonly 'QUERY PLAN': readonly Record<string, never>[] }[]): DatabaseWork => {
  const top = plan[0]?.['QUERY PLAN'][0] as unknown as {
    'Execution Time': number;
    'Planning Time': number;
    Plan: Record<string, number>;
  };
  const pages = (top.Plan['Shared Hit Blocks'] ?? 0) + (top.Plan['Shared Read Blocks'] ?? 0);
  return { executionMs: top['Execution Time'], planningMs: top['Planning Time'], pages };
};

/** Sends a document with a token, or without. */
const postTo =
  (url: string) =>
  async <Data>(token: string | null, query: string, variables: object): Promise<Data> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as { data: Data; errors?: unknown };
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    return answer.data;
  };

/** Starts a server on a database whose people have the password of all. */
export const startSizeServer = async (bench: BenchDatabase): Promise<SizeServer> => {
  const config = loadConfig({
    env: { APP_ENVIRONMENT: 'test', BASE_URL: 'http://localhost:4000', RATE_LIMITS: 'false' },
    assignments: [],
    cwd: tmpdir(),
  });
  const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(Buffer.alloc(32, 7).toString('base64url')) }]);
  const { database } = bench;
  const foundation = { config, database, masterKeys, clock: systemClock, log: () => undefined };
  const services = createServices(foundation);
  const { app } = await createApp(foundation, services, pino({ level: 'silent' }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/graphql`;
  const tokens = new Map<string, string>();

  const post = postTo(url);

  const tokenOf = async (identifier: string): Promise<string> => {
    const known = tokens.get(identifier);
    if (known !== undefined) return known;
    const data = await post<{ signIn: { tokens: { accessToken: string } } }>(
      null,
      'mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } } }',
      { input: { identifier, password: PASSWORD, delivery: 'BODY' } },
    );
    tokens.set(identifier, data.signIn.tokens.accessToken);
    return data.signIn.tokens.accessToken;
  };

  const query = database.query.bind(database);
  const explain = async (run: () => Promise<unknown>): Promise<DatabaseWork> => {
    const sent: Statement[] = [];
    database.query = (text, values) => {
      sent.push({ text, values: values ?? [] });
      return query(text, values);
    };
    await run().finally(() => {
      database.query = query;
    });
    const list = sent.findLast(({ text }) => / as count\b/.test(text) || (/order by/.test(text) && /limit/.test(text)));
    if (list === undefined) throw new Error('No list was read.');
    return work(await query(`explain (analyze, buffers, timing off, format json) ${list.text}`, list.values));
  };

  return {
    send: async (identifier, text, variables = {}) => post(await tokenOf(identifier), text, variables),
    explain,
    close: async () => {
      await app.close();
      await services.activity.flush();
    },
  };
};
