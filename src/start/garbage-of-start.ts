import { Session } from 'node:inspector/promises';
import type { Log } from '../log.ts';

/** By then the first requests, for which the load balancer waited, are under way or answered. */
const AFTER_MS = 1500;

/**
 * Gives back what the start left behind, some forty megabytes of text and trees that the schema was made of: V8 would keep them until
 * somebody needs the room. Once, and for a tenth of a second.
 */
export const dropGarbageOfStart = (log: Log, afterMs = AFTER_MS): NodeJS.Timeout =>
  setTimeout(() => {
    collect().catch((error: unknown) => log('warn', 'memory of the start could not be given back', { err: error }));
  }, afterMs).unref();

const collect = async (): Promise<void> => {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
};
