import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Config, ConfigError, type ConfigSources, loadConfig } from '../../../src/config/config.ts';

/** An empty directory with the given files, removed when the test ends. */
export const directoryWith = (files: Readonly<Record<string, string>> = {}): string => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
};

export const load = (sources: Partial<ConfigSources> = {}): Config =>
  loadConfig({ env: {}, cwd: sources.cwd ?? directoryWith(), ...sources });

/** The problems that stop the start; an empty list when nothing does. */
export const problemsOf = (sources: Partial<ConfigSources>): readonly string[] => {
  try {
    load(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

/** Key material that passes: 32 different bytes. */
export const keyText = (first: number, length = 32): string =>
  Buffer.from(Array.from({ length }, (_, index) => (first + index * 7) % 256)).toString('base64');

/** A production environment that starts. */
export const productionEnv = {
  APP_ENVIRONMENT: 'production',
  BASE_URL: 'https://id.example.org',
  TRUSTED_PROXIES: '10.0.0.0/8',
  DATABASE_URL: 'postgresql://gatehouse:tr0ub4dor-horse@db.example.org/gatehouse',
  MASTER_KEYS: `v1:${keyText(1)}`,
  METRICS_TOKEN: '0123456789abcdef0123456789abcdef',
} as const;
