import { isLoopbackHost } from './addresses.ts';
import { databaseTarget } from './database-url.ts';
import { productionFindings } from './production.ts';
import type { Config } from './settings.ts';

/** A line of the checklist of production (row 1.21), as these settings answer it. */
export interface ChecklistItem {
  readonly what: string;
  /** `look`: allowed, and worth a decision. `by hand`: nothing that settings could tell. */
  readonly state: 'ok' | 'wrong' | 'look' | 'by hand';
  /** What is so, or what is wrong and, after `;`, how to fix it; at least one. */
  readonly details: readonly string[];
  /** Of `details` what a start in production would not refuse by itself. */
  readonly beyondRules: readonly string[];
}

/** What is wrong, what is worth a look, and what to say when neither is. */
interface Answer {
  readonly wrong?: string | false;
  readonly look?: string | false;
  readonly ok: string;
}

interface Question {
  readonly what: string;
  /** Settings whose rules of production belong here. */
  readonly paths: readonly string[];
  answer(config: Config): Answer;
}

const isPublic = ({ server }: Config): boolean => !isLoopbackHost(new URL(server.baseUrl).hostname);

const databaseLeavesMachine = ({ database: { url, replicaUrl } }: Config): boolean =>
  [url, replicaUrl].some((address) => {
    const target = address === null ? null : databaseTarget(address.reveal());
    return target !== null && !target.isLoopback;
  });

const TALKATIVE: ReadonlySet<string> = new Set(['trace', 'debug']);
const SILENT: ReadonlySet<string> = new Set(['error', 'fatal', 'silent']);

const shown = ({ server }: Config): string =>
  [
    server.introspection ? 'introspection (INTROSPECTION)' : '',
    server.playground ? 'the playground (PLAYGROUND)' : '',
    server.fieldSuggestions ? 'suggestions of field names (FIELD_SUGGESTIONS)' : '',
  ]
    .filter((one) => one !== '')
    .join(', ');

const questions: readonly Question[] = [
  {
    what: 'Environment',
    paths: [],
    answer: ({ environment }) => ({
      look:
        environment !== 'production' &&
        `is ${environment}, checked as if it were production; set APP_ENVIRONMENT=production there`,
      ok: 'production',
    }),
  },
  {
    what: 'Secrets',
    paths: ['keys.masterKeys', 'database.url', 'database.replicaUrl', 'limits.metricsToken'],
    answer: () => ({ ok: 'master keys, password of the database and token of the metrics are given and no samples' }),
  },
  {
    what: 'Pepper of passwords',
    paths: [],
    answer: ({ passwords }) => ({
      look:
        !passwords.pepper &&
        'is off, so a copy of the database alone is enough to guess passwords; set PASSWORD_PEPPER=true, and keep every version of MASTER_KEYS',
      ok: 'on',
    }),
  },
  {
    what: 'TLS to the database',
    paths: ['database.tls'],
    answer: (config) => ({
      wrong:
        databaseLeavesMachine(config) &&
        config.database.tls === 'disable' &&
        'is disabled on the way to another machine; set DATABASE_TLS=verify-full',
      look:
        databaseLeavesMachine(config) &&
        config.database.tls === 'require' &&
        'encrypts without checking who answers; set DATABASE_TLS=verify-full, with the CA in NODE_EXTRA_CA_CERTS',
      ok: databaseLeavesMachine(config) ? config.database.tls : 'the database is on this machine',
    }),
  },
  {
    what: 'HTTPS',
    paths: ['server.baseUrl', 'server.forceHttps'],
    answer: (config) => ({
      look:
        isPublic(config) &&
        !config.server.forceHttps &&
        'is not enforced, so credentials sent by clear http are answered; remove FORCE_HTTPS=false',
      ok: isPublic(config) ? 'clear http is refused, HSTS is sent' : 'the address is on this machine',
    }),
  },
  {
    what: 'Proxies',
    paths: ['server.trustedProxies'],
    answer: (config) => ({
      look:
        config.server.trustedProxies.length === 0 &&
        !isLoopbackHost(config.server.host) &&
        'none is declared, so all clients behind one look like one network to the limits; give TRUSTED_PROXIES',
      ok: config.server.trustedProxies.length === 0 ? 'none' : config.server.trustedProxies.join(', '),
    }),
  },
  {
    what: 'Origins of browsers',
    paths: ['server.corsOrigins'],
    answer: ({ server }) => ({
      wrong:
        server.corsOrigins.some((origin) => origin.startsWith('http:') && !isLoopbackHost(new URL(origin).hostname)) &&
        'some are clear http, so whoever is on the way can act as that application; give https origins in CORS_ORIGINS',
      ok: server.corsOrigins.length === 0 ? 'none' : server.corsOrigins.join(', '),
    }),
  },
  {
    what: 'What strangers see',
    paths: [],
    answer: (config) => ({
      look: shown(config) !== '' && `${shown(config)}: on; leave these settings out to have them off in production`,
      ok: 'no playground, no introspection, no suggestions; the SDL for routers, unless TRUSTED_DOCUMENTS=only',
    }),
  },
  {
    what: 'Administration',
    paths: [],
    answer: ({ administration: { port, networks } }) => ({
      look:
        port === null &&
        networks.length === 0 &&
        'is served to every network; give ADMIN_PORT for a listener of its own, or ADMIN_NETWORKS',
      ok: port === null ? `for ${networks.join(', ')}` : 'on a listener of its own',
    }),
  },
  {
    what: 'Scopes for routers',
    paths: [],
    answer: ({ federation, tokens }) => ({
      look:
        federation.securityDirectives &&
        !tokens.claimScope &&
        'are asked for by the schema (FEDERATION_SECURITY_DIRECTIVES) and in no token, so a router refuses whatever needs a permission; set CLAIM_SCOPE=true',
      ok: tokens.claimScope ? 'in every token' : 'not asked for',
    }),
  },
  {
    what: 'Limits',
    paths: ['rates.enabled'],
    answer: ({ redis }) => ({
      look:
        redis.url === null &&
        'are counted by each replica for itself; with more than one give REDIS_URL, else each grants the whole budget',
      ok: 'shared by all replicas',
    }),
  },
  {
    what: 'Second factors',
    paths: ['mfa.enforce'],
    answer: () => ({ ok: 'asked for where operations need them' }),
  },
  {
    what: 'Hashes of passwords',
    paths: ['passwords.memoryKib', 'passwords.iterations'],
    answer: ({ passwords }) => ({ ok: `argon2id with ${passwords.memoryKib} KiB` }),
  },
  {
    what: 'Mail',
    paths: ['mail.transport', 'mail.smsTransport'],
    answer: ({ mail }) => ({
      wrong:
        mail.transport === 'smtp' &&
        mail.smtpTls === 'none' &&
        mail.smtpHost !== null &&
        !isLoopbackHost(mail.smtpHost) &&
        'travels in clear text, with links that sign people in; set SMTP_TLS=starttls or tls',
      // A captured one is the default of other environments only: in production it would be none.
      look:
        (mail.transport === 'none' || mail.transport === 'inbox') &&
        'is not sent, so nobody can be invited or reset a password; give SMTP_HOST',
      ok: `by ${mail.transport}`,
    }),
  },
  {
    what: 'Log',
    paths: ['log.level', 'log.pretty'],
    answer: ({ log }) => ({
      wrong: TALKATIVE.has(log.level) && `is at ${log.level}, which is much and slow; set LOG_LEVEL=info`,
      look: SILENT.has(log.level)
        ? `is at ${log.level}, so requests and warnings are lost; set LOG_LEVEL=info`
        : log.pretty && 'is coloured text, which no collector reads; set LOG_PRETTY=false',
      ok: `${log.level}, JSON lines`,
    }),
  },
  {
    what: 'Monitoring',
    paths: [],
    answer: ({ operations }) => ({
      look: !operations.metrics && 'has nothing to read; remove METRICS=false, and collect /metrics with its token',
      ok: '/metrics is served; collect it, and /readyz',
    }),
  },
  {
    what: 'Migrations',
    paths: [],
    answer: ({ database }) => ({
      look:
        database.migrateOnStart &&
        'run when a server starts; let one job run `deploy` before, and remove MIGRATE_ON_START',
      ok: 'by a job of their own',
    }),
  },
];

/** What settings cannot tell. */
const byHand: readonly (readonly [what: string, detail: string])[] = [
  ['Firewall', 'let only the proxy reach the port, and only the gateway the database, Redis and Kafka'],
  ['Backups', 'of the database and, elsewhere, of MASTER_KEYS; restore one on trial: docs/operations.md, "Backups"'],
  ['Key rotation', 'signing keys by `rotateSigningKey`, master keys by `keys reseal`: docs/operations.md, "Keys"'],
  ['Alerts', 'on /readyz, on errors and on mail that is given up: docs/operations.md, "What to watch"'],
];

/** The whole checklist. Rules of production that no question names stand under `Other settings`. */
export const productionChecklist = (config: Config): readonly ChecklistItem[] => {
  const findings = productionFindings(config);
  const named = new Set(questions.flatMap(({ paths }) => paths));
  const refused = (wanted: (path: string) => boolean): readonly string[] =>
    findings.filter(({ path }) => wanted(path)).map(({ path, problem }) => `${path} ${problem}`);
  const asked = questions.map((question): ChecklistItem => {
    const { what, paths } = question;
    const { wrong = false, look = false, ok } = question.answer(config);
    const rules = refused((path) => paths.includes(path));
    const beyond = wrong === false ? [] : [wrong];
    if (rules.length + beyond.length > 0) {
      return {
        what,
        state: 'wrong',
        details: [...rules, ...beyond],
        beyondRules: beyond.map((text) => `${what}: ${text}`),
      };
    }
    return { what, state: look === false ? 'ok' : 'look', details: [look === false ? ok : look], beyondRules: [] };
  });
  const others = refused((path) => !named.has(path));
  return [
    ...asked,
    ...(others.length === 0
      ? []
      : [{ what: 'Other settings', state: 'wrong' as const, details: others, beyondRules: [] }]),
    ...byHand.map(([what, detail]) => ({ what, state: 'by hand' as const, details: [detail], beyondRules: [] })),
  ];
};
