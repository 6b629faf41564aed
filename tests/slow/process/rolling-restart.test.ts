import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from '../../../src/database/database.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type RunningSmtpServer, startSmtpServer } from '../../support/smtp-server.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { type BalancingProxy, startBalancingProxy } from './balancing-proxy.ts';
import { ask, build, freePort, Place, type ServerProcess } from './server-process.ts';

const PASSWORD = 'correct horse battery staple';
const masterKeys = `v1:${randomBytes(32).toString('base64')}`;
const CLIENTS = 6;
const ROTATION_MS = 1500;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let mail: RunningSmtpServer;
let place: Place;
let proxy: BalancingProxy;
const replicas: ServerProcess[] = [];
const ports: string[] = [];

const lines: string[] = [];
const began = performance.now();
const note = (line: string): void => {
  lines.push(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
};

const start = async (index: number): Promise<ServerProcess> => {
  const server = await place.start({
    PORT: ports[index] ?? '',
    DATABASE_URL: database.url,
    MASTER_KEYS: masterKeys,
    RATE_LIMITS: 'false',
    SHUTDOWN_DELAY: '1s',
    TRUSTED_PROXIES: '127.0.0.0/8',
    BASE_URL: 'https://id.example.org',
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(mail.port),
    SMTP_TLS: 'none',
    SMTP_FROM: 'id@example.org',
  });
  replicas[index] = server;
  await server.ready();
  return server;
};

const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`Not within 30 seconds: ${what}`);
};

beforeAll(async () => {
  build();
  place = new Place();
  database = await createTestDatabase();
  mail = await startSmtpServer();
  ports.push(String(await freePort()), String(await freePort()));
  await start(0);
  await start(1);
  proxy = await startBalancingProxy(replicas.map(({ url }) => url));
});

afterAll(async () => {
  await proxy.close();
  await place.remove();
  await mail.close();
  await database.drop();
});

interface Tally {
  readonly reads: number[];
  signIns: number;
  refreshes: number;
  readonly invited: string[];
  readonly wrong: unknown[];
}

/** What one person's programs do all the time: read, refresh, sign in, and an administrator invites. */
const client = async (number: number, tokens: { accessToken: string }, tally: Tally, goesOn: () => boolean) => {
  const server = { url: proxy.url };
  const held = { access: '', refresh: '' };
  const expectThat = (held_: boolean, what: unknown): void => {
    if (!held_) tally.wrong.push(what);
  };
  for (let round = 0; goesOn(); round += 1) {
    if (round % 20 === 0) {
      const input = { identifier: 'first@rolling.example', password: PASSWORD, delivery: 'BODY' };
      const data = await ask(
        server,
        'mutation($input: SignInInput!) { signIn(input: $input) { step tokens { accessToken refreshToken } } }',
        { input },
      );
      const answer = data?.['signIn'] as
        | { tokens: { accessToken: string; refreshToken: string } | null }
        | null
        | undefined;
      expectThat(answer?.tokens != null, data);
      Object.assign(held, { access: answer?.tokens?.accessToken, refresh: answer?.tokens?.refreshToken });
      tally.signIns += 1;
    } else if (round % 20 === 10) {
      const data = await ask(
        server,
        'mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { tokens { accessToken refreshToken } } }',
        {
          input: { refreshToken: held.refresh },
        },
      );
      const answer = data?.['refreshSession'] as
        | { tokens: { accessToken: string; refreshToken: string } | null }
        | null
        | undefined;
      expectThat(answer?.tokens != null, data);
      Object.assign(held, { access: answer?.tokens?.accessToken, refresh: answer?.tokens?.refreshToken });
      tally.refreshes += 1;
    } else if (round % 20 === 15) {
      const email = `invited-${number}-${round}@rolling.example`;
      const data = await ask(
        server,
        'mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { code } } }',
        { input: { email, displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID] } },
        { authorization: `Bearer ${tokens.accessToken}` },
      );
      const answer = data?.['createUser'] as { user: object | null } | null | undefined;
      expectThat(answer?.user != null, data);
      tally.invited.push(email);
    } else {
      const at = performance.now();
      const data = await ask(server, '{ viewer { user { email } } }', {}, { authorization: `Bearer ${held.access}` });
      expectThat(JSON.stringify(data) === '{"viewer":{"user":{"email":"first@rolling.example"}}}', data);
      tally.reads.push(performance.now() - at);
    }
  }
};

const restart = async (index: number): Promise<void> => {
  const name = `replica ${index + 1}`;
  const before = replicas[index];
  note(`${name}: SIGTERM`);
  const ended = before?.stop();
  await until(`${name} is taken out`, () => !proxy.isHealthy(index));
  note(`${name}: /readyz says 503, the proxy sends it nothing new`);
  const { code } = (await ended) ?? { code: null };
  note(`${name}: ended with code ${code}`);
  expect(code).toBe(0);
  await start(index);
  await until(`${name} is back`, () => proxy.isHealthy(index));
  note(`${name}: started again, ready`);
};

test('no request fails while two replicas are restarted in turn under load, and no mail is lost', async () => {
  const [first] = replicas;
  const token = /setUpFirstAdmin token: (ghs_\w+)/.exec(first?.out() ?? '')?.[1] ?? 'none';
  const made = await ask(
    { url: proxy.url },
    'mutation($input: SetUpFirstAdminInput!) { setUpFirstAdmin(input: $input) { tokens { accessToken } errors { code } } }',
    {
      input: {
        setupToken: token,
        email: 'first@rolling.example',
        displayName: 'First',
        password: PASSWORD,
        delivery: 'BODY',
      },
    },
  );
  const { tokens } = made['setUpFirstAdmin'] as { tokens: { accessToken: string } };
  const tally: Tally = { reads: [], signIns: 0, refreshes: 0, invited: [], wrong: [] };
  let goesOn = true;
  note(`${CLIENTS} clients begin, through the proxy`);
  const load = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number, tokens, tally, () => goesOn)));
  try {
    await sleep(ROTATION_MS);
    await restart(0);
    await sleep(ROTATION_MS);
    await restart(1);
    await sleep(ROTATION_MS);
  } finally {
    goesOn = false;
    await load;
  }
  const total = tally.reads.length + tally.signIns + tally.refreshes + tally.invited.length;
  const sorted = tally.reads.toSorted((a, b) => a - b);
  note(
    `${total} requests: ${tally.reads.length} reads, ${tally.signIns} sign-ins, ${tally.refreshes} refreshes, ${tally.invited.length} invitations`,
  );
  note(
    `reads: p50 ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)} ms, p99 ${sorted[Math.floor(sorted.length * 0.99)]?.toFixed(0)} ms, longest ${sorted.at(-1)?.toFixed(0)} ms`,
  );
  note(`failed: ${tally.wrong.length} of the clients, ${proxy.failures.length} between proxy and replicas`);
  expect([tally.wrong, proxy.failures]).toEqual([[], []]);
  expect(Math.min(...proxy.served())).toBeGreaterThan(20);
  expect(tally.signIns).toBeGreaterThan(CLIENTS);

  const rows = await Database.connect({ url: database.url, poolSize: 1 });
  try {
    const open = `select from messages where state = 'QUEUED'`;
    await until('every mail is sent', async () => (await rows.query(open)).length === 0);
    const states = await rows.query<{ state: string }>('select distinct state from messages');
    expect(states).toEqual([{ state: 'SENT' }]);
  } finally {
    await rows.close();
  }
  const recipients = new Set(mail.received.flatMap(({ to }) => to));
  expect(tally.invited.filter((email) => !recipients.has(email))).toEqual([]);
  note(`${tally.invited.length} invitations were mailed`);
  const transcript = process.env['ROLLING_RESTART_TRANSCRIPT'];
  if (transcript !== undefined) writeFileSync(transcript, `${lines.join('\n')}\n`);
});
