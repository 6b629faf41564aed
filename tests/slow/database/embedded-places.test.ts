import { execFileSync } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterOf, embeddedFixture, type Fixture, query } from '../../unit/database/embedded-fixture.ts';

const isRoot = process.getuid?.() === 0;
const rejection = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'succeeded', String);

let fixture: Fixture;
let directory: string;
beforeEach(async () => {
  fixture = await embeddedFixture();
  await chmod(fixture.directory, 0o711);
  directory = join(fixture.directory, 'home/data');
});
afterEach(async () => {
  await fixture.dispose();
});

describe('the place of the embedded PostgreSQL', () => {
  test('is made with its parents, closed to other users', async () => {
    const server = await fixture.start({ directory });
    expect((await stat(join(directory, 'postgres'))).mode & 0o777).toBe(0o700);
    expect((await stat(directory)).mode & 0o007).toBe(0);
    await server.stop();
  });

  test.runIf(isRoot)(
    'is a refuge, always the same, when root starts it in a home that is closed to others',
    async () => {
      await mkdir(dirname(directory));
      await chmod(fixture.directory, 0o711);
      await chmod(dirname(directory), 0o700);
      const first = await fixture.start({ directory });
      const cluster = await clusterOf(first.url);
      const refuge = dirname(cluster);
      try {
        expect(cluster).toMatch(/^\/var\/(?:lib|tmp)\/gatehouse\/[0-9a-f]{24}\/postgres$/);
        expect((await readFile(join(directory, 'postgres.location'), 'utf8')).trim()).toBe(refuge);
        expect(fixture.logged).toContainEqual(
          expect.objectContaining({ details: { dataDirectory: directory, cluster } }),
        );
        expect((await stat(cluster)).mode & 0o777).toBe(0o700);
        await query(first.url, "create table note as select 'kept' as text");
        expect(await rejection(fixture.start({ directory }))).toContain('already belongs to this process');
        await first.stop();
        // Opening the home later does not lose sight of the data.
        await chmod(dirname(directory), 0o755);
        const second = await fixture.start({ directory });
        expect(await clusterOf(second.url)).toBe(cluster);
        expect(await query(second.url, 'select text from note')).toEqual([{ text: 'kept' }]);
        await second.stop();
      } finally {
        await first.stop();
        await rm(refuge, { recursive: true, force: true });
      }
    },
  );

  test.runIf(isRoot)('is not looked for where a tampered record points', async () => {
    await mkdir(directory, { recursive: true });
    for (const place of ['/etc', '/var/lib/gatehouse/../../../etc', '/tmp/0123456789abcdef01234567', '']) {
      await writeFile(join(directory, 'postgres.location'), place);
      expect(await rejection(fixture.start({ directory }))).toMatch(/does not name a place of the embedded PostgreSQL/);
    }
  });

  test.runIf(isRoot)('is not exchanged for an empty one when its home is closed later', async () => {
    await (await fixture.start({ directory })).stop();
    await chmod(dirname(directory), 0o700);
    expect(await rejection(fixture.start({ directory }))).toMatch(/can no longer enter .*chmod o\+x/);
  });

  test.runIf(isRoot)('keeps its owner when root starts what an ordinary user has made', async () => {
    await (await fixture.start({ directory })).stop();
    execFileSync('chown', ['-R', '12345:12345', join(directory, 'postgres')]);
    await chown(directory, 12_345, 12_345);
    const server = await fixture.start({ directory });
    expect((await lstat(join(directory, 'postgres/postmaster.pid'))).uid).toBe(12_345);
    await server.stop();
  });

  test.runIf(isRoot)('must not belong to root', async () => {
    await (await fixture.start({ directory })).stop();
    execFileSync('chown', ['-R', '0:0', join(directory, 'postgres')]);
    expect(await rejection(fixture.start({ directory }))).toMatch(
      /belongs to user 0 instead of 65534: run "chown -R 65534:65534/,
    );
  });

  test.runIf(isRoot)('being on a full disk is said in one line, and nothing half-made stays', async (context) => {
    await mkdir(directory, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=0711', 'tmpfs', directory], { stdio: 'ignore' });
    } catch {
      context.skip('This machine does not let us mount a small disk.');
    }
    try {
      const message = await rejection(fixture.start({ directory }));
      expect(message).toMatch(/could not create .*No space left on device.* The disk is full: free some space/);
      expect(message).not.toContain('\n');
      expect(execFileSync('ls', [directory], { encoding: 'utf8' }).trim()).toBe('postgres.password');
    } finally {
      execFileSync('umount', [directory]);
    }
  });
});
