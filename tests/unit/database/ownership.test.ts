import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { type Ownership, takeOwnership } from '../../../src/database/embedded/ownership.ts';
import { findProcess, fromPs } from '../../../src/database/embedded/process-table.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'gatehouse-owner-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const claimOf = (pid: number, start: string): string =>
  JSON.stringify({ pid, start, token: 'abc123', since: '2026-01-01T00:00:00.000Z' });
const endedPid = (): number => spawnSync('/bin/true').pid;
const ownStart = async (): Promise<string> => (await findProcess(process.pid))?.start ?? '';

const contend = async (contenders: number): Promise<{ won: Ownership[]; refusals: string[] }> => {
  const results = await Promise.allSettled(Array.from({ length: contenders }, () => takeOwnership(home, systemClock)));
  return {
    won: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    refusals: results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])),
  };
};

describe('the ownership of a cluster', () => {
  test('is noted in a file for its owner only, and gone after the release', async () => {
    const ownership = await takeOwnership(home, systemClock);
    const file = join(home, 'postgres.owner');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid, start: await ownStart() });
    await ownership.release();
    await ownership.release();
    expect(await readdir(home)).toEqual([]);
  });

  test('is refused while its owner lives', async () => {
    await takeOwnership(home, systemClock);
    await expect(takeOwnership(home, systemClock)).rejects.toThrow(/already belongs to this process \(since 20/);
  });

  test('passes on when its owner has died', async () => {
    await writeFile(join(home, 'postgres.owner'), claimOf(endedPid(), await ownStart()));
    await takeOwnership(home, systemClock);
    expect(await readdir(home)).toEqual(['postgres.owner']);
  });

  test('passes on when the process id of its owner belongs to a stranger now', async () => {
    await writeFile(join(home, 'postgres.owner'), claimOf(process.ppid, 'another start'));
    await expect(takeOwnership(home, systemClock)).resolves.toHaveProperty('release');
  });

  test('stays with a living process that another program started', async () => {
    const start = (await findProcess(process.ppid))?.start ?? '';
    await writeFile(join(home, 'postgres.owner'), claimOf(process.ppid, start));
    await expect(takeOwnership(home, systemClock)).rejects.toThrow(`already belongs to process ${process.ppid}`);
    expect(await readdir(home)).toEqual(['postgres.owner']);
  });

  test.each(['', '{', 'null', '[]', '{"pid":1}', '{"pid":1,"start":"","since":"","token":"../../x"}', '\0\0\0'])(
    'passes on when its file holds %j',
    async (content) => {
      await writeFile(join(home, 'postgres.owner'), content);
      await takeOwnership(home, systemClock);
      expect(await readdir(home)).toEqual(['postgres.owner']);
    },
  );

  test('passes on when its successor died before it had finished', async () => {
    await writeFile(join(home, 'postgres.owner'), claimOf(endedPid(), 'gone'));
    const successor = { pid: endedPid(), start: 'gone', token: 'def456', since: '' };
    await writeFile(join(home, 'postgres.owner.after-abc123'), JSON.stringify(successor));
    await writeFile(join(home, 'postgres.owner.draft-0099'), '');
    await takeOwnership(home, systemClock);
    expect(await readdir(home)).toEqual(['postgres.owner']);
    expect(await readFile(join(home, 'postgres.owner'), 'utf8')).toContain(`"pid":${process.pid}`);
  });

  test.each([
    ['nobody had it', null],
    ['its owner has died', 'dead'],
  ])('goes to exactly one of many that want it when %s', async (_, present) => {
    for (let round = 0; round < 15; round += 1) {
      if (present !== null) {
        await writeFile(join(home, 'postgres.owner'), claimOf(endedPid(), 'gone'));
      }
      const { won, refusals } = await contend(12);
      expect(won).toHaveLength(1);
      expect(refusals).toHaveLength(11);
      expect(refusals.every((text) => text.includes('already belongs to this process'))).toBe(true);
      await won[0]?.release();
      expect(await readdir(home)).toEqual([]);
    }
  });

  test('is not given back by somebody who lost it', async () => {
    const ownership = await takeOwnership(home, systemClock);
    await writeFile(join(home, 'postgres.owner'), claimOf(process.ppid, 'other'));
    await ownership.release();
    expect(await readdir(home)).toEqual(['postgres.owner']);
  });
});

const hasPs = (): boolean => {
  try {
    return execFileSync('ps', ['-p', String(process.pid)]).length > 0;
  } catch {
    return false;
  }
};

describe('the process table', () => {
  test('knows the command of this process, and the same start each time', async () => {
    const facts = await findProcess(process.pid);
    expect(facts?.command).toContain('node');
    expect(await findProcess(process.pid)).toEqual(facts);
  });

  test('has no entry for a process that has ended', async () => {
    expect(await findProcess(endedPid())).toBeNull();
  });

  test('counts a process that nobody has collected as ended', async () => {
    // The shell becomes a program that never collects the child that the shell had started, and stays for as long as it is needed.
    const script =
      'sleep 0 & pid=$!; exec node -e "setInterval(() => {}, 1000); process.stdout.write(process.argv[1])" $pid';
    const parent = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void parent.kill());
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8'), { timeout: 10_000 }).toContain(') Z ');
    expect(await findProcess(pid)).toBeNull();
  });

  test.runIf(hasPs())('reads the same from ps, where there is no /proc', async () => {
    const facts = await fromPs(process.pid);
    expect(facts?.start).toMatch(/^\w{3} \w{3} \d+ \d\d:\d\d:\d\d \d{4}$/);
    expect(facts?.command).toContain('node');
    expect(await fromPs(endedPid())).toBeNull();
  });
});
