import { isLoopbackHost } from './addresses.ts';

export type DatabaseTls = 'require' | 'verify-full' | 'disable';

/** What the rules need to know of a database address; the password itself stays in the Secret. */
export interface DatabaseTarget {
  readonly host: string;
  readonly database: string;
  readonly isSocket: boolean;
  readonly isLoopback: boolean;
  readonly hasPassword: boolean;
  /** `sslmode` of the address, null when it has none. */
  readonly tls: DatabaseTls | null;
}

export interface DatabaseParts {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly name: string;
}

const TLS_MODES: readonly string[] = ['require', 'verify-full', 'disable'] satisfies readonly DatabaseTls[];
const isTlsMode = (text: string): text is DatabaseTls => TLS_MODES.includes(text);

/** `ssl=0` would go before `database.tls` wherever the driver is given the whole address. */
const TLS_PARAMETER = /^(?:ssl(?!mode$)|uselibpqcompat$)/;

const parse = (text: string): URL | null => {
  const url = URL.parse(text);
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) ? url : null;
};

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};

/** What is wrong with the address, without repeating any of it; null when nothing is. */
export const databaseUrlProblem = (text: string): string | null => {
  const url = parse(text);
  if (url === null) {
    return 'is not a PostgreSQL address; write postgresql://user:password@host:5432/name and percent-encode special characters of the password';
  }
  if ([url.username, url.password, url.hostname, url.pathname].some((part) => decoded(part) === null)) {
    return 'holds a stray % sign; write it as %25';
  }
  if (url.pathname.length < 2) return 'names no database; end it with /name';
  if ([...url.searchParams.keys()].some((name) => TLS_PARAMETER.test(name))) {
    return 'has parameters of TLS that one driver reads and another does not; write sslmode=verify-full, require or disable, and name the CA in NODE_EXTRA_CA_CERTS';
  }
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !isTlsMode(mode)) {
    return 'has an sslmode that may fall back to an unchecked or clear connection; use sslmode=verify-full, require or disable';
  }
  return null;
};

const ownPassword = (url: URL): string => url.searchParams.get('password') ?? url.password;

/** The facts of an address that `databaseUrlProblem` found sound; null for any other text. */
export const databaseTarget = (text: string): DatabaseTarget | null => {
  const url = parse(text);
  if (url === null) return null;
  const host = url.searchParams.get('host') ?? decoded(url.hostname) ?? '';
  const isSocket = host.startsWith('/');
  const mode = url.searchParams.get('sslmode');
  return {
    host: host === '' ? 'localhost' : host,
    database: decoded(url.pathname.slice(1)) ?? '',
    isSocket,
    isLoopback: isSocket || host === '' || isLoopbackHost(host),
    hasPassword: ownPassword(url) !== '',
    tls: mode !== null && isTlsMode(mode) ? mode : null,
  };
};

/** What the query of an address may say in place of its front. */
const IN_QUERY = ['host', 'port', 'user', 'password'] as const;

/**
 * What the query of an address says, as libpq reads it: the one way to write the directory of a socket. The ORM reads the front only, and
 * would look for the database of a socket on this machine's loopback.
 */
export const partsInQuery = (text: string): Readonly<Partial<Record<(typeof IN_QUERY)[number], string>>> => {
  const query = parse(text)?.searchParams;
  return Object.fromEntries(
    IN_QUERY.flatMap((name) => {
      const value = query?.get(name) ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );
};

/** Parameters of an address that nothing reads. */
export const ignoredParameters = (text: string): readonly string[] =>
  [...(parse(text)?.searchParams.keys() ?? [])].filter(
    (name) => name !== 'sslmode' && name !== 'schema' && !IN_QUERY.some((known) => known === name),
  );

/** The clear password of an address, empty when it has none. */
export const databasePassword = (text: string): string => {
  const url = parse(text);
  return url === null ? '' : (decoded(ownPassword(url)) ?? '');
};

export const withPassword = (text: string, password: string): string => {
  const url = parse(text);
  if (url === null) return text;
  if (url.hostname === '') url.searchParams.set('password', password);
  else url.password = encodeURIComponent(password);
  return url.href;
};

/** `sslmode` becomes a setting of its own; left in the address, the driver would read it a second time and differently. */
export const withoutTlsMode = (text: string): string => {
  const url = parse(text);
  if (url === null || !url.searchParams.has('sslmode')) return text;
  url.searchParams.delete('sslmode');
  return url.href;
};

/** One address of the parts; a host that starts with `/` is the directory of a socket. */
export const databaseUrlOf = (parts: DatabaseParts): string => {
  const encode = encodeURIComponent;
  const name = encode(parts.name);
  if (parts.host.startsWith('/')) {
    const query = new URLSearchParams({ host: parts.host, port: String(parts.port), user: parts.user });
    if (parts.password !== null) query.set('password', parts.password);
    return `postgresql:///${name}?${query.toString()}`;
  }
  const host = parts.host.includes(':') ? `[${parts.host}]` : parts.host;
  const password = parts.password === null ? '' : `:${encode(parts.password)}`;
  return `postgresql://${encode(parts.user)}${password}@${host}:${parts.port}/${name}`;
};
