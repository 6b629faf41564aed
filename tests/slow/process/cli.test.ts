import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../api/cli/cli-fixture.ts';

const root = join(import.meta.dirname, '../../..');

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let cwd: string;
let cluster: Cluster;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'gatehouse-process-'));
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster.stop();
  rmSync(cwd, { recursive: true });
});

/** The real entry in a process of its own, with nothing of our environment. */
const run = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  closeOutput = false,
): Promise<Ended> =>
  new Promise((resolve, fail) => {
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), join(root, 'src/cli/main.ts'), ...args],
      {
        cwd,
        env: { PATH: '/usr/bin:/bin', TSX_TSCONFIG_PATH: join(root, 'tsconfig.json'), ...env },
        stdio: 'pipe',
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    if (closeOutput) child.stdout.destroy();
    child.stdin.end();
    child.once('error', fail);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });

describe('the process', () => {
  test('ends with the status of the command, one line on standard error and nothing on standard output', async () => {
    const [wrong, broken, refused] = await Promise.all([
      run(['migrat']),
      run(['migrate', 'up'], { DATABASE_URL: 'postgresql://gatehouse:s3cretword@127.0.0.1:1/gatehouse' }),
      run(['reset']),
    ]);
    expect(wrong).toEqual({
      status: 2,
      stdout: '',
      stderr: "error: unknown command 'migrat' (Did you mean migrate?) See --help.\n",
    });
    expect(broken).toMatchObject({ status: 1, stdout: '' });
    expect(broken.stderr).toMatch(/^Nobody listens at the address of the database \(127\.0\.0\.1\): .*\n$/);
    expect(refused).toMatchObject({ status: 4, stdout: '' });
  });

  test('does its work beside the process that runs the embedded server, and ends', async () => {
    const env = { DATA_DIR: join(cluster.directory, 'data') };
    const deployed = await run(['deploy'], env);
    expect(deployed).toMatchObject({ status: 0, stderr: '' });
    expect(deployed.stdout).toContain('Made 3 accounts');
    const [made, status, exported, cutOff] = await Promise.all([
      run(['create-admin', '--email', 'ada@example.org', '--name', 'Ada Ricci'], env),
      run(['migrate', 'status'], env, true),
      run(['users', 'export', '-', '--fields', 'kind'], env),
      run(['users', 'export', '-'], env, true),
    ]);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(
      /^Made the administrator ada@example\.org \(Ada Ricci\)\.\nPassword, shown once: \S+\n$/,
    );
    // Its reader had gone away.
    expect(status).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(exported.stdout).toMatch(/^(\{"kind":"PERSON"\}\n){3,4}$/);
    expect(exported).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^Wrote \d accounts to standard output\.\n$/),
    });
    // What it was to take did not reach it.
    expect(cutOff).toEqual({ status: 1, stdout: '', stderr: 'The reader went away before everything was written.\n' });
  });
});
