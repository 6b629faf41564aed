import { databasePassword, type DatabaseTarget, databaseTarget, type DatabaseTls } from './database-url.ts';
import { databaseHost, databaseUrl, duration, flag, integer, oneOf, optional, secretText, text } from './kinds.ts';
import { alias, derived, fixed, type Known, setting } from './setting.ts';

const TLS_MODES = ['require', 'verify-full', 'disable'] as const satisfies readonly DatabaseTls[];

const POOLERS = ['none', 'transaction'] as const;

/** Passwords that stand in the sources' samples, in images and in tutorials: known to everybody. */
const WELL_KNOWN_PASSWORDS: ReadonlySet<string> = new Set([
  'admin',
  'backend',
  'changeme',
  'gatehouse',
  'password',
  'postgres',
  'root',
  'secret',
  'staging-password',
  'secure-password',
  'your-secure-password',
  'your-secure-database-password',
  'your_password',
]);

/** Parts of the address under the names of the sources; together they make `database.url` and are no setting of the result. */
export const databaseParts = {
  host: setting({
    kind: optional(databaseHost),
    env: 'DATABASE_HOST',
    row: '1.23',
    aliases: [alias('DB_HOST', '3.12'), alias('DB_POSTGRES_HOST', '2.10')],
    byDefault: fixed<string | null>(null, 'none'),
    description: 'Host, or directory of the socket; given instead of the whole address.',
  }),
  port: setting({
    kind: integer(1, 65_535),
    env: 'DATABASE_PORT',
    row: '1.23',
    aliases: [alias('DB_PORT', '3.12'), alias('DB_POSTGRES_PORT', '2.10')],
    byDefault: fixed(5432),
    description: 'Port, with `host`.',
  }),
  user: setting({
    kind: text(63),
    env: 'DATABASE_USER',
    row: '1.23',
    aliases: [alias('DB_USER', '3.12'), alias('DB_POSTGRES_USER', '2.10')],
    byDefault: fixed('gatehouse'),
    description: 'Role, with `host`.',
  }),
  password: setting({
    kind: optional(secretText(1, 1024)),
    env: 'DATABASE_PASSWORD',
    row: '1.13',
    aliases: [alias('DB_PASSWORD', '3.12'), alias('DB_POSTGRES_PASSWORD', '2.10')],
    byDefault: fixed<null>(null, 'none'),
    description: 'Password, with `host`, or beside an address that has none.',
  }),
  name: setting({
    kind: text(63),
    env: 'DATABASE_NAME',
    row: '1.23',
    aliases: [alias('DB_NAME', '3.12'), alias('DB_POSTGRES_DB', '2.10')],
    byDefault: fixed('gatehouse'),
    description: 'Database, with `host`.',
  }),
};

const defaultTls = (known: Known): DatabaseTls => {
  if (known.database === null || known.database.isLoopback) return 'disable';
  return known.environment === 'development' || known.environment === 'test' ? 'disable' : 'require';
};

const factsOf = (address: string): { readonly target: DatabaseTarget | null; readonly password: string } => ({
  target: databaseTarget(address),
  password: databasePassword(address),
});

const passwordProblem = ({ target, password }: ReturnType<typeof factsOf>, place: string): string | null => {
  if (target?.isSocket === true) return null;
  if (password === '') return `has no password; put it into ${place}`;
  return WELL_KNOWN_PASSWORDS.has(password.toLowerCase())
    ? 'has a password out of a sample; change it in the database and here'
    : null;
};

export const database = {
  url: setting({
    kind: optional(databaseUrl),
    env: 'DATABASE_URL',
    row: '0.33',
    byDefault: fixed<null>(null, 'none: the embedded PostgreSQL'),
    description: 'Address of a PostgreSQL 15 to 18. Without it the server runs its own in the data directory.',
    production: {
      text: 'required, with a password of your own unless it is a socket',
      problem: (_value, { database: given }) => {
        if (given === null) {
          return 'is not set, and the embedded database is not for production; give DATABASE_URL=postgresql://user:password@host:5432/name';
        }
        return passwordProblem(given, 'the address or into DATABASE_PASSWORD');
      },
    },
  }),
  replicaUrl: setting({
    kind: optional(databaseUrl),
    env: 'DATABASE_REPLICA_URL',
    byDefault: fixed<null>(null, 'none: everything is read from the database itself'),
    description:
      'Address of one streaming replica of the database, which answers lists and exports where it is as fresh as the database was when the request began: docs/operations.md. `tls` and `pooler` hold for it, too.',
    production: {
      text: 'with a password of your own unless it is a socket',
      problem: (value) => (value === null ? null : passwordProblem(factsOf(value.reveal()), 'the address')),
    },
  }),
  replicaPoolSize: setting({
    kind: integer(1, 200),
    env: 'DATABASE_REPLICA_POOL_SIZE',
    byDefault: fixed(10),
    description:
      'Largest number of connections of this process to the replica; what finds none free is read from the database.',
  }),
  replicaStatementTimeoutSeconds: setting({
    kind: duration(1, 3600),
    env: 'DATABASE_REPLICA_STATEMENT_TIMEOUT',
    byDefault: fixed(3, '`3s`'),
    description: 'Longest time of one SQL statement on the replica; what takes longer is read again from the database.',
  }),
  tls: setting<DatabaseTls>({
    kind: oneOf(TLS_MODES),
    env: 'DATABASE_TLS',
    aliases: [alias('DATABASE_SSL_MODE', '1.23')],
    byDefault: derived(
      '`sslmode` of the address, else `disable` on loopback, on sockets, in development and test, else `require`',
      (known) => known.database?.tls ?? defaultTls(known),
    ),
    description: 'Encryption towards the database; `verify-full` also checks who answers.',
  }),
  poolSize: setting({
    kind: integer(1, 200),
    env: 'DATABASE_POOL_SIZE',
    byDefault: fixed(10),
    description: 'Largest number of connections of this process.',
  }),
  statementTimeoutSeconds: setting({
    kind: duration(1, 3600),
    env: 'DATABASE_STATEMENT_TIMEOUT',
    byDefault: fixed(15, '`15s`'),
    description: 'Longest time of one SQL statement of a request.',
  }),
  pooler: setting({
    kind: oneOf(POOLERS),
    env: 'DATABASE_POOLER',
    byDefault: fixed<(typeof POOLERS)[number]>('none'),
    description:
      'What stands between the server and its database: `transaction` = PgBouncer or its like, which hands out connections for a transaction each. Nothing is then set for a connection, so bound statements there: docs/operations.md.',
  }),
  migrationLockSeconds: setting({
    kind: duration(1, 3600),
    env: 'MIGRATION_LOCK_TIMEOUT',
    byDefault: fixed(5, '`5s`'),
    description:
      'How long a migration waits for a table that is in use before it gives up and changes nothing: everybody behind it waits as long.',
  }),
  migrationStatementSeconds: setting({
    kind: duration(0, 86_400),
    env: 'MIGRATION_STATEMENT_TIMEOUT',
    byDefault: fixed(0, '`0s`'),
    description: 'Longest time of one SQL statement of a migration; 0 = any time.',
  }),
  migrateOnStart: setting({
    kind: flag,
    env: 'MIGRATE_ON_START',
    byDefault: derived(
      '`true` in development, in test and on the embedded database, else `false`',
      (known) => known.database === null || known.environment === 'development' || known.environment === 'test',
    ),
    description: 'Applies pending migrations at start; without it the start only checks and names the command to run.',
  }),
  dataDirectory: setting({
    kind: text(1024, 'path'),
    env: 'DATA_DIR',
    byDefault: fixed('.gatehouse'),
    description:
      'Home of the embedded database and of generated keys and passwords; relative to the working directory.',
  }),
};
