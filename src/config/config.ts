import { resolve } from 'node:path';
import { Secret } from '../crypto/secret.ts';
import { contradictions, oddities } from './consistency.ts';
import { databaseTarget, withoutTlsMode } from './database-url.ts';
import { CONFIG_FILE_VARIABLE, dotenvLayer, environmentLayer, PROCESS_ENVIRONMENT } from './environment-layer.ts';
import { CONFIG_FILE_FLAG, flagLayer } from './flag-layer.ts';
import type { Findings, Layer } from './layers.ts';
import { productionProblems } from './production.ts';
import { rememberOrigins } from './provenance.ts';
import { lastGiven, readValue, type Resolution, resolveSettings } from './resolve.ts';
import { allSettings, type Config, settingsByPath } from './settings.ts';
import { yamlLayer } from './yaml-layer.ts';

export type { Config } from './settings.ts';

export interface ConfigSources {
  /** Parsed flags: name of the setting (`server.port`) or of its flag (`port`, `base-url`, `baseUrl`) and text; `config` names the YAML file. */
  readonly argv?: Readonly<Record<string, string | undefined>>;
  /** Texts of `--set`, each `server.port=5000`. */
  readonly assignments?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Reads `.env` files in the test environment too. */
  readonly envFiles?: boolean;
  /** Whether standard output is a terminal; decides the default of `log.pretty`. */
  readonly terminal?: boolean;
  /** Gives a configuration that production refuses all the same: for whoever lists what is wrong with it. */
  readonly evenIfRefused?: boolean;
}

/** The settings are wrong. The message lists every problem on a line of its own, with its cure, and holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a setting is' : `${problems.length} settings are`;
    super([`${count} wrong (see docs/configuration.md):`, ...problems.map((problem) => `- ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

/** The environment that the layers name, null when they name none or a wrong one (which is reported when it is resolved). */
const environmentOf = (layers: readonly Layer[]): string | null => {
  const given = lastGiven(layers, 'environment');
  const setting = settingsByPath.get('environment')?.setting;
  const read = given === undefined || setting === undefined ? null : readValue(setting, given.raw);
  return read?.ok === true && typeof read.value === 'string' ? read.value : null;
};

/** `.env`, `.env.<environment>`, `.env.local`. The middle one is chosen by the environment, so that it cannot change it. */
const dotenvLayers = (
  sources: ConfigSources,
  around: { readonly below: Layer; readonly above: readonly Layer[] },
  findings: Findings,
): readonly Layer[] => {
  if (environmentOf(around.above) === 'test' && sources.envFiles !== true) return [];
  const common = dotenvLayer(sources.cwd, '.env', findings);
  const local = dotenvLayer(sources.cwd, '.env.local', findings);
  const environment = environmentOf([around.below, common, local, ...around.above]) ?? 'development';
  const specific = new Map(dotenvLayer(sources.cwd, `.env.${environment}`, findings));
  const own = environmentOf([specific]);
  if (specific.has('environment') && own !== environment) {
    findings.problems.push(
      `environment (${specific.get('environment')?.origin}): contradicts the name of the file; remove it there`,
    );
  }
  specific.delete('environment');
  return [common, specific, local];
};

const layersOf = (sources: ConfigSources, findings: Findings): readonly Layer[] => {
  const argv = sources.argv ?? {};
  const file = argv[CONFIG_FILE_FLAG] ?? sources.env[CONFIG_FILE_VARIABLE] ?? null;
  const yaml = yamlLayer(sources.cwd, file, findings);
  const above = [
    environmentLayer(sources.env, PROCESS_ENVIRONMENT, findings),
    flagLayer(argv, sources.assignments ?? [], findings),
  ];
  return [yaml, ...dotenvLayers(sources, { below: yaml, above }, findings), ...above];
};

const deepFreeze = (node: unknown): void => {
  if (typeof node !== 'object' || node === null || Object.isFrozen(node)) return;
  Object.freeze(node);
  for (const child of Object.values(node)) deepFreeze(child);
};

/** Last touches that need more than the value itself. */
const finished = (path: string, value: unknown, cwd: string): unknown => {
  if (path === 'database.dataDirectory') return resolve(cwd, String(value));
  if (path === 'mail.templatesDirectory' || path === 'log.file')
    return typeof value === 'string' ? resolve(cwd, value) : null;
  return (path === 'database.url' || path === 'database.replicaUrl') && value instanceof Secret
    ? new Secret(withoutTlsMode(String(value.reveal())))
    : value;
};

const assemble = ({ values }: Resolution, cwd: string): Config => {
  const result: Record<string, unknown> = { warnings: [] };
  for (const { path, section, isPart } of allSettings) {
    if (isPart) continue;
    const value = finished(path, values.get(path), cwd);
    if (section === '') result[path] = value;
    else result[section] = { ...(result[section] as object | undefined), [path.slice(section.length + 1)]: value };
  }
  // The shape holds because the type is derived from the table that this loop walks.
  return result as unknown as Config;
};

/**
 * Unites defaults, the YAML file, `.env` files, the environment and flags, the later winning, into one frozen object.
 * Throws ConfigError with everything that is wrong at once; in production also for insecure settings.
 */
export const loadConfig = (sources: ConfigSources): Config => {
  const findings: Findings = { problems: [], warnings: [] };
  const layers = layersOf(sources, findings);
  const surroundings = { cwd: sources.cwd, terminal: sources.terminal ?? false };
  const resolution = resolveSettings(layers, surroundings, findings);
  const unwarned = assemble(resolution, sources.cwd);
  const address = resolution.values.get('database.url');
  const target = address instanceof Secret ? databaseTarget(String(address.reveal())) : null;
  const replica = resolution.values.get('database.replicaUrl');
  const replicaTarget = replica instanceof Secret ? databaseTarget(String(replica.reveal())) : null;
  const warnings = [...findings.warnings, ...oddities(unwarned, target, replicaTarget)];
  const config: Config = { ...unwarned, warnings };
  rememberOrigins(config, resolution.origins);
  const problems = [...findings.problems, ...contradictions(config)];
  if (config.environment === 'production' && sources.evenIfRefused !== true)
    problems.push(...productionProblems(config, resolution.failed));
  if (problems.length > 0) throw new ConfigError(problems);
  deepFreeze(config);
  return config;
};

/** The configuration of this process; the one place that reads its environment. */
export const readProcessConfig = (flags: Pick<ConfigSources, 'argv' | 'assignments' | 'evenIfRefused'> = {}): Config =>
  loadConfig({ ...flags, env: process.env, cwd: process.cwd(), terminal: process.stdout.isTTY });
