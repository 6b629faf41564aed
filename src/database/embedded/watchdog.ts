import { spawn } from 'node:child_process';
import { type Account, childOptions } from './account.ts';
import { type EmbeddedLog } from './embedded-log.ts';

/** Stops the server when this process is killed in a way that it cannot notice (kill -9, out of memory). */
export interface Watchdog {
  /** To be called when the server has ended, before its process id can be used again. */
  dismiss(): void;
}

/**
 * A shell waits for the end of a pipe whose other end only this process holds; the system closes it however the process ends.
 * It runs as the server's user, so that it can signal nothing else, and in its own session, out of reach of Ctrl-C.
 */
export const watchOver = (pid: number, account: Account, log: EmbeddedLog): Watchdog => {
  const shell = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$0"', String(pid)], {
    ...childOptions(account),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  let wanted = true;
  const report = (): void => {
    if (wanted) {
      log(
        'warn',
        'the watchdog of the embedded PostgreSQL has ended: if this process is killed, the server runs on until the next start',
      );
    }
  };
  shell.once('error', report);
  shell.once('exit', report);
  shell.stdin.on('error', () => undefined);
  return {
    dismiss: () => {
      wanted = false;
      // Before its pipe closes, which would make it send the signal.
      shell.kill('SIGKILL');
    },
  };
};
