import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { answers, type ServerSpec } from './server-process.ts';

export const root = join(import.meta.dirname, '..');

/** The floors are built like the server is (one file, packages outside), or their starts could not be compared. */
const built = join(root, 'node_modules', '.cache', 'gatehouse-bench');

const buildFloors = async (): Promise<void> => {
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/floors/fastify.ts', 'bench/floors/apollo.ts'],
    outdir: built,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    packages: 'external',
    logLevel: 'error',
  });
};

export interface Specs {
  readonly gatehouse: ServerSpec;
  /** The same with the portable argon2. */
  readonly gatehousePortable: ServerSpec;
  readonly floor: ServerSpec;
  readonly apollo: ServerSpec;
}

const ready = (url: string): Promise<boolean> => answers(`${url}/readyz`);

/** Everything that is measured, on one database. */
export const makeSpecs = async (databaseUrl: string, work: string, profile: string | null): Promise<Specs> => {
  await buildFloors();
  const key = JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
  const masterKeys = `v1:${randomBytes(32).toString('base64')}`;
  const pool = String(availableParallelism() + 2);
  const common = { cwd: work, probe: ready };
  const profiling = profile === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`, '--cpu-prof-interval=400'];
  const gatehouse: ServerSpec = {
    ...common,
    name: 'gatehouse',
    command: [process.execPath, ...profiling, join(root, 'scripts/start.mjs')],
    env: {
      NODE_ENV: 'production',
      APP_ENVIRONMENT: 'production',
      DATABASE_URL: databaseUrl,
      MASTER_KEYS: masterKeys,
      DATA_DIR: work,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      METRICS: 'true',
    },
  };
  const floorEnv = {
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    FLOOR_KEY: key,
    FLOOR_HASHES: String(availableParallelism()),
    UV_THREADPOOL_SIZE: pool,
  };
  return {
    gatehouse,
    gatehousePortable: {
      ...gatehouse,
      name: 'gatehouse, portable hash',
      env: { ...gatehouse.env, PASSWORD_IMPLEMENTATION: 'portable' },
    },
    floor: { ...common, name: 'floor', command: [process.execPath, join(built, 'fastify.mjs')], env: floorEnv },
    apollo: { ...common, name: 'lean Apollo', command: [process.execPath, join(built, 'apollo.mjs')], env: floorEnv },
  };
};
