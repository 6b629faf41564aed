import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is known of one living process. */
export interface ProcessFacts {
  /** When it started, in the system's own notation: together with the pid it names one process for ever, reused pids or not. */
  readonly start: string;
  /** Program and arguments, joined by spaces. */
  readonly command: string;
}

const quietly = async <T>(read: Promise<T>): Promise<T | null> => {
  try {
    return await read;
  } catch {
    return null;
  }
};

/**
 * Linux. A zombie counts as dead: it only waits for its parent to collect it. Field 22 of `stat` counts ticks since the boot
 * (proc_pid_stat(5)), hence the boot's id beside it; the name in field 2 may hold spaces and parentheses.
 */
const fromProc = async (pid: number): Promise<ProcessFacts | null> => {
  const [stat, command, boot] = await Promise.all([
    quietly(readFile(`/proc/${pid}/stat`, 'utf8')),
    quietly(readFile(`/proc/${pid}/cmdline`, 'utf8')),
    quietly(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
  ]);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields?.[19];
  if (ticks === undefined || fields?.[0] === 'Z' || fields?.[0] === 'X') {
    return null;
  }
  return { start: `${boot?.trim() ?? 'boot'}:${ticks}`, command: (command ?? '').replaceAll('\0', ' ').trim() };
};

/** Every other Unix. `ps` answers with status 1 when there is no such process. */
export const fromPs = async (pid: number): Promise<ProcessFacts | null> => {
  const options = { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } };
  const answer = await quietly(run('ps', ['-ww', '-o', 'stat=,lstart=,command=', '-p', String(pid)], options));
  // S+   Mon Jan  5 10:11:12 2026 /usr/bin/program argument
  const match = /^\s*(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/m.exec(answer?.stdout ?? '');
  const [, state = '', start = '', command = ''] = match ?? [];
  return match === null || state.startsWith('Z') ? null : { start: start.replaceAll(/\s+/g, ' '), command };
};

/** The facts of a living process; null when there is none with that id. */
export const findProcess = (pid: number): Promise<ProcessFacts | null> =>
  process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
