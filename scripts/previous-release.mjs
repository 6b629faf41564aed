/**
 * Runs API tests of the previous release against the schema of this one: what a roll-out relies on (docs/migrations.md).
 *   node scripts/previous-release.mjs [--commit <commit>] [test file ...]
 * Takes the commit of `.ci/previous-release` out into a folder of its own, with the packages of today (and those that today does
 * without, which it installs), starts a throw-away PostgreSQL, migrates its template1 by
 * the migrations of today, so that every database made there has the new schema, and runs tests of that commit on it. Ends with their
 * exit code, and leaves nothing behind.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { register } from 'tsx/esm/api';
import { root } from './stale.mjs';

/** One test of each thing that every release does. */
const TESTS = [
  'tests/api/sign-in/sign-in.test.ts',
  'tests/api/session/refresh-session.test.ts',
  'tests/api/session/viewer.test.ts',
  'tests/api/user/create-user.test.ts',
  'tests/api/user/users-visibility.test.ts',
  'tests/api/group/set-group-permissions.test.ts',
];

const { values, positionals } = parseArgs({ options: { commit: { type: 'string' } }, allowPositionals: true });
const commit = values.commit ?? readFileSync(join(root, '.ci/previous-release'), 'utf8').trim();

const git = (...args) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const startServer = async (directory) => {
  register();
  const [{ startEmbeddedPostgres }, { Database }, { SchemaMigrator }, { systemClock }] = await Promise.all([
    import('../src/database/embedded/embedded-postgres.ts'),
    import('../src/database/database.ts'),
    import('../src/database/migrator.ts'),
    import('../src/clock.ts'),
  ]);
  const server = await startEmbeddedPostgres({ directory, durable: false, clock: systemClock, log: () => undefined });
  const template = new URL(server.url);
  template.pathname = '/template1';
  const database = await Database.connect({ url: template.href, poolSize: 2 });
  const applied = await new SchemaMigrator(database).up();
  await database.close();
  return { server, applied };
};

/** What the release needs and this one does without, into the folder around it, where its modules look next. */
const installMissing = (place, checkout) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  const missing = Object.entries({ ...devDependencies, ...dependencies })
    .filter(([name]) => !existsSync(join(root, 'node_modules', name)))
    .map(([name, version]) => `${name}@${version}`);
  if (missing.length === 0) return;
  console.log(`installing what the release needs besides: ${missing.join(', ')}`);
  execFileSync('npm', ['install', '--prefix', place, '--ignore-scripts', '--no-audit', '--no-fund', ...missing], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};

const runTests = (cwd, tests, databaseUrl) =>
  new Promise((resolve, reject) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', '--project', 'suite', '--project', 'areas', ...tests], {
      cwd,
      env: { ...process.env, TEST_DATABASE_URL: databaseUrl },
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });

git('cat-file', '-e', `${commit}^{commit}`);
const place = mkdtempSync(join(tmpdir(), 'gatehouse-previous-'));
const checkout = join(place, 'release');
let server = null;
try {
  git('worktree', 'add', '--quiet', '--detach', checkout, commit);
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'), 'dir');
  installMissing(place, checkout);
  const tests = (positionals.length > 0 ? positionals : TESTS).filter((file) => existsSync(join(checkout, file)));
  if (tests.length === 0) throw new Error(`${commit} has none of the tests.`);
  const started = await startServer(join(place, 'database'));
  server = started.server;
  console.log(
    `${commit.slice(0, 12)} on the schema of today (${started.applied.length} migrations), ${tests.length} test files`,
  );
  process.exitCode = await runTests(checkout, tests, server.url);
} finally {
  await server?.stop();
  if (existsSync(checkout)) git('worktree', 'remove', '--force', checkout);
  rmSync(place, { recursive: true, force: true });
}
