import { isLoopbackHost } from './addresses.ts';
import { databasePassword, databaseTarget } from './database-url.ts';
import { originOf, valueAt } from './provenance.ts';
import { DEFAULT_ORIGIN } from './resolve.ts';
import type { ProductionFacts } from './setting.ts';
import { allSettings, type Config } from './settings.ts';

const databaseFacts = (config: Config): ProductionFacts['database'] => {
  const url = config.database.url?.reveal();
  const target = url === undefined ? null : databaseTarget(url);
  return url === undefined || target === null ? null : { target, password: databasePassword(url) };
};

/** A setting that production must not run with: where its value came from, what is wrong and, after `;`, how to fix it. */
interface ProductionFinding {
  readonly path: string;
  readonly origin: string;
  readonly problem: string;
}

/** What production must not run with, by setting. Looks at any configuration as if it were production's. */
export const productionFindings = (config: Config): readonly ProductionFinding[] => {
  const common = {
    serverIsLoopback: isLoopbackHost(config.server.host),
    metricsServed: config.operations.metrics,
    proxiesTrusted: config.server.trustedProxies.length > 0,
    plainNetworks: config.server.plainHttpNetworks.length > 0,
    database: databaseFacts(config),
  };
  return allSettings.flatMap(({ path, setting }) => {
    if (setting.production === undefined) return [];
    const origin = originOf(config, path);
    const facts = { ...common, isDefault: origin === DEFAULT_ORIGIN };
    const problem = setting.production.problem(valueAt(config, path), facts);
    return problem === null ? [] : [{ path, origin, problem }];
  });
};

/**
 * Why production must not run with these settings, one line each; empty when it may. Looks at any configuration as if it were
 * production's, so that it can be checked before it goes there. `except` names settings whose mistakes are told already.
 */
export const productionProblems = (config: Config, except: ReadonlySet<string> = new Set()): readonly string[] =>
  productionFindings(config)
    .filter(({ path }) => !except.has(path))
    .map(({ path, origin, problem }) => `${path} (${origin}, refused in production): ${problem}`);
