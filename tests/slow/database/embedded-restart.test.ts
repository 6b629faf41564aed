import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProcess } from '../../../src/database/embedded/process-table.ts';
import {
  clusterOf,
  connect,
  embeddedFixture,
  type Fixture,
  postmasterPid,
  query,
  until,
} from '../../unit/database/embedded-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await embeddedFixture();
});
afterEach(() => fixture.dispose());

const keepNote = (url: string): Promise<unknown> => query(url, "create table note as select 'kept' as text");
const readNote = (url: string): Promise<unknown> => query(url, 'select text from note');
const rejection = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'succeeded', String);

describe('the embedded PostgreSQL over restarts', () => {
  test('keeps data, password and port', async () => {
    const first = await fixture.start({ durable: true });
    await keepNote(first.url);
    await first.stop();
    const second = await fixture.start({ durable: true });
    expect(second.url).toBe(first.url);
    expect(await readNote(second.url)).toEqual([{ text: 'kept' }]);
    const [row] = await query(
      second.url,
      "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit",
    );
    expect(row).toEqual({ fsync: 'on', commit: 'on' });
  });

  test('takes another port when something else has its own', async () => {
    const first = await fixture.start();
    await first.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => {
      squatter.listen(Number(new URL(first.url).port), '127.0.0.1', resolve);
    });
    const second = await fixture.start();
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await new Promise((resolve) => squatter.close(resolve));
  });

  test('makes a further database in the same cluster', async () => {
    const first = await fixture.start();
    await keepNote(first.url);
    await first.stop();
    const second = await fixture.start({ database: 'Second-one' });
    expect(await query(second.url, 'select current_database() as name')).toEqual([{ name: 'Second-one' }]);
    await expect(readNote(second.url)).rejects.toMatchObject({ code: '42P01' });
  });

  test('sets a new password when the file with the old one is lost', async () => {
    const first = await fixture.start();
    await keepNote(first.url);
    await first.stop();
    await rm(join(fixture.directory, 'postgres.password'));
    const second = await fixture.start();
    expect(new URL(second.url).password).not.toBe(new URL(first.url).password);
    expect(await readNote(second.url)).toEqual([{ text: 'kept' }]);
  });

  test('says so when the password file holds another password', async () => {
    await (await fixture.start()).stop();
    await writeFile(join(fixture.directory, 'postgres.password'), 'f'.repeat(64));
    expect(await rejection(fixture.start())).toMatch(/does not accept the password in its file/);
    await rm(join(fixture.directory, 'postgres.password'));
    expect(await query((await fixture.start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('makes a new cluster when an earlier start was interrupted while it made one', async () => {
    await mkdir(join(fixture.directory, 'postgres.draft-abc123/cluster/base'), { recursive: true });
    await mkdir(join(fixture.directory, 'postgres/base'), { recursive: true });
    await writeFile(join(fixture.directory, 'postgres/PG_VERSION'), '18\n');
    const server = await fixture.start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(fixture.logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('set aside') }),
    );
    const names = await readdir(fixture.directory);
    expect(names.filter((name) => name.includes('draft'))).toEqual([]);
    expect(names.filter((name) => name.includes('unusable'))).toHaveLength(1);
  });

  test('leaves a cluster of another release alone and says what to do', async () => {
    const server = await fixture.start();
    await server.stop();
    const version = join(fixture.directory, 'postgres/PG_VERSION');
    await writeFile(version, '17\n');
    expect(await rejection(fixture.start())).toMatch(
      /holds a cluster of PostgreSQL 17, and this release runs PostgreSQL 18: dump it/,
    );
    await writeFile(version, '18\n');
    await keepNote((await fixture.start()).url);
  });
});

describe('stopping the embedded PostgreSQL', () => {
  test('does not wait for statements in flight, and can be asked twice', async () => {
    const server = await fixture.start();
    const client = await connect(server.url);
    const slow = client.query('select pg_sleep(60)').then(
      () => 'finished',
      (error: unknown) => error,
    );
    await until(
      async () =>
        (
          await query(
            server.url,
            "select 1 from pg_stat_activity where query like '%pg_sleep(60)%' and state = 'active' and pid <> pg_backend_pid()",
          )
        ).length > 0,
    );
    const begun = performance.now();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(await slow).toMatchObject({ code: '57P01' });
    expect(await readdir(fixture.directory)).not.toContain('postgres.owner');
    expect(await readdir(join(fixture.directory, 'postgres'))).not.toContain('postmaster.pid');
  });

  test('is not what happens when the server is killed: that is reported once, and the next start works', async () => {
    const reasons: string[] = [];
    const server = await fixture.start({ durable: true, onUnexpectedExit: (reason) => reasons.push(reason) });
    await keepNote(server.url);
    const pid = await postmasterPid(await clusterOf(server.url));
    process.kill(pid, 'SIGKILL');
    await until(() => reasons.length > 0);
    expect(reasons).toEqual([
      expect.stringMatching(/^The embedded PostgreSQL has ended unexpectedly \(it was ended by SIGKILL/),
    ]);
    expect(fixture.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
    await server.stop();
    const next = await fixture.start({ durable: true });
    expect(await readNote(next.url)).toEqual([{ text: 'kept' }]);
    await next.stop();
    expect(reasons).toHaveLength(1);
  });
});

/** Only a process of the server's own user looks to PostgreSQL like a running server. */
const serverUser = async (): Promise<object> =>
  (await stat(fixture.directory)).uid === 0 ? { uid: 65_534, gid: 65_534 } : {};

const leaveLock = async (firstLine: string): Promise<void> => {
  const server = await fixture.start();
  const lock = join(fixture.directory, 'postgres/postmaster.pid');
  const content = await readFile(lock, 'utf8');
  await keepNote(server.url);
  await server.stop();
  await writeFile(lock, content.replace(/^\d+/, firstLine));
};

describe('a lock file that an earlier run left behind', () => {
  test('does not harm a foreign process that has its process id now', async () => {
    const stranger = spawn('/bin/sleep', ['30'], { ...(await serverUser()), stdio: 'ignore' });
    await leaveLock(String(stranger.pid));
    const server = await fixture.start();
    expect(await readNote(server.url)).toEqual([{ text: 'kept' }]);
    expect(await findProcess(stranger.pid ?? 0)).not.toBeNull();
    stranger.kill('SIGKILL');
  });

  test('does not stop a start when it names a dead process that nobody collects', async () => {
    // The child ends when its parent is another program already, which knows nothing of it.
    const parent = spawn('/bin/sh', ['-c', 'read line <&3 & echo $!; exec sleep 120 3<&-'], {
      ...(await serverUser()),
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    });
    const pid = await new Promise<string>((resolve) => {
      parent.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    });
    const stateOf = (id: string | number | undefined): Promise<string> => readFile(`/proc/${id}/stat`, 'utf8');
    await expect.poll(() => stateOf(parent.pid), { timeout: 20_000 }).toContain('(sleep)');
    parent.stdio[3]?.destroy();
    await expect.poll(() => stateOf(pid), { timeout: 20_000 }).toContain(') Z ');
    await leaveLock(pid);
    const server = await fixture.start();
    expect(await readNote(server.url)).toEqual([{ text: 'kept' }]);
    expect(await stateOf(pid)).toContain(') Z ');
    parent.kill('SIGKILL');
  });

  test.each(['999999999', '0', 'nonsense'])('does not stop a start when it names %s', async (firstLine) => {
    await leaveLock(firstLine);
    expect(await readNote((await fixture.start()).url)).toEqual([{ text: 'kept' }]);
  });
});
