import { SignInDocument, ViewerDocument } from '../../generated/client/graphql.ts';
import { type DeviceId, newId, parseId, type SessionId, type UserId } from '../../src/ids.ts';
import { PASSWORD } from './cast.ts';
import type { TestApp } from './test-app.ts';
import type { Answer, TestClient } from './test-client.ts';

/** A session begun over HTTP, and a client that is in it. */
export interface BegunSession {
  readonly client: TestClient;
  readonly id: SessionId;
  /** Empty with a cookie. */
  readonly refreshToken: string;
  /** The same client at another replica. */
  at(app: TestApp): TestClient;
}

/** Signs in by a program or browser of this name; a browser of another name is another device. */
export const beginSession = async (
  app: TestApp,
  identifier: string,
  by: { readonly userAgent?: string; readonly clientName?: string; readonly delivery?: 'BODY' | 'COOKIE' } = {},
): Promise<BegunSession> => {
  const { userAgent = 'node', clientName = null, delivery = 'BODY' } = by;
  const answer = await app
    .anonymous({ 'user-agent': userAgent })
    .send(SignInDocument, { input: { identifier, password: PASSWORD, delivery, client: { clientName } } });
  const tokens = answer.data.signIn?.tokens;
  const headers: Readonly<Record<string, string>> =
    delivery === 'COOKIE'
      ? { cookie: sessionCookieOf(answer), 'x-csrf-token': tokens?.csrfToken ?? '' }
      : { authorization: `Bearer ${tokens?.accessToken ?? ''}` };
  const at = (replica: TestApp): TestClient => replica.anonymous({ ...headers, 'user-agent': userAgent });
  const { data } = await at(app).send(ViewerDocument, {});
  const id = parseId<SessionId>(data.viewer?.session?.id ?? '');
  if (id === null) throw new Error(`${identifier} could not sign in: ${JSON.stringify(answer.data)}`);
  return { client: at(app), id, refreshToken: tokens?.refreshToken ?? '', at };
};

/** The session cookie among those that an answer sets, as a browser sends it back. */
const sessionCookieOf = (answer: Pick<Answer<unknown>, 'headers'>): string => {
  const pairs = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
  return pairs.find((pair) => /^(?:__Host-)?gatehouse=/.test(pair)) ?? '';
};

/** Whether the session of a client still lets it in. */
export const isAlive = async (client: TestClient): Promise<boolean> =>
  (await client.send(ViewerDocument, {})).data?.viewer != null;

/** Writes so many sessions of a user straight into the table, oldest first; nobody holds their secrets. */
export const addSessions = async (
  app: TestApp,
  userId: UserId,
  count: number,
  facts: { readonly deviceId?: DeviceId; readonly endedAt?: Date } = {},
): Promise<readonly SessionId[]> => {
  // Ids of the same millisecond come in any order.
  const ids = Array.from({ length: count }, () => newId<SessionId>()).toSorted();
  await app.database.query(
    `insert into sessions (id, user_id, device_id, sign_in_method, assurance_level, delivery, authenticated_at, ip_address,
       created_at, last_seen_at, expires_at, absolute_expires_at, ended_at, end_reason, cookie_selector, cookie_hash,
       refresh_generation)
     select id, $2, $3, 'PASSWORD', 'AAL1', 'COOKIE', $4::timestamptz, '203.0.113.7', $4::timestamptz, $4::timestamptz,
       $4::timestamptz + interval '7 days', $4::timestamptz + interval '30 days', $5::timestamptz,
       case when $5::timestamptz is null then null else 'SIGNED_OUT' end, id::text, '\\x00', 0
     from unnest($1::uuid[]) id`,
    [ids, userId, facts.deviceId ?? null, app.clock.now().toISOString(), facts.endedAt?.toISOString() ?? null],
  );
  return ids;
};

/** Writes so many devices of a user straight into the table, each used a second after the one before. */
export const addDevices = async (app: TestApp, userId: UserId, count: number): Promise<readonly DeviceId[]> => {
  const ids = Array.from({ length: count }, () => newId<DeviceId>());
  await app.database.query(
    `insert into devices (id, user_id, selector, secret_hash, name, fingerprint, first_seen_at, last_seen_at, last_ip_address)
     select id, $2, id::text, '\\x00', 'Device ' || n, id::text, $3::timestamptz,
       $3::timestamptz - make_interval(secs => 1000 - n), '203.0.113.7'
     from unnest($1::uuid[]) with ordinality as t(id, n)`,
    [ids, userId, app.clock.now().toISOString()],
  );
  return ids;
};
