import { Secret } from '../crypto/secret.ts';
import { databaseTarget, databaseUrlOf, databasePassword, withPassword } from './database-url.ts';
import type { Raw } from './kinds.ts';
import { type Findings, type Given, type Layer, shown } from './layers.ts';
import type { Environment, Known, Setting } from './setting.ts';
import { allSettings } from './settings.ts';

export const DEFAULT_ORIGIN = 'default';

export interface Resolution {
  readonly values: ReadonlyMap<string, unknown>;
  /** Where each value came from; `default` when nobody gave it. */
  readonly origins: ReadonlyMap<string, string>;
  /** Settings that were given but are wrong; their values are defaults. */
  readonly failed: ReadonlySet<string>;
}

/** The last of the layers that has the setting. */
export const lastGiven = (layers: readonly Layer[], path: string): Given | undefined =>
  layers.findLast((layer) => layer.has(path))?.get(path);

type Read =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

const isEmpty = (raw: Raw): boolean => typeof raw === 'string' && raw.trim() === '';

/** Checks one value. The problems are ends of sentences that begin with the setting. */
export const readValue = (setting: Setting<unknown>, raw: Raw): Read => {
  const { kind } = setting;
  if (isEmpty(raw)) {
    if (kind.empty !== null) return { ok: true, value: kind.empty.value };
    return { ok: false, problems: ['is empty; give a value or remove the setting'] };
  }
  const parsed = kind.schema.safeParse(raw);
  if (parsed.success) return { ok: true, value: parsed.data };
  const value = kind.isSecret ? '' : `${shown(typeof raw === 'string' ? raw : raw.join(', '))} `;
  return { ok: false, problems: parsed.error.issues.map((issue) => value + issue.message) };
};

/** What defaults may look at. The casts hold because every value went through the kind of its setting. */
const knownFrom = (values: ReadonlyMap<string, unknown>, surroundings: Pick<Known, 'cwd' | 'terminal'>): Known => ({
  ...surroundings,
  get environment() {
    return values.get('environment') as Environment;
  },
  get port() {
    return values.get('server.port') as number;
  },
  get baseUrl() {
    return values.get('server.baseUrl') as string;
  },
  get introspection() {
    return values.get('server.introspection') as boolean;
  },
  get database() {
    const url = values.get('database.url');
    return url instanceof Secret ? databaseTarget(url.reveal()) : null;
  },
  mail: {
    get companyName() {
      return values.get('mail.companyName') as string;
    },
    get smtpHost() {
      return values.get('mail.smtpHost') as string | null;
    },
    get smtpPort() {
      return values.get('mail.smtpPort') as number | null;
    },
    get serviceUrl() {
      return values.get('mail.serviceUrl') as string | null;
    },
    get smsGatewayUrl() {
      return values.get('mail.smsGatewayUrl') as string | null;
    },
  },
});

interface Progress {
  readonly values: Map<string, unknown>;
  readonly origins: Map<string, string>;
  readonly failed: Set<string>;
  readonly findings: Findings;
}

const isGiven = ({ origins }: Progress, path: string): boolean =>
  origins.has(path) && origins.get(path) !== DEFAULT_ORIGIN;

const PARTS = ['host', 'port', 'user', 'password', 'name'] as const;

const givenParts = (progress: Progress): readonly string[] =>
  PARTS.map((part) => `database.${part}`).filter((path) => isGiven(progress, path));

const composedUrl = (progress: Progress, password: string | null): string =>
  databaseUrlOf({
    host: progress.values.get('database.host') as string,
    port: progress.values.get('database.port') as number,
    user: progress.values.get('database.user') as string,
    name: progress.values.get('database.name') as string,
    password,
  });

/** Unites the address and its parts: either all parts, or the address with at most the password beside it. */
const uniteDatabase = (progress: Progress): void => {
  const { values, origins, findings, failed } = progress;
  const parts = givenParts(progress);
  if (parts.length === 0 || failed.has('database.url')) return;
  const url = values.get('database.url');
  const secret = values.get('database.password');
  const password = secret instanceof Secret ? String(secret.reveal()) : null;
  const described = parts.map((path) => `${path} (${origins.get(path)})`).join(', ');
  if (url instanceof Secret) {
    const address = String(url.reveal());
    if (parts.some((path) => path !== 'database.password')) {
      const both = `database.url (${origins.get('database.url')}): is given together with ${described}`;
      findings.problems.push(`${both}; keep the address or its parts, not both`);
    } else if (password !== null && databasePassword(address) === '') {
      values.set('database.url', new Secret(withPassword(address, password)));
    } else if (password !== null && databasePassword(address) !== password) {
      findings.problems.push(`${described}: differs from the password in database.url; keep one of the two`);
    }
    return;
  }
  if (values.get('database.host') === null) {
    if (!failed.has('database.host')) {
      findings.problems.push(
        `database.host (not set): is missing beside ${described}; give DATABASE_HOST or DATABASE_URL`,
      );
    }
    return;
  }
  values.set('database.url', new Secret(composedUrl(progress, password)));
  origins.set('database.url', parts.map((path) => origins.get(path)).join(', '));
};

/** Decides every setting: the last layer that gives it, else its default. Wrong values are recorded, all of them. */
export const resolveSettings = (
  layers: readonly Layer[],
  surroundings: Pick<Known, 'cwd' | 'terminal'>,
  findings: Findings,
): Resolution => {
  const progress: Progress = { values: new Map(), origins: new Map(), failed: new Set(), findings };
  const { values, origins, failed } = progress;
  const known = knownFrom(values, surroundings);
  for (const { path, setting } of allSettings) {
    const given = lastGiven(layers, path);
    const read = given === undefined ? null : readValue(setting, given.raw);
    if (given !== undefined && read?.ok === false) {
      failed.add(path);
      findings.problems.push(...read.problems.map((problem) => `${path} (${given.origin}): ${problem}`));
    }
    values.set(path, read?.ok === true ? read.value : setting.byDefault.of(known));
    origins.set(path, given?.origin ?? DEFAULT_ORIGIN);
    if (path === 'database.url') uniteDatabase(progress);
  }
  return progress;
};
