import { type Setting } from './setting.ts';
import { administration } from './settings-administration.ts';
import { users } from './settings-attributes.ts';
import { apiKeys, approvals, audit, impersonation, organizations } from './settings-authorization.ts';
import { cache, redis } from './settings-cache.ts';
import { database, databaseParts } from './settings-database.ts';
import { events, kafka } from './settings-events.ts';
import { codes, devices, keys, lockout, passwords, tokens } from './settings-identity.ts';
import { captcha, rates } from './settings-limits.ts';
import { mail } from './settings-mail.ts';
import { mfa } from './settings-mfa.ts';
import { federation, limits, operations, stats, tracing } from './settings-operation.ts';
import { providers } from './settings-providers.ts';
import { environment, log, server } from './settings-server.ts';
import { signIn, signUp } from './settings-sign-up.ts';
import { subscriptions } from './settings-subscriptions.ts';
import { webauthn } from './settings-webauthn.ts';
import { webhooks } from './settings-webhooks.ts';

/** The declaration table in the shape of the result; types, parsing, documents and hints all come from it. */
const tree = {
  environment,
  server,
  administration,
  database,
  log,
  keys,
  tokens,
  passwords,
  codes,
  devices,
  lockout,
  mfa,
  webauthn,
  mail,
  signUp,
  signIn,
  users,
  organizations,
  apiKeys,
  impersonation,
  approvals,
  audit,
  providers,
  webhooks,
  redis,
  cache,
  events,
  kafka,
  rates,
  captcha,
  limits,
  subscriptions,
  federation,
  operations,
  tracing,
  stats,
};

type ValuesOf<Node> = Node extends Setting<infer Value> ? Value : { readonly [Key in keyof Node]: ValuesOf<Node[Key]> };

/** Effective settings, frozen through and through. Durations are seconds, sizes bytes. */
export type Config = ValuesOf<typeof tree> & {
  /** Things that are allowed but worth a look, one line each, without secrets. */
  readonly warnings: readonly string[];
};

export interface ListedSetting {
  /** `server.port`; the same path as in the YAML file. */
  readonly path: string;
  readonly section: string;
  readonly setting: Setting<unknown>;
  /** A part of another setting: no property of the result. */
  readonly isPart: boolean;
}

type Section = Readonly<Record<string, Setting<unknown>>>;

const listed = (section: string, declared: Section, isPart = false): readonly ListedSetting[] =>
  Object.entries(declared).map(([name, setting]) => ({ path: `${section}.${name}`, section, setting, isPart }));

const { environment: top, database: databaseSection, server: serverSection, ...others } = tree;

/** All settings in the order in which they are resolved: a default may look at what stands before it. */
export const allSettings: readonly ListedSetting[] = [
  { path: 'environment', section: '', setting: top, isPart: false },
  ...listed('server', serverSection),
  ...listed('database', databaseParts, true),
  ...listed('database', databaseSection),
  ...Object.entries(others).flatMap(([section, declared]) => listed(section, declared as Section)),
];

export const settingsByPath: ReadonlyMap<string, ListedSetting> = new Map(
  allSettings.map((entry) => [entry.path, entry]),
);

export const sectionNames: ReadonlySet<string> = new Set(allSettings.map((entry) => entry.section).filter(Boolean));

/** `BASE_URL` is the flag `--base-url`. */
export const flagOf = (setting: Setting<unknown>): string => setting.env.toLowerCase().replaceAll('_', '-');
