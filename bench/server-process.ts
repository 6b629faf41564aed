import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** How a server of the bench is started. */
export interface ServerSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its own process group, so that what it starts ends with it. */
  readonly group?: boolean;
  /** Says that the server answers. */
  readonly probe: (url: string) => Promise<boolean>;
}

export interface RunningServer {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to the first good answer. */
  readonly startedIn: number;
  stop(): Promise<void>;
}

const PROBE_EVERY_MS = 4;
const PATIENCE_MS = 60_000;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('There is no free port.'));
      });
    });
  });

/** True when the address answers 200. */
export const answers = async (url: string, body?: object): Promise<boolean> => {
  try {
    const response = await fetch(
      url,
      body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    );
    const text = await response.text();
    return response.status === 200 && !text.includes('"errors"');
  } catch {
    return false;
  }
};

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => void child.once('exit', () => resolve()));

/** Starts a server on a free port and waits for its first good answer. Its output goes to a file in `logs`. */
export const startServer = async (spec: ServerSpec, logs: string): Promise<RunningServer> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(logs, `${spec.name.replaceAll(/\W+/g, '-')}.log`);
  const output = openSync(logFile, 'a', 0o600);
  const [program, ...args] = spec.command;
  const from = performance.now();
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      PORT: String(port),
      BASE_URL: url,
      ...spec.env,
    },
    stdio: ['ignore', output, output],
    detached: spec.group === true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${spec.name} did not start.`);
  while (!(await spec.probe(url))) {
    const failed = child.exitCode !== null || child.signalCode !== null;
    if (failed || performance.now() - from > PATIENCE_MS) {
      if (!failed) child.kill('SIGKILL');
      throw new Error(`${spec.name} did not answer:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
    }
    await pause(PROBE_EVERY_MS);
  }
  return {
    name: spec.name,
    url,
    pid,
    startedIn: performance.now() - from,
    stop: async () => {
      process.kill(spec.group === true ? -pid : pid, 'SIGTERM');
      await ended(child);
    },
  };
};
