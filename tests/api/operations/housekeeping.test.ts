import { describe, expect, test } from 'vitest';
import { RefreshSessionDocument } from '../../../generated/client/graphql.ts';
import { LeaseService } from '../../../src/services/lease.service.ts';
import { startBackground, stopBackground } from '../../../src/start/background.ts';
import { makePerson, signIn } from '../../support/cast.ts';
import { holdLock, waitForLock } from '../../support/locks.ts';
import { addDevices, addSessions } from '../../support/sessions.ts';
import { useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;

describe('housekeeping', () => {
  const app = useTestApp();

  test('ends sessions whose time is over, by idleness or by the absolute limit, and leaves living ones', async () => {
    await makePerson(app(), { email: 'idle@example.com' });
    await makePerson(app(), { email: 'busy@example.com' });
    const idle = await signIn(app(), 'idle@example.com');
    let { refreshToken } = await signIn(app(), 'busy@example.com');
    for (let week = 0; week < 4; week += 1) {
      app().clock.advance(6 * DAY);
      const { data } = await app().anonymous().send(RefreshSessionDocument, { input: { refreshToken } });
      refreshToken = data.refreshSession?.tokens?.refreshToken ?? '';
    }
    expect(await app().services.housekeeping.run()).toBe(true);
    const rows = await app().database.query<{ end_reason: string | null; user_id: string }>(
      'select end_reason, user_id from sessions order by created_at',
    );
    expect(rows.find((row) => row.user_id === idle.id)?.end_reason).toBe('IDLE');
    expect(rows.find((row) => row.user_id !== idle.id)?.end_reason).toBeNull();
    app().clock.advance(7 * DAY);
    await app().services.housekeeping.run();
    const ended = await app().database.query<{ end_reason: string }>(
      'select end_reason from sessions where user_id <> $1',
      [idle.id],
    );
    expect(ended).toEqual([{ end_reason: 'EXPIRED' }]);
  });

  test('removes idempotency keys after their day and used-up tokens after a month', async () => {
    const now = app().clock.now().toISOString();
    await app().database.query(
      `insert into idempotency_keys (actor_id, mutation, key, input_hash, answer, created_at, expires_at)
       values (gen_random_uuid(), 'createUser', 'old', '\\x00', '{}', $1, $1::timestamptz - interval '1 s'),
              (gen_random_uuid(), 'createUser', 'young', '\\x00', '{}', $1, $1::timestamptz + interval '1 h')`,
      [now],
    );
    await app().database.query(
      `insert into one_time_tokens (id, kind, selector, secret_hash, context, created_at, expires_at)
       values (gen_random_uuid(), 'SETUP', 'a', '\\x00', '{}', $1, $1::timestamptz - interval '31 days'),
              (gen_random_uuid(), 'SETUP', 'b', '\\x00', '{}', $1, $1::timestamptz - interval '29 days')`,
      [now],
    );
    await app().services.housekeeping.run();
    expect(await app().database.query('select key from idempotency_keys')).toEqual([{ key: 'young' }]);
    expect(await app().database.query('select selector from one_time_tokens')).toEqual([{ selector: 'b' }]);
  });

  test('forgets devices that were not used for a year, and keeps what they did', async () => {
    const id = await makePerson(app(), { email: 'devices@example.com' });
    const now = app().clock.now().getTime();
    const [old, young] = await addDevices(app(), id, 2);
    if (old === undefined || young === undefined) throw new Error('There are devices.');
    const [sessionId] = await addSessions(app(), id, 1, { deviceId: old, endedAt: app().clock.now() });
    const seen = async (device: string, days: number) =>
      app().database.query('update devices set last_seen_at = $2::timestamptz where id = $1', [
        device,
        new Date(now - days * DAY * 1000).toISOString(),
      ]);
    await seen(old, 365);
    await seen(young, 364);
    await app().services.housekeeping.run();
    const left = await app().database.query('select id from devices where user_id = $1', [id]);
    expect(left).toEqual([{ id: young }]);
    expect(await app().database.query('select device_id from sessions where id = $1', [sessionId])).toEqual([
      { device_id: null },
    ]);
  });

  test('makes the audit partitions of the months to come', async () => {
    app().clock.advance(200 * DAY);
    await app().services.housekeeping.run();
    const month = app().clock.now().toISOString().slice(0, 7).replace('-', '_');
    const names = await app().database.query<{ name: string }>(
      `select relid::text as name from pg_partition_tree('audit_events') where isleaf order by 1`,
    );
    expect(names.map(({ name }) => name)).toContain(`audit_events_${month}`);
    expect(names.filter(({ name }) => name > `audit_events_${month}` && name !== 'audit_events_default')).toHaveLength(
      3,
    );
  });

  test('runs in one replica at a time, and goes on elsewhere when its holder died', async () => {
    const { database, clock } = app();
    const first = new LeaseService({ database, clock });
    const second = new LeaseService({ database, clock });
    const taken = await Promise.all([first, second].map((leases) => leases.take('a job', 60)));
    expect(taken.filter((lease) => lease !== null)).toHaveLength(1);
    const [holder, other] = taken[0] === null ? [second, first] : [first, second];
    expect((await holder.take('a job', 60))?.fencing).toBe('1');
    expect(await other.take('a job', 60)).toBeNull();
    clock.advance(61);
    expect((await other.take('a job', 60))?.fencing).toBe('2');
    expect(await holder.take('a job', 60)).toBeNull();
    await other.release({ name: 'a job', fencing: '2' });
    expect((await holder.take('a job', 60))?.fencing).toBe('3');
  });

  test('does the rest when a part of it fails, says which part, and lets another replica try again', async () => {
    const { database, clock, log, services } = app();
    await database.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'too large'; end $$`,
    );
    await database.query('create trigger refuse before delete on idempotency_keys execute function refuse()');
    await database.query(
      `insert into one_time_tokens (id, kind, selector, secret_hash, context, created_at, expires_at)
       values (gen_random_uuid(), 'SETUP', 'old', '\\x00', '{}', $1, $1::timestamptz - interval '31 days')`,
      [clock.now().toISOString()],
    );
    expect(await services.housekeeping.run()).toBe(false);
    expect(await database.query(`select 1 from one_time_tokens where selector = 'old'`)).toEqual([]);
    expect(log.filter((line) => line.includes('housekeeping failed'))).toEqual([
      expect.stringMatching(/"parts":\["idempotencyKeys"\].*too large/),
    ]);
    expect(await new LeaseService({ database, clock }).take('housekeeping', 1)).not.toBeNull();
    // What fails again and again is an error that alerts see.
    for (let round = 2; round <= 3; round += 1) {
      clock.advance(300);
      expect(await services.housekeeping.run()).toBe(false);
    }
    const levels = log
      .filter((line) => line.includes('housekeeping failed'))
      .map((line) => JSON.parse(line) as { level: number; fingerprint?: string })
      .map(({ level, fingerprint }) => [level, fingerprint !== undefined]);
    expect(levels).toEqual([
      [40, false],
      [40, false],
      [50, true],
    ]);
    await database.query('drop trigger refuse on idempotency_keys');
    expect(await services.housekeeping.run()).toBe(true);
  });

  test.each<[string, string, string]>([
    [
      'a sign-up that is completed',
      `update users set status = 'PENDING', created_at = '2020-01-01' where id = $1`,
      `update users set status = 'ACTIVE' where id = $1`,
    ],
    [
      'a device that is used again',
      `update devices set last_seen_at = '2020-01-01' where user_id = $1`,
      `update devices set last_seen_at = '2100-01-01' where user_id = $1`,
    ],
    [
      'a session that is refreshed',
      `update sessions set expires_at = '2020-01-01' where user_id = $1`,
      `update sessions set expires_at = '2100-01-01' where user_id = $1`,
    ],
  ])('takes nothing away that it has to wait for and that is needed by then: %s', async (name, growsOld, comesBack) => {
    const { database, services } = app();
    const email = `${name.replaceAll(' ', '-')}@example.com`;
    const id = await makePerson(app(), { email });
    await signIn(app(), email);
    await database.query(growsOld, [id]);
    const held = holdLock(database, comesBack, [id]);
    await held.begun;
    const cleaning = services.housekeeping.run();
    await waitForLock(database);
    await held.release();
    await cleaning;
    expect(
      await database.query(
        `select u.status, s.ended_at, d.user_id = u.id as "hasDevice" from users u
         join sessions s on s.user_id = u.id left join devices d on d.id = s.device_id where u.id = $1`,
        [id],
      ),
    ).toEqual([{ status: 'ACTIVE', ended_at: null, hasDevice: true }]);
  });

  test('that waits for the database keeps nothing else from stopping in order', async () => {
    const { database, services } = app();
    const told: string[] = [];
    const held = holdLock(database, 'lock table idempotency_keys in access exclusive mode', []);
    await held.begun;
    services.housekeeping.start();
    await waitForLock(database);
    startBackground(services);
    const from = performance.now();
    try {
      await stopBackground(services, (_level, text) => void told.push(text));
      expect(performance.now() - from).toBeLessThan(8000);
      expect(told).toEqual([expect.stringContaining('does not stop in time')]);
      const [lease] = await database.query<{ held: boolean }>(
        `select expires_at > $1::timestamptz as held from leases where name = 'event-relay'`,
        [app().clock.now().toISOString()],
      );
      expect(lease?.held).toBe(false);
    } finally {
      await held.release();
    }
    await services.housekeeping.stop();
    const other = new LeaseService({ database, clock: app().clock });
    expect(await other.take('housekeeping', 1)).not.toBeNull();
    app().clock.advance(2);
  });
});

describe('housekeeping with AUDIT_RETENTION_MONTHS', () => {
  const app = useTestApp({ settings: { 'audit.retentionMonths': '2' } });

  /** Requests and impersonations that were over at these times, by what they say. */
  const addHistory = async (reason: string, overAt: Date): Promise<void> => {
    const { database } = app();
    const person = await makePerson(app(), { email: `${reason}@history.example` });
    const at = overAt.toISOString();
    await database.query(
      `insert into approval_requests (id, mutation, permission, input, state, reason, created_at, expires_at, decided_at)
       values (gen_random_uuid(), 'createUser', 'create:users', '{}', 'REJECTED', $1, $2, $2::timestamptz + interval '100 years', $2),
         (gen_random_uuid(), 'createUser', 'create:users', '{}', 'PENDING', $1, $2, $2, null)`,
      [reason, at],
    );
    await database.query(
      `insert into impersonations (id, actor_id, target_id, mode, reason, started_at, expires_at, ended_at, actor_session_id)
       values (gen_random_uuid(), $1, $1, 'READ_ONLY', $2, $3, $3, $4, gen_random_uuid())`,
      [person, reason, at, at],
    );
  };

  const reasonsIn = async (table: 'approval_requests' | 'impersonations') =>
    (await app().database.query<{ reason: string }>(`select distinct reason from ${table} order by 1`)).map(
      ({ reason }) => reason,
    );

  test('forgets decisions about access as long ago as the months of the log that go', async () => {
    const now = app().clock.now();
    const firstKept = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 2, 1);
    await addHistory('old', new Date(firstKept - 1));
    await addHistory('young', new Date(firstKept));
    expect(await app().services.housekeeping.run()).toBe(true);
    expect(await reasonsIn('approval_requests')).toEqual(['young']);
    expect(await reasonsIn('impersonations')).toEqual(['young']);
  });
});
