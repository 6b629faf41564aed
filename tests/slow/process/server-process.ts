import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '../../..');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built server in a process of its own, in a directory of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Standard output so far. */
  readonly out: () => string;
  /** Standard error so far. */
  readonly err: () => string;
  /** Resolves when it says that it is ready; fails with its output when it ends before. */
  ready(): Promise<void>;
  /** Asks it to stop and waits. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

const STARTING_MS = 60_000;

export const freePort = (): Promise<number> =>
  new Promise((resolve, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Sees to it that the built server is that of the sources, the playground left out; two files may ask at once when there is nothing to do. */
export const build = (): void => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.mjs', '--server-only', '--if-stale'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The server does not build: ${stderr}`);
};

/** A place that starts of one test share, removed at its end. */
export class Place {
  readonly directory = mkdtempSync(join(tmpdir(), 'gatehouse-start-'));
  readonly #running: ServerProcess[] = [];

  constructor() {
    // started by root, PostgreSQL runs as another user, who has to pass through here
    chmodSync(this.directory, 0o711);
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  /** Starts a server with these settings and nothing else of the environment of this process. */
  async start(settings: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<ServerProcess> {
    return this.#spawn([process.execPath, join(root, 'scripts/start.mjs'), ...args], settings, this.directory);
  }

  /** Starts it by npm, as a person does. */
  async npmStart(settings: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
    return this.#spawn(
      ['npm', 'start'],
      { npm_config_update_notifier: 'false', HOME: this.directory, ...settings },
      root,
    );
  }

  async #spawn(
    command: readonly string[],
    settings: Readonly<Record<string, string>>,
    cwd: string,
  ): Promise<ServerProcess> {
    const port = settings['PORT'] ?? String(await freePort());
    const env = {
      PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      DATA_DIR: this.dataDirectory,
      PASSWORD_MEMORY_KIB: '1024',
      PASSWORD_ITERATIONS: '1',
      PLAYGROUND: 'false',
      ...settings,
      PORT: port,
    };
    const [file = '', ...args] = command;
    const started = observe(
      spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }),
      `http://127.0.0.1:${port}`,
    );
    this.#running.push(started);
    return started;
  }

  async remove(): Promise<void> {
    for (const { child, ended } of this.#running) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const observe = (child: ChildProcess, url: string): ServerProcess => {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  let end: Ended | null = null;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      end = { code, signal };
      resolve(end);
    });
  });
  return {
    url,
    child,
    ended,
    out: () => out,
    err: () => err,
    ready: async () => {
      for (let waited = 0; waited < STARTING_MS; waited += 50) {
        if (out.includes('is ready at')) return;
        if (end !== null) throw new Error(`The server ended before it was ready:\n${out}\n${err}`);
        await sleep(50);
      }
      throw new Error(`The server is not ready after a minute:\n${out}\n${err}`);
    },
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
};

/** The data that an operation answers, over HTTP. */
export const ask = async (
  server: Pick<ServerProcess, 'url'>,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> => {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data } = (await response.json()) as { readonly data: Record<string, unknown> };
  return data;
};
