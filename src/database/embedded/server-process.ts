import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { type Account, childOptions } from './account.ts';
import { type EmbeddedLog } from './embedded-log.ts';
import { tailOf } from './embedded-postgres-error.ts';
import { serverArguments, type ServerPlan } from './server-settings.ts';
import { watchOver } from './watchdog.ts';

/** A server that accepts connections. */
export interface ServerProcess {
  /** Settles when it has ended, with the reason in one line; never rejects. */
  readonly ended: Promise<string>;
  /** Fast shutdown: running statements are cancelled, everything committed is on disk. Immediate after 15 seconds. */
  stop(): Promise<void>;
}

/** The server ended, or could not be started, before it was ready. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

interface Launch extends ServerPlan {
  readonly postgres: string;
  readonly account: Account;
  readonly log: EmbeddedLog;
  readonly onWaiting?: (() => void) | undefined;
}

const READY = 'database system is ready to accept connections';
const KEPT_LINES = 20;
/** Processes that outlive a killed postmaster for a moment hold its pipe open; the reason does not wait for them longer. */
const LAST_WORDS_MS = 250;
const STOP_MS = 15_000;

const passOn = (line: string, log: EmbeddedLog): void => {
  if (line.startsWith('PANIC:')) {
    log('error', 'the embedded PostgreSQL has failed', { line });
  } else if (
    line.startsWith('FATAL:') &&
    !/terminating connection|the database system is|database ".*" does not exist/.test(line)
  ) {
    log('warn', 'the embedded PostgreSQL reports', { line });
  }
};

/** Resolves at the server's end, with the last lines it wrote. */
const whenEnded = (child: ChildProcess, lines: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    const tell = (how: string) => (): void => resolve(`${how}: ${tailOf(lines)}`);
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (status, signal) => {
      const how = signal === null ? `it ended with status ${status ?? 0}` : `it was ended by ${signal}`;
      child.once('close', tell(how));
      setTimeout(tell(how), LAST_WORDS_MS);
    });
  });

const follow = (output: Readable, lines: string[], listener: (line: string) => void): void => {
  createInterface({ input: output }).on('line', (line) => {
    lines.push(line);
    lines.splice(0, Math.max(0, lines.length - KEPT_LINES));
    listener(line);
  });
};

const stopper = (child: ChildProcess) => {
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return async (): Promise<void> => {
    child.kill('SIGINT');
    const impatience = setTimeout(() => child.kill('SIGQUIT'), STOP_MS);
    await gone;
    clearTimeout(impatience);
  };
};

/** Starts a server and waits until it accepts connections. Throws LaunchError with its last lines when it does not come to that. */
export const launchServer = async ({ postgres, account, log, onWaiting, ...plan }: Launch): Promise<ServerProcess> => {
  // Detached: Ctrl-C in a terminal reaches the whole process group, and the server has to stay until the requests in flight
  // are answered.
  const child = spawn(postgres, serverArguments(plan), {
    ...childOptions(account),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  const ended = whenEnded(child, lines);
  const stop = stopper(child);
  const ready = new Promise<'ready'>((resolve) => {
    follow(child.stderr, lines, (line) => {
      if (line.includes(READY)) {
        resolve('ready');
      }
      passOn(line, log);
    });
  });
  if (child.pid === undefined) {
    throw new LaunchError(await ended);
  }
  const watchdog = watchOver(child.pid, account, log);
  child.once('exit', () => watchdog.dismiss());
  onWaiting?.();
  const outcome = await Promise.race([ready, ended]);
  if (outcome !== 'ready') {
    throw new LaunchError(outcome);
  }
  return { ended, stop };
};
