import 'reflect-metadata';
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchDatabase, startDatabase } from './database.ts';
import { machine, peakRssOf } from './machine.ts';

/*
 * How fast accounts are imported and exported, and with how much memory: the built command in a process of its own, on a durable
 * PostgreSQL, with hashes given. Usage: npx tsx bench/import.ts --lines 100000. A hundredth of the lines is malformed.
 */

const { values: options } = parseArgs({ options: { lines: { type: 'string', default: '100000' } } });
const LINES = Number(options.lines);
const HASH = '$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m';
const root = join(import.meta.dirname, '..');

const line = (index: number): string => {
  if (index % 100 === 99) return `{"email": "broken${index}`;
  return JSON.stringify({
    email: `person${index}@company${index % 1000}.example`,
    displayName: `Person ${index.toString(36)}`,
    username: index % 3 === 0 ? `p${index}` : undefined,
    passwordHash: HASH,
    verified: index % 2 === 0,
  });
};

const writeFile = async (path: string): Promise<void> => {
  const file = createWriteStream(path);
  for (let index = 0; index < LINES; index += 1) {
    if (!file.write(`${line(index)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
};

const mebibytes = (path: string): string => (statSync(path).size / 2 ** 20).toFixed(0);

interface Ran {
  readonly seconds: number;
  readonly peakMib: number;
  readonly out: string;
}

const run = async (
  bench: BenchDatabase,
  args: readonly string[],
  expected: { readonly code: number; readonly out: RegExp },
): Promise<Ran> => {
  const from = performance.now();
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), 'users', ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], DATABASE_URL: bench.url, APP_ENVIRONMENT: 'development' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, peakMib] = ['', 0];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const { pid } = child;
  const watch = setInterval(() => {
    if (pid !== undefined && child.exitCode === null) peakMib = Math.max(peakMib, peakRssOf(pid) || 0);
  }, 100);
  const [code] = (await once(child, 'close')) as [number];
  clearInterval(watch);
  if (code !== expected.code || !expected.out.test(out)) throw new Error(`Ended with ${code}: ${out}`);
  return { seconds: (performance.now() - from) / 1000, peakMib, out };
};

const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale', '--server-only'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (built.status !== 0) throw new Error('The commands do not build.');
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-import-bench-'));
const bench = await startDatabase(directory);
try {
  const file = join(directory, 'accounts.ndjson');
  await writeFile(file);
  console.log(`${machine()}, PostgreSQL ${bench.version}, ${LINES} lines, ${mebibytes(file)} MiB`);
  const figures: Record<string, object> = {};
  const note = (name: string, { seconds, peakMib }: Ran): void => {
    figures[name] = {
      seconds: seconds.toFixed(1),
      'per second': Math.round(LINES / seconds),
      'peak RSS, MiB': Math.round(peakMib),
    };
  };
  note(
    'dry run',
    await run(bench, ['import', file, '--dry-run', '--errors', join(directory, 'dry.errors')], {
      code: 1,
      out: /Would import \d{3}/,
    }),
  );
  const imported = await run(bench, ['import', file, '--errors', join(directory, 'errors')], {
    code: 1,
    out: /Imported \d{3}/,
  });
  note('import', imported);
  const wrote = { code: 0, out: /Wrote \d{3}/ };
  note('export, NDJSON', await run(bench, ['export', join(directory, 'all.ndjson')], wrote));
  note('export, CSV with hashes', await run(bench, ['export', join(directory, 'all.csv'), '--hashes'], wrote));
  console.table(figures);
  console.log(imported.out.trim());
} finally {
  await bench.stop();
  rmSync(directory, { recursive: true, force: true });
}
