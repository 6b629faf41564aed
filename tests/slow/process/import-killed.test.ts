import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../api/cli/cli-fixture.ts';
import { FOREIGN } from '../../support/foreign-hashes.ts';

const root = join(import.meta.dirname, '../../..');
const LINES = 6000;

let cluster: Cluster;
let url: string;

beforeAll(async () => {
  cluster = await startCluster();
  url = await cluster.newDatabase();
  await cluster.run(['migrate', 'up'], { DATABASE_URL: url });
});
afterAll(() => cluster.stop());

const start = (args: readonly string[]): { child: ChildProcess; said: () => string } => {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), join(root, 'src/cli/main.ts'), 'users', 'import', ...args],
    {
      cwd: cluster.directory,
      env: { PATH: '/usr/bin:/bin', TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, said: () => text };
};

const done = async (): Promise<number> => {
  const [row] = await cluster.query<{ line: number | null }>(url, 'select max(line) as line from user_imports');
  return row?.line ?? 0;
};

test('kill -9 in the middle of an import, three times: every line is done once, every error kept once', async () => {
  const passwordHash = FOREIGN[0]?.text ?? '';
  const lines = Array.from({ length: LINES }, (_, at) =>
    (at + 1) % 50 === 0
      ? `{"email": ${at}`
      : JSON.stringify({ email: `k${at}@import.example`, displayName: `K ${at}`, passwordHash }),
  );
  const file = join(cluster.directory, 'killed.ndjson');
  const errors = join(cluster.directory, 'killed.errors');
  await writeFile(file, lines.join('\n'));

  for (let round = 0; round < 3; round += 1) {
    const before = await done();
    const { child, said } = start([file, '--errors', errors, ...(round === 0 ? [] : ['--resume'])]);
    const ended = once(child, 'close');
    for (let wait = 0; (await done()) === before && child.exitCode === null; wait += 1) {
      if (wait > 6000) throw new Error(said());
      await sleep(5);
    }
    await sleep(round * 20);
    child.kill('SIGKILL');
    await ended;
    expect(await done()).toBeGreaterThan(before);
    expect(await done()).toBeLessThan(LINES);
  }

  const { child, said } = start([file, '--errors', errors, '--resume']);
  await once(child, 'close');
  expect(child.exitCode).toBe(1);
  expect(said()).toContain(`Imported ${LINES * 0.98} accounts of ${LINES} lines.`);
  const [counts] = await cluster.query(
    url,
    `select (select count(*)::int from users) as users, (select count(distinct value)::int from identifiers) as identifiers,
       (select count(*)::int from credentials) as credentials, (select count(*)::int from memberships) as memberships,
       (select count(*)::int from audit_events where action = 'user.created') as logged,
       (select count(*)::int from outbox_events where type = 'UserRegistered') as told`,
  );
  const expected = LINES * 0.98;
  expect(counts).toEqual({
    users: expected,
    identifiers: expected,
    credentials: expected,
    memberships: expected,
    logged: expected,
    told: expected,
  });
  const kept = (await readFile(errors, 'utf8')).trim().split('\n');
  expect(kept.map((line) => (JSON.parse(line) as { line: number }).line)).toEqual(
    Array.from({ length: LINES * 0.02 }, (_, at) => (at + 1) * 50),
  );
});
