import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProcess } from '../../../src/database/embedded/process-table.ts';
import {
  clusterOf,
  embeddedFixture,
  type Fixture,
  postmasterPid,
  query,
  until,
} from '../../unit/database/embedded-fixture.ts';

const script = fileURLToPath(new URL('owner-process.ts', import.meta.url));

interface Owner {
  readonly process: ChildProcess;
  readonly url: string;
  readonly error: string;
}

let fixture: Fixture;
let owners: ChildProcess[];

beforeEach(async () => {
  fixture = await embeddedFixture();
  owners = [];
});

afterEach(async () => {
  await Promise.all(owners.map((owner) => kill(owner)));
  await fixture.dispose();
});

/** Another process that starts the embedded PostgreSQL on the fixture's directory. */
const startOwner = async (): Promise<Owner> => {
  const child = spawn(process.execPath, [script, fixture.directory, 'durable'], { stdio: ['pipe', 'pipe', 'inherit'] });
  owners.push(child);
  const line = await new Promise<string>((resolve, fail) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', () => fail(new Error('The owner ended without a word.')));
  });
  const answer = JSON.parse(line) as { url?: string; error?: string };
  return { process: child, url: answer.url ?? '', error: answer.error ?? '' };
};

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
};

/** The shell that watches over a server: it has the server's id as its last argument. */
const watchdogOf = async (owner: ChildProcess, server: number): Promise<number> => {
  const children = await readFile(`/proc/${owner.pid}/task/${owner.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ').map(Number)) {
    if ((await findProcess(pid))?.command.endsWith(` ${server}`) === true) {
      return pid;
    }
  }
  throw new Error('No watchdog.');
};

const ended = (pid: number) => async (): Promise<boolean> => (await findProcess(pid)) === null;

describe('the process that started the embedded PostgreSQL', () => {
  test('keeps it against a second process, which is told who has it', async () => {
    const owner = await startOwner();
    const second = await startOwner();
    expect(second.error).toContain(`already belongs to process ${owner.process.pid}`);
    await expect(fixture.start()).rejects.toThrow(`already belongs to process ${owner.process.pid}`);
    expect(await query(owner.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('takes it along when it is killed, and the next start has all data', async () => {
    const owner = await startOwner();
    await query(owner.url, "create table note as select 'kept' as text");
    const server = await postmasterPid(await clusterOf(owner.url));
    await kill(owner.process);
    await until(ended(server), 5000);
    const next = await fixture.start({ durable: true });
    expect(next.url).toBe(owner.url);
    expect(await query(next.url, 'select text from note')).toEqual([{ text: 'kept' }]);
  });

  test('leaves an orphan when its watchdog is killed too, and the next start stops that', async () => {
    const owner = await startOwner();
    await query(owner.url, "create table note as select 'kept' as text");
    const server = await postmasterPid(await clusterOf(owner.url));
    process.kill(await watchdogOf(owner.process, server), 'SIGKILL');
    await kill(owner.process);
    expect(await query(owner.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const next = await fixture.start({ durable: true });
    expect(await findProcess(server)).toBeNull();
    expect(await query(next.url, 'select text from note')).toEqual([{ text: 'kept' }]);
    expect(fixture.logged).toContainEqual(expect.objectContaining({ level: 'warn', details: { pid: server } }));
  });

  test('is one of several that start at the same moment, and the others are refused', async () => {
    const rivals = await Promise.all([startOwner(), startOwner(), startOwner()]);
    const winners = rivals.filter(({ url }) => url !== '');
    expect(winners).toHaveLength(1);
    expect(rivals.filter(({ error }) => error.includes('already belongs to process'))).toHaveLength(2);
    expect(await query(winners[0]?.url ?? '', 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('may be killed at any moment of its first start', async () => {
    for (const afterMs of [150, 400, 700, 1000]) {
      const child = spawn(process.execPath, [script, fixture.directory, 'durable'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      owners.push(child);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill(child);
    }
    const server = await fixture.start({ durable: true });
    expect(await query(server.url, 'select current_database() as name')).toEqual([{ name: 'gatehouse' }]);
  });

  test('loses no acknowledged commit when it and its server are killed', async () => {
    const owner = await startOwner();
    await query(owner.url, 'create table entry (id int)');
    const server = await postmasterPid(join(fixture.directory, 'postgres'));
    let acknowledged = 0;
    const writing = (async () => {
      for (let id = 1; ; id += 1) {
        await query(owner.url, `insert into entry values (${id})`);
        acknowledged = id;
      }
    })().catch(() => undefined);
    await until(() => acknowledged >= 20);
    process.kill(server, 'SIGKILL');
    await kill(owner.process);
    await writing;
    const next = await fixture.start({ durable: true });
    const [row] = await query<{ found: number }>(
      next.url,
      `select count(*)::int as found from entry where id <= ${acknowledged}`,
    );
    expect(row).toEqual({ found: acknowledged });
  });
});
