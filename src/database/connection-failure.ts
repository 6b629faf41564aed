/** What a person who runs the server can do about a state of PostgreSQL (appendix A of its manual). */
const STATES: Readonly<Record<string, (reason: string) => string>> = {
  '08P01': (reason) =>
    `What answers at the address of the database refuses the connection (${reason}): behind PgBouncer set DATABASE_POOLER=transaction.`,
  '28P01': () => 'The database refuses the user or the password: correct DATABASE_URL.',
  '28000': (reason) => `The database refuses the connection (${reason}): correct DATABASE_URL or its pg_hba.conf.`,
  '3D000': (reason) => `The database of DATABASE_URL is missing (${reason}): run "npm run cli -- migrate init".`,
  '42501': (reason) =>
    `The role of DATABASE_URL lacks a right (${reason}): let an administrator of the database grant it.`,
  '53100': () => 'The disk of the database is full: free some space there and try again.',
  '53300': () => 'The database has no connection left: raise its max_connections, or lower DATABASE_POOL_SIZE.',
  '57P03': () => 'The database is starting up or shutting down: try again in a moment.',
  '25006': () => 'The database is read-only, perhaps a standby: let DATABASE_URL lead to the primary server.',
  '55P03': () => 'A table of the database was in use for too long: try again in a quieter moment.',
};

const NO_ANSWER = 'see that PostgreSQL runs there and that host and port of DATABASE_URL are right.';

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: `Nobody listens at the address of the database`,
  ECONNRESET: `The database closed the connection`,
  EHOSTUNREACH: `The host of the database cannot be reached`,
  ENETUNREACH: `The network of the database cannot be reached`,
  ETIMEDOUT: `The database does not answer`,
  ENOTFOUND: `The host of the database is unknown`,
  EAI_AGAIN: `The host of the database cannot be looked up`,
  ENOENT: `The socket of the database is not there`,
};

/** Messages that the driver gives no code for. */
const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/,
    'The database offers no encryption: enable TLS there, or set DATABASE_TLS=disable where nobody can listen.',
  ],
  [
    /^timeout expired$|timeout exceeded when trying to connect|due to connection timeout/,
    `The database does not answer: ${NO_ANSWER}`,
  ],
  [
    /Connection terminated|connection error and is not queryable/,
    'The connection to the database was lost: try again.',
  ],
  [/password must be a (non-empty )?string/, 'The database asks for a password: put it into DATABASE_URL.'],
];

const CERTIFICATE = /CERT|UNABLE_TO_VERIFY|SELF_SIGNED|ERR_TLS/;

const textOf = (error: unknown, property: 'code' | 'address' | 'hostname' | 'syscall'): string => {
  const value: unknown =
    error instanceof Error ? Object.entries(error).find(([name]) => name === property)?.[1] : undefined;
  return typeof value === 'string' ? value : '';
};

/** `localhost` is tried at several addresses; their errors come together, and the first one tells the story. */
const firstOf = (error: unknown): unknown => (error instanceof AggregateError ? (error.errors[0] ?? error) : error);

const networkLine = (error: Error, code: string): string | null => {
  const network = NETWORK[code];
  const call = textOf(error, 'syscall');
  // A file that is not there has the code of a socket that is not.
  if (network === undefined || call === '' || (code === 'ENOENT' && call !== 'connect')) return null;
  const place = textOf(error, 'hostname') || textOf(error, 'address');
  return `${network}${place === '' ? '' : ` (${place})`}: ${NO_ANSWER}`;
};

const explainOne = (error: Error): string | null => {
  const code = textOf(error, 'code');
  const reason = error.message.split('\n').at(-1)?.slice(0, 300) ?? '';
  const network = networkLine(error, code);
  if (network !== null) return network;
  if (CERTIFICATE.test(code)) {
    return `The certificate of the database is not accepted (${code}): make its authority known with NODE_EXTRA_CA_CERTS, or use another DATABASE_TLS.`;
  }
  return STATES[code]?.(reason) ?? MESSAGES.find(([pattern]) => pattern.test(error.message))?.[1] ?? null;
};

/**
 * One line on why the database cannot be reached or used and what to do, for whoever runs the program; null for errors of
 * another kind. Holds no password: drivers do not repeat it.
 */
export const explainConnectionFailure = (error: unknown): string | null => {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const first = firstOf(current);
    const found = first instanceof Error ? explainOne(first) : null;
    if (found !== null) return found;
  }
  return null;
};
