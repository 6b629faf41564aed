import type { TestApp } from './test-app.ts';
import type { Answer } from './test-client.ts';

/** One line of the audit log, as tests compare it. */
interface AuditLine {
  readonly action: string;
  readonly result: string;
  readonly actor_id: string | null;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What was recorded while something ran, sorted by action and by type. */
interface Records {
  readonly audit: readonly AuditLine[];
  readonly events: readonly { readonly type: string; readonly payload: Readonly<Record<string, unknown>> }[];
}

/** Runs `work` and gives the audit lines and outbox events that it left. */
export const recording = async <T>(app: TestApp, work: () => Promise<T>): Promise<[T, Records]> => {
  const known = await app.database.query<{ id: string }>(
    'select id from audit_events union all select id from outbox_events',
  );
  const ids = known.map((row) => row.id);
  const result = await work();
  const audit = await app.database.query<AuditLine>(
    `select action, result, actor_id, target_type, target_id, metadata from audit_events
     where id <> all($1::uuid[]) and action <> 'operation.denied' order by action, id`,
    [ids],
  );
  const events = await app.database.query<Records['events'][number]>(
    'select type, payload from outbox_events where id <> all($1::uuid[]) order by type, id',
    [ids],
  );
  return [result, { audit, events }];
};

/** What sign-in and its tokens are made of; marks of use and counters left aside. */
const SIGN_IN_STATE = {
  users: 'id, status, status_reason, password_change_required, email_verified_at, last_sign_in_at, version',
  identifiers: '*',
  credentials: '*',
  memberships: '*',
  sessions: 'id, user_id, ended_at, end_reason, refresh_hash, refresh_generation, authenticated_at',
  one_time_tokens: '*',
  outbox_events: 'id',
  permission_epoch: '*',
} as const;

/** The state that a refused sign-in must leave as it was, as text to compare. */
export const signInState = async (app: TestApp): Promise<Readonly<Record<string, string>>> => {
  const entries = Object.entries(SIGN_IN_STATE).map(async ([table, columns]) => {
    const rows = await app.database.query(`select ${columns} from ${table} order by 1`);
    return [table, JSON.stringify(rows)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
};

/** Number of SQL statements that `work` sends. */
export const statementsOf = async (app: TestApp, work: () => Promise<unknown>): Promise<number> => {
  const before = app.database.statements.count;
  await work();
  return app.database.statements.count - before;
};

interface SetCookie {
  /** `name=value`, as a browser sends it back. */
  readonly pair: string;
  readonly name: string;
  readonly value: string;
  readonly attributes: readonly string[];
}

/** The one session cookie that an answer sets; with 'device' the one that recognises the device. */
export const cookieOf = (
  answer: Pick<Answer<unknown>, 'headers'>,
  which: 'session' | 'device' = 'session',
): SetCookie => {
  const isDevice = (cookie: string): boolean => /^(?:__Host-)?gatehouse-device=/.test(cookie);
  const all = answer.headers.getSetCookie();
  const [text = '', ...others] = all.filter((cookie) => isDevice(cookie) === (which === 'device'));
  if (text === '' || others.length > 0) throw new Error('The answer sets no such cookie, or several.');
  const [pair = '', ...attributes] = text.split('; ');
  const at = pair.indexOf('=');
  return { pair, name: pair.slice(0, at), value: pair.slice(at + 1), attributes };
};

/** Header and claims of a JWT, unverified. */
export const jwtParts = (token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } => {
  const [header = '', claims = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
  return { header: read(header), claims: read(claims) };
};
