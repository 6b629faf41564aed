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

/**
 * Why production must not run with these settings, one line each; empty when it may. Looks at any configuration as if it were
 * production's, so that it can be checked before it goes there. `except` names settings whose mistakes are told already.
 */
export const productionProblems = (config: Config, except: ReadonlySet<string> = new Set()): readonly string[] => {
  const common = {
    serverIsLoopback: isLoopbackHost(config.server.host),
    metricsServed: config.operations.metrics,
    database: databaseFacts(config),
  };
  return allSettings.flatMap(({ path, setting }) => {
    if (setting.production === undefined || except.has(path)) return [];
    const origin = originOf(config, path);
    const facts = { ...common, isDefault: origin === DEFAULT_ORIGIN };
    const problem = setting.production.problem(valueAt(config, path), facts);
    return problem === null ? [] : [`${path} (${origin}, refused in production): ${problem}`];
  });
};
