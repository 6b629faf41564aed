import type { Logger } from 'pino';

/** What a person can do about an error of the operating system or the database, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is taken by another program: stop it, or set PORT to another one.',
  EACCES: 'The operating system refuses the port or a file: choose a port above 1023, or check the owner of DATA_DIR.',
  ECONNREFUSED: 'No database answers at DATABASE_URL: start it, or correct the address.',
  ENOTFOUND: 'The host name in DATABASE_URL is not known: correct it.',
  ETIMEDOUT: 'The database at DATABASE_URL does not answer in time: check the address and the firewall.',
  '28P01': 'The database refuses user or password of DATABASE_URL.',
  '28000': 'The database refuses the user of DATABASE_URL.',
  '3D000': 'The database of DATABASE_URL does not exist: create it, or run `npm run cli -- migrate init`.',
  '53100': 'The disk of the database is full: make room and start again.',
  '53300': 'The database has no free connections: lower DATABASE_POOL_SIZE or raise max_connections.',
};

/** Says in one line why the process cannot go on, and ends it with exit code 1. */
export const fatal = (logger: Logger | null, reason: unknown): never => {
  const text = `Gatehouse cannot run: ${describe(reason)}`;
  logger?.fatal(text);
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

const describe = (reason: unknown): string => {
  if (typeof reason === 'string') return reason;
  if (process.argv.includes("--trace") && reason instanceof Error) return String(reason.stack);
  if (!(reason instanceof Error)) return 'an unknown error.';
  const code = codeOf(reason);
  const advice = code === null ? undefined : ADVICE[code];
  return advice === undefined ? reason.message : `${advice} (${code})`;
};

const codeOf = (error: unknown): string | null => {
  if (typeof error !== 'object' || error === null) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : null;
};
