import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProcess } from '../../../src/database/embedded/process-table.ts';
import { ask, build, Place, type ServerProcess } from './server-process.ts';

let place: Place;
beforeAll(build);
beforeEach(() => {
  place = new Place();
});
afterEach(() => place.remove());

const postmasterFile = (): string => join(place.dataDirectory, 'postgres', 'postmaster.pid');
const postmasterPid = (): number => Number.parseInt(readFileSync(postmasterFile(), 'utf8'), 10);

const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (let waited = 0; waited < 20_000; waited += 50) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`Not within 20 seconds: ${what}`);
};

/** Hashes that take the better part of a second each, so that sign-ins are under way when the signal comes; on a busy machine, many. */
const SLOW_HASHES = { PASSWORD_MEMORY_KIB: '131072', PASSWORD_ITERATIONS: '4', SHUTDOWN_GRACE: '1m' };

/** Of one name after the other: those of one account take turns. */
const guess = (server: ServerProcess, index = 0): Promise<Record<string, unknown>> =>
  ask(server, 'mutation In($input: SignInInput!) { signIn(input: $input) { errors { code } } }', {
    input: { identifier: `nobody-${index}@process.example`, password: 'a guess', delivery: 'BODY' },
  });

/** Waits until so many guesses are being looked at. */
const guessesUnderWay = (server: ServerProcess, count: number): Promise<void> =>
  until(`${count} hashes`, async () => {
    const figures = await (await fetch(`${server.url}/metrics`)).text();
    const of = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(figures)?.[1] ?? Number.NaN);
    return of('gatehouse_password_hashes_running') + of('gatehouse_password_hashes_waiting') === count;
  });

const REFUSED = { signIn: { errors: [{ code: 'INVALID_CREDENTIALS' }] } };

/** The status of /readyz once the server says that it is ready. */
const readiness = async (server: ServerProcess): Promise<number> => {
  await server.ready();
  return (await fetch(`${server.url}/readyz`)).status;
};

describe('a signal to stop', () => {
  test('lets sign-ins under way finish, takes no new ones, stops PostgreSQL and ends with code 0', async () => {
    const server = await place.start(SLOW_HASHES);
    await server.ready();
    const pid = postmasterPid();
    const underWay = Promise.all(Array.from({ length: 4 }, (_unused, index) => guess(server, index)));
    await guessesUnderWay(server, 4);
    const ended = server.stop();
    for (const data of await underWay) expect(data).toEqual(REFUSED);
    expect(await ended).toEqual({ code: 0, signal: null });
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow('fetch failed');
    expect(await findProcess(pid)).toBeNull();
    expect(existsSync(postmasterFile())).toBe(false);
    expect(server.out()).toContain('"msg":"stopping"');
    expect(server.out()).toContain('"msg":"stopped"');
  });

  test.each(['SIGINT', 'SIGHUP', 'SIGTERM'] as const)('%s twice within a second is one wish', async (signal) => {
    const server = await place.start(SLOW_HASHES);
    await server.ready();
    const underWay = guess(server);
    await guessesUnderWay(server, 1);
    server.child.kill(signal);
    await sleep(50);
    server.child.kill(signal);
    expect(await underWay).toEqual(REFUSED);
    expect((await server.ended).code).toBe(0);
    expect(existsSync(postmasterFile())).toBe(false);
  });

  test('SIGHUP begins a log file anew that was moved away, and stops nothing', async () => {
    const server = await place.start({ LOG_FILE: 'logs/gatehouse.log' });
    await server.ready();
    const [file, moved] = ['gatehouse.1.log', 'moved.log'].map((name) => join(place.directory, 'logs', name));
    if (file === undefined || moved === undefined) throw new Error('There are two names.');
    const leaveALine = async (id: string): Promise<void> => {
      await fetch(`${server.url}/nowhere`, { headers: { 'x-request-id': id } });
    };
    const holds = async (path: string, id: string): Promise<void> => {
      await until(`${id} in ${path}`, () => existsSync(path) && readFileSync(path, 'utf8').includes(id));
    };
    await leaveALine('before-the-move');
    await holds(file, 'before-the-move');
    renameSync(file, moved);
    server.child.kill('SIGHUP');
    await until('a new file', () => existsSync(file));
    await leaveALine('after-the-move');
    await holds(file, 'after-the-move');
    expect(readFileSync(moved, 'utf8')).not.toContain('after-the-move');
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });

  test('cuts off what takes longer than the grace, and still stops in order', async () => {
    const server = await place.start({ SHUTDOWN_GRACE: '1s' });
    await server.ready();
    // a body that never arrives in full
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    );
    await sleep(200);
    expect((await server.stop()).code).toBe(0);
    expect(existsSync(postmasterFile())).toBe(false);
    socket.destroy();
  });

  test('sent to `npm start` reaches the server behind it', async () => {
    const server = await place.npmStart();
    await server.ready();
    const pid = postmasterPid();
    server.child.kill('SIGTERM');
    await server.ended;
    const served = async (): Promise<boolean> => (await fetch(`${server.url}/healthz`).catch(() => null)) !== null;
    await expect.poll(served, { timeout: 20_000 }).toBe(false);
    await expect.poll(() => findProcess(pid), { timeout: 20_000 }).toBeNull();
  });

  test('while it starts leaves nothing running', async () => {
    const server = await place.start();
    await until('PostgreSQL runs', () => existsSync(postmasterFile()));
    const pid = postmasterPid();
    await server.stop();
    await until('PostgreSQL is stopped', async () => (await findProcess(pid)) === null);
    const again = await place.start();
    expect(await readiness(again)).toBe(200);
  });
});

describe('a start after the worst', () => {
  test('of kill -9 finds all data, and no second PostgreSQL', async () => {
    const first = await place.start();
    await first.ready();
    const accounts = readFileSync(join(place.dataDirectory, 'development-accounts.txt'), 'utf8');
    const pid = postmasterPid();
    expect(await first.stop('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' });
    const second = await place.start();
    expect(await readiness(second)).toBe(200);
    expect(postmasterPid()).not.toBe(pid);
    expect(await findProcess(pid)).toBeNull();
    const [, email = '', password = ''] = /^(\S+@\S+)\s+(\S+)/m.exec(accounts) ?? [];
    const data = await ask(second, 'mutation In($input: SignInInput!) { signIn(input: $input) { step } }', {
      input: { identifier: email, password, delivery: 'BODY' },
    });
    expect(data).toEqual({ signIn: { step: 'COMPLETE' } });
  });

  test('passes over lock files that processes long gone left behind', async () => {
    const first = await place.start();
    await first.ready();
    const lock = readFileSync(postmasterFile(), 'utf8');
    const owner = readFileSync(join(place.dataDirectory, 'postgres.owner'), 'utf8');
    await first.stop();
    writeFileSync(postmasterFile(), lock);
    writeFileSync(join(place.dataDirectory, 'postgres.owner'), owner);
    const second = await place.start();
    expect(await readiness(second)).toBe(200);
  });

  test('of its database ends with code 1 and says so, for whoever starts it again', async () => {
    const server = await place.start();
    await server.ready();
    process.kill(postmasterPid(), 'SIGKILL');
    expect((await server.ended).code).toBe(1);
    expect(server.err()).toMatch(/^Gatehouse cannot run: .*PostgreSQL/m);
    const again = await place.start();
    expect(await readiness(again)).toBe(200);
  });
});
