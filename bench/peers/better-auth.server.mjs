/*
 * better-auth as its documentation sets it up for e-mail and password with administrators, on PostgreSQL, with its defaults but for
 * limits of requests. It is not among our dependencies: bench/peers.ts runs a copy of this file in a folder where it is installed.
 */
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { admin } from 'better-auth/plugins';
import { Pool } from 'pg';

const options = {
  baseURL: process.env.BASE_URL,
  secret: process.env.PEER_SECRET,
  database: new Pool({ connectionString: process.env.DATABASE_URL }),
  emailAndPassword: { enabled: true },
  plugins: [admin()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
createServer(toNodeHandler(betterAuth(options))).listen(Number(process.env.PORT), '127.0.0.1');
