/** What a failed statement or connection means to a client. Null: nothing that a client may learn or act on. */
export type DatabaseFailureCode = 'SERVICE_UNAVAILABLE' | 'BAD_USER_INPUT';

/** SQLSTATE of PostgreSQL, appendix A of its manual; states absent here are faults of the program. */
const STATES: Readonly<Record<string, DatabaseFailureCode>> = {
  '22021': 'BAD_USER_INPUT', // character not in repertoire: a NUL byte in a text
  '22P05': 'BAD_USER_INPUT', // untranslatable character: \u0000 inside jsonb
  '25006': 'SERVICE_UNAVAILABLE', // read-only transaction: a standby during failover
  '25P03': 'SERVICE_UNAVAILABLE', // idle-in-transaction timeout
  '25P04': 'SERVICE_UNAVAILABLE', // transaction timeout
  '42P01': 'SERVICE_UNAVAILABLE', // undefined table: the database is empty, or older than this release
  '55P03': 'SERVICE_UNAVAILABLE', // lock not available within lock_timeout
  '57014': 'SERVICE_UNAVAILABLE', // statement timeout
  '57P01': 'SERVICE_UNAVAILABLE', // the server shuts down
  '57P02': 'SERVICE_UNAVAILABLE', // the server crashed
  '57P03': 'SERVICE_UNAVAILABLE', // the server starts up
  '57P05': 'SERVICE_UNAVAILABLE', // idle session timeout
  '58030': 'SERVICE_UNAVAILABLE', // I/O error
};

/** Whole classes: 08 connection exceptions, 53 insufficient resources (disk full, memory, connections). */
const UNAVAILABLE_CLASS = /^(?:08|53)[0-9A-Z]{3}$/;

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOSPC',
]);

/** The driver reports these without any code. */
const CONNECTION_MESSAGES =
  /Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|timeout exceeded when trying to connect|Query read timeout|timeout expired|Cannot use a pool after calling end|driver has already been destroyed/;

const ofCode = (code: string): DatabaseFailureCode | null => {
  if (NETWORK_CODES.has(code) || UNAVAILABLE_CLASS.test(code)) return 'SERVICE_UNAVAILABLE';
  return Object.hasOwn(STATES, code) ? (STATES[code] ?? null) : null;
};

/** PostgreSQL ends a connection over it, or refuses one: a password changed under us, a database closed for maintenance. */
const endsConnection = (error: Error): boolean =>
  'severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC');

/**
 * Reads the meaning of a driver's error. The ORM's exceptions carry the driver's `code` as their own, and failed
 * look-ups of several addresses come as an AggregateError with the first one's code.
 */
export const databaseFailure = (error: unknown): DatabaseFailureCode | null => {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') {
    return ofCode(error.code) ?? (endsConnection(error) ? 'SERVICE_UNAVAILABLE' : null);
  }
  return CONNECTION_MESSAGES.test(error.message) ? 'SERVICE_UNAVAILABLE' : null;
};
