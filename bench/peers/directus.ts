import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Database } from '../../src/database/database.ts';
import { emailOf, PASSWORD } from '../dataset.ts';
import type { Request } from '../load.ts';
import { answers, startServer } from '../server-process.ts';
import { ask, databaseBeside, lane, type Peer, request } from './peer.ts';

/** Its check of addresses wants a domain that there is. */
const ADMIN = 'admin@example.com';

/** Users with the hash that it made for the first one. `$1` how many. */
const LOAD = `
insert into directus_users (id, first_name, email, password, status, provider)
select gen_random_uuid(), 'User user' || n, 'user' || n || '@bench.example', (select password from directus_users limit 1), 'active', 'default'
from generate_series(0, $1::int - 1) n`;

const load = async (url: string, users: number): Promise<void> => {
  const database = await Database.connect({ url, poolSize: 1 });
  await database.query(LOAD, [users]);
  await database.query('vacuum analyze');
  await database.close();
};

const graphql = (query: string, headers: Request['headers'] = {}): Request =>
  request('POST', '/graphql/system', headers, { query });

const signIn = (email: string): Request =>
  graphql(`mutation { auth_login(email: "${email}", password: "${PASSWORD}") { access_token refresh_token } }`);

const ready = (url: string): Promise<boolean> => answers(`${url}/server/ping`);

const CLI = 'node_modules/directus/cli.js';

export const directus: Peer = {
  name: 'directus',
  start: async (place) => {
    const { folder, users, work } = place;
    const url = await databaseBeside(place, 'directus');
    const env = {
      NODE_ENV: 'production',
      DB_CLIENT: 'pg',
      DB_CONNECTION_STRING: url,
      SECRET: randomBytes(32).toString('hex'),
      ADMIN_EMAIL: ADMIN,
      ADMIN_PASSWORD: PASSWORD,
      HOST: '127.0.0.1',
      TELEMETRY: 'false',
      LOG_LEVEL: 'error',
      // Else it answers 503 under the load that is to be measured.
      PRESSURE_LIMITER_ENABLED: 'false',
    };
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'bootstrap'], {
      cwd: folder,
      env: { ...process.env, ...env },
    });
    if (status !== 0) throw new Error(`Directus makes no database: ${stderr.toString().slice(-2000)}`);
    await load(url, users);
    return startServer(
      { name: 'directus', command: [process.execPath, CLI, 'start'], cwd: folder, env, probe: ready },
      work,
    );
  },
  workload: async (server, users) => {
    const { text } = await ask(server, signIn(ADMIN));
    const token = /"access_token":"([^"]+)"/.exec(text)?.[1];
    if (token === undefined) throw new Error(`No token in ${text.slice(0, 300)}`);
    const headers = { authorization: `Bearer ${token}` };
    const session = graphql('{ users_me { id email first_name status role { name } } }', headers);
    const list = graphql('{ users(limit: 100) { id email first_name status last_access } }', headers);
    let turn = 0;
    return {
      signIn: () => lane(() => signIn(emailOf((turn += 1) % users)), '"refresh_token":"'),
      session: () => lane(() => session, `"${ADMIN}"`),
      list: () => lane(() => list, '"users":[{'),
    };
  },
};
