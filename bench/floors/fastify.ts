import { randomUUIDv7 } from 'node:crypto';
import { verify } from 'argon2';
import { fastify } from 'fastify';
import { Pool } from 'pg';
import {
  accountByEmail,
  createUser,
  listWithGroups,
  rotateSession,
  startSession,
  viewerBySession,
} from './statements.ts';
import { FloorTokens, hashOf, opaqueToken, settings } from './tokens.ts';

/*
 * The floor: what the same work costs with nothing around it. Fastify, one hand-written statement, jose, the portable argon2.
 * No validation, no audit, no lock-out, no permissions.
 */
const pool = new Pool({ connectionString: settings.databaseUrl, max: 10 });
const tokens = await FloorTokens.of(settings.key);
const app = fastify();

/** No more hashes at once than cores, as anybody who measured would do it: more only push each other out of the caches. */
const waiting: (() => void)[] = [];
let running = 0;
const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
  if (running >= settings.hashes) await new Promise<void>((resolve) => void waiting.push(resolve));
  else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
};

const inAWeek = (): Date => new Date(Date.now() + 7 * 86_400_000);

app.get('/readyz', async () => {
  await pool.query('select 1');
  return { status: 'OK' };
});

app.post<{ Body: { email: string; password: string } }>('/sign-in', async (request, reply) => {
  const { rows } = await pool.query<{ id: string; secret: string }>(accountByEmail, [request.body.email]);
  const [account] = rows;
  if (account === undefined || !(await inTurn(() => verify(account.secret, request.body.password)))) {
    return reply.code(401).send({ error: 'INVALID_CREDENTIALS' });
  }
  const sessionId = randomUUIDv7();
  const refresh = opaqueToken();
  await pool.query(startSession, [sessionId, account.id, refresh.hash, inAWeek()]);
  return { accessToken: await tokens.sign(account.id, sessionId), refreshToken: refresh.text };
});

app.post<{ Body: { refreshToken: string } }>('/refresh', async (request, reply) => {
  const refresh = opaqueToken();
  const { rows } = await pool.query<{ id: string; user_id: string }>(rotateSession, [
    hashOf(request.body.refreshToken),
    refresh.hash,
    inAWeek(),
    new Date(),
  ]);
  const [session] = rows;
  if (session === undefined) return reply.code(401).send({ error: 'TOKEN_INVALID' });
  return { accessToken: await tokens.sign(session.user_id, session.id), refreshToken: refresh.text };
});

interface ViewerRow {
  readonly id: string;
  readonly email: string;
  readonly display_name: string;
  readonly status: string;
  readonly groups: readonly string[];
}

app.get('/viewer', async (request, reply) => {
  const remember = request.headers['x-remember'] !== undefined;
  const sessionId = await tokens.sessionOf(request.headers.authorization, remember);
  const { rows } = await pool.query<ViewerRow>(viewerBySession, [sessionId, new Date()]);
  const [user] = rows;
  if (user === undefined) return reply.code(401).send({ error: 'UNAUTHENTICATED' });
  return { id: user.id, email: user.email, displayName: user.display_name, status: user.status, groups: user.groups };
});

app.get('/users', async (request) => {
  await tokens.sessionOf(request.headers.authorization, true);
  const { rows } = await pool.query(listWithGroups, [100]);
  return rows;
});

app.post<{ Body: { email: string; displayName: string; groupId: string } }>('/users', async (request) => {
  await tokens.sessionOf(request.headers.authorization, request.headers['x-remember'] !== undefined);
  const { email, displayName, groupId } = request.body;
  const { rows } = await pool.query(createUser, [
    randomUUIDv7(),
    displayName,
    email,
    new Date(),
    randomUUIDv7(),
    randomUUIDv7(),
    groupId,
  ]);
  return rows[0];
});

process.once('SIGTERM', () => {
  void app.close().then(() => pool.end());
});
await app.listen({ host: '127.0.0.1', port: settings.port });
