import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SUPERUSER } from '../../../src/database/embedded/cluster.ts';
import { ask, build, freePort, Place, type ServerProcess } from './server-process.ts';

let place: Place;
beforeAll(build);
beforeEach(() => {
  place = new Place();
});
afterEach(() => place.remove());

const PASSWORD = 'correct horse battery staple';

const tokenOf = (server: ServerProcess): string => /setUpFirstAdmin token: (ghs_\w+)/.exec(server.out())?.[1] ?? 'none';

const setUp = async (server: ServerProcess, token: string): Promise<unknown> => {
  const data = await ask(
    server,
    `mutation Set($input: SetUpFirstAdminInput!) { setUpFirstAdmin(input: $input) { step errors { code } } }`,
    {
      input: {
        setupToken: token,
        email: 'first@process.example',
        displayName: 'First',
        password: PASSWORD,
        delivery: 'BODY',
      },
    },
  );
  return data['setUpFirstAdmin'];
};

const signIn = async (server: ServerProcess, identifier: string, password: string): Promise<unknown> => {
  const data = await ask(server, 'mutation In($input: SignInInput!) { signIn(input: $input) { step } }', {
    input: { identifier, password, delivery: 'BODY' },
  });
  return data['signIn'];
};

/** Lines that the logger wrote: everything else on standard output is for the person who looks on. */
const logLines = (server: ServerProcess): string =>
  server
    .out()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .join('\n');

describe('the build', () => {
  test('holds the migrations there are, and no other one, which would be applied', () => {
    const root = join(import.meta.dirname, '../../..');
    const named = (folder: string, ending: string): readonly string[] =>
      readdirSync(join(root, folder)).flatMap((file) => (file.endsWith(ending) ? [file.slice(0, -ending.length)] : []));
    expect(named('migrations', '.ts').length).toBeGreaterThan(10);
    expect(named('dist/migrations', '.js')).toEqual(named('migrations', '.ts'));
  });
});

describe('the first start', () => {
  test('prints a token that makes the first administrator, and says it no more when there is one', async () => {
    const first = await place.start();
    await first.ready();
    const token = tokenOf(first);
    expect(first.out()).toContain('Send it to ');
    // A link would lead to a page that is not served here.
    expect(first.out()).not.toContain('/playground#');
    expect(await setUp(first, token)).toEqual({ step: 'COMPLETE', errors: [] });
    expect(await setUp(first, token)).toMatchObject({ errors: [{ code: 'SETUP_ALREADY_DONE' }] });
    expect((await first.stop()).code).toBe(0);

    const second = await place.start();
    await second.ready();
    expect(second.out()).not.toContain('There is no administrator yet');
    expect(second.out()).not.toContain('ghs_');
    expect(await signIn(second, 'first@process.example', PASSWORD)).toEqual({ step: 'COMPLETE' });
  });

  test('takes any free port, says which, and is reached there: flags count, and win over the environment', async () => {
    const server = await place.start({ PORT: '4' }, ['--port', '0']);
    await server.ready();
    const [, address = '', port = ''] = /is ready at (http:\/\/localhost:(\d+))\/graphql/.exec(server.out()) ?? [];
    expect(Number(port)).toBeGreaterThan(1023);
    const keys = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`);
    expect([keys.status, address]).toEqual([200, `http://localhost:${port}`]);
  });

  test('makes accounts to try, whose passwords are readable by the owner of the data only', async () => {
    const server = await place.start();
    await server.ready();
    const file = join(place.dataDirectory, 'development-accounts.txt');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const accounts = [...readFileSync(file, 'utf8').matchAll(/^(\S+@\S+)\s+(\S+)/gm)].map(([, email, password]) => ({
      email,
      password,
    }));
    expect(accounts).toHaveLength(3);
    for (const { email = '', password = '' } of accounts)
      expect(await signIn(server, email, password)).toEqual({ step: 'COMPLETE' });
  });

  test('keeps secrets out of its log, at the most talkative level too', async () => {
    const server = await place.start({ LOG_LEVEL: 'trace' });
    await server.ready();
    const token = tokenOf(server);
    await setUp(server, token);
    await signIn(server, 'first@process.example', PASSWORD);
    await signIn(server, 'first@process.example', 'a wrong guess of a stranger');
    await ask(server, '{ viewer { user { id } } }', {}, { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.stolen' });
    await server.stop();
    const accounts = readFileSync(join(place.dataDirectory, 'development-accounts.txt'), 'utf8');
    const passwords = [...accounts.matchAll(/^\S+@\S+\s+(\S+)/gm)].map(([, password]) => password ?? '');
    const database = readFileSync(join(place.dataDirectory, 'postgres.password'), 'utf8').trim();
    const masterKey =
      readFileSync(join(place.dataDirectory, 'master.keys'), 'utf8').trim().split('\n').at(-1)?.split(':').at(-1) ?? '';
    const log = logLines(server) + server.err();
    for (const secret of [
      token,
      PASSWORD,
      'a wrong guess of a stranger',
      'e30.stolen',
      database,
      masterKey,
      ...passwords,
    ]) {
      expect(secret.length).toBeGreaterThan(5);
      expect(log).not.toContain(secret);
    }
    expect(log).toContain('request completed');
    expect(server.err()).not.toContain('DeprecationWarning');
    expect(server.err()).not.toContain('FSTDEP');
  });
});

describe('a start that cannot succeed ends with code 1 and one line that says what to do', () => {
  const failed = async (server: ServerProcess): Promise<string> => {
    const { code } = await server.ended;
    expect(code).toBe(1);
    expect(server.err()).not.toMatch(/^\s+at /m);
    return server.err().trim();
  };
  const line = async (server: ServerProcess): Promise<string> => {
    const text = await failed(server);
    expect(text.split('\n')).toHaveLength(1);
    expect(text).toMatch(/^Gatehouse cannot run: /);
    return text;
  };

  test('on a port that is taken, and the database it began is stopped', async () => {
    const first = await place.start();
    await first.ready();
    const other = new Place();
    try {
      const second = await other.start({ PORT: new URL(first.url).port });
      expect(await line(second)).toContain(
        'The port is taken by another program: stop it, or set PORT to another one.',
      );
      expect(existsSync(join(other.dataDirectory, 'postgres', 'postmaster.pid'))).toBe(false);
      expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    } finally {
      await other.remove();
    }
  });

  test('on data that another server uses, which goes on undisturbed', async () => {
    const first = await place.start();
    await first.ready();
    const second = await place.start();
    expect(await line(second)).toContain(place.dataDirectory);
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    expect(first.child.exitCode).toBeNull();
  });

  test('on a database that is not there, of another password, or of no name, without repeating the password', async () => {
    const first = await place.start();
    await first.ready();
    const port = readFileSync(join(place.dataDirectory, 'postgres.port'), 'utf8').trim();
    const password = readFileSync(join(place.dataDirectory, 'postgres.password'), 'utf8').trim();
    const closed = await freePort();
    const start = (DATABASE_URL: string): Promise<ServerProcess> => place.start({ DATABASE_URL });
    const refused = await line(await start(`postgresql://gatehouse:s3cret-word@127.0.0.1:${closed}/gatehouse`));
    expect(refused).toContain('Nobody listens at the address of the database');
    const wrong = await line(await start(`postgresql://gatehouse:s3cret-word@127.0.0.1:${port}/gatehouse`));
    expect(wrong).toContain('The database refuses the user or the password');
    const unknown = await line(await start(`postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/no_such_database`));
    expect(unknown).toContain('npm run cli -- migrate init');
    expect(refused + wrong + unknown).not.toContain('s3cret-word');
    expect(refused + wrong + unknown).not.toContain(password);
  });

  test('on a setting that nobody knows, with the one that may be meant', async () => {
    writeFileSync(join(place.directory, 'other.yaml'), 'server:\n  prot: 4000\n');
    const text = await failed(await place.start({}, ['--config', 'other.yaml']));
    expect(text).toContain('server.prot');
    expect(text).toContain('port');
  });

  test('on settings of the wrong form, all of them at once', async () => {
    const text = await failed(await place.start({ PORT: 'eighty', CORS_ORIGINS: '*', LOG_LEVEL: 'loud' }));
    for (const name of ['PORT', 'CORS_ORIGINS', 'LOG_LEVEL']) expect(text).toContain(name);
    expect(existsSync(place.dataDirectory)).toBe(false);
  });

  test('in production without its settings, naming everything that is missing', async () => {
    const text = await failed(await place.start({ APP_ENVIRONMENT: 'production' }));
    for (const name of ['DATABASE_URL', 'BASE_URL', 'MASTER_KEYS', 'METRICS_TOKEN']) expect(text).toContain(name);
    expect(existsSync(place.dataDirectory)).toBe(false);
  });
});
