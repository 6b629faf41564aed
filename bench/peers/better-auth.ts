import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../../src/database/database.ts';
import { ADMIN, emailOf, PASSWORD } from '../dataset.ts';
import type { Request } from '../load.ts';
import { answers, type RunningServer, startServer } from '../server-process.ts';
import { root } from '../targets.ts';
import { ask, databaseBeside, lane, type Peer, request } from './peer.ts';

/** Users with the hash that it made for the first one. `$1` how many. */
const LOAD = `
with made as (
  insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role)
  select 'bench-' || n, 'User user' || n, 'user' || n || '@bench.example', true, now(), now(), 'user'
  from generate_series(0, $1::int - 1) n returning id
)
insert into account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
select m.id, m.id, 'credential', m.id, (select password from account where "providerId" = 'credential' limit 1), now(), now() from made m`;

const load = async (url: string, users: number): Promise<void> => {
  const database = await Database.connect({ url, poolSize: 1 });
  await database.query(LOAD, [users]);
  await database.query(`update "user" set role = 'admin' where email = $1`, [ADMIN]);
  await database.query('vacuum analyze');
  await database.close();
};

const signIn = ({ url: origin }: RunningServer, email: string): Request =>
  request('POST', '/api/auth/sign-in/email', { origin }, { email, password: PASSWORD });

/** Signs in, and keeps the cookies as a browser would. */
const cookieOf = async (server: RunningServer, email: string): Promise<Request['headers']> => {
  const { path, headers, body = '' } = signIn(server, email);
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  });
  const cookies = response.headers.getSetCookie().map((one) => one.split(';')[0]);
  return { cookie: cookies.join('; ') };
};

export const betterAuth: Peer = {
  name: 'better-auth',
  start: async (place) => {
    const { folder, users, work } = place;
    const url = await databaseBeside(place, 'better_auth');
    copyFileSync(join(root, 'bench/peers/better-auth.server.mjs'), join(folder, 'server.mjs'));
    const server = await startServer(
      {
        name: 'better-auth',
        command: [process.execPath, 'server.mjs'],
        cwd: folder,
        env: { NODE_ENV: 'production', DATABASE_URL: url, PEER_SECRET: randomBytes(32).toString('base64') },
        probe: (at) => answers(`${at}/api/auth/ok`),
      },
      work,
    );
    const first = { email: ADMIN, password: PASSWORD, name: 'Administrator' };
    await ask(server, request('POST', '/api/auth/sign-up/email', { origin: server.url }, first));
    await load(url, users);
    return server;
  },
  workload: async (server, users) => {
    const session = request('GET', '/api/auth/get-session', await cookieOf(server, emailOf(0)));
    const list = request('GET', '/api/auth/admin/list-users?limit=100', await cookieOf(server, ADMIN));
    let turn = 0;
    return {
      signIn: () => lane(() => signIn(server, emailOf((turn += 1) % users)), '"token":"'),
      session: () => lane(() => session, '"user0@bench.example"'),
      list: () => lane(() => list, '"users":[{'),
    };
  },
};
