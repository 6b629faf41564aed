import { readdir, readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';

/** What Linux calls the threads of libuv's pool, where password hashes are computed. */
const POOL_THREAD = 'libuv-worker';

/**
 * Lets the threads that compute password hashes step back behind the one that answers requests: while many people sign in,
 * everybody else's requests keep their time, and on an idle machine a hash takes no longer than before. Linux gives every
 * thread a priority of its own; elsewhere nothing happens. The pool must have begun to work. Gives the number of threads.
 */
export const lowerPoolPriority = async (): Promise<number> => {
  if (process.platform !== 'linux') return 0;
  try {
    const threads = await readdir('/proc/self/task');
    const names = await Promise.all(threads.map(async (thread) => [thread, await nameOf(thread)] as const));
    const workers = names.filter(([, name]) => name === POOL_THREAD);
    for (const [thread] of workers) setPriority(Number(thread), constants.priority.PRIORITY_BELOW_NORMAL);
    return workers.length;
  } catch {
    // A container may forbid it: then hashes compete as they would without.
    return 0;
  }
};

const nameOf = async (thread: string): Promise<string> => {
  try {
    return (await readFile(`/proc/self/task/${thread}/comm`, 'utf8')).trim();
  } catch {
    return ''; // the thread ended meanwhile
  }
};
