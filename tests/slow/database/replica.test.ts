import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DatabaseReplica } from '../../../src/database/database-replica.ts';
import { type Position, positionOf, presentPosition } from '../../../src/database/position.ts';
import { KEY_MASTERS_GROUP_ID, MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey } from '../../support/api-keys.ts';
import type { Actor, Cast } from '../../support/cast.ts';
import { ask, fetchExport, jobOf } from '../../support/exports.ts';
import { figuresOf } from '../../support/figures.ts';
import { ReplicatedDatabase, withinFiveSeconds } from '../../support/replicated-database.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const CREATE = 'mutation ($name: String!) { createGroup(input: { name: $name }) { group { id } errors { code } } }';
const FIND = 'query ($name: String!) { groups(filter: { search: $name }) { nodes { id name } } }';

describe('lists by a replica', () => {
  let databases: ReplicatedDatabase;
  let app: TestApp;
  let second: TestApp;
  let cast: Cast;
  let admin: Actor;
  let made = 0;

  beforeAll(async () => {
    databases = await ReplicatedDatabase.start();
    const settings = { 'database.replicaStatementTimeoutSeconds': '1' };
    app = await startTestApp({ replicated: databases, settings });
    second = await startTestApp({ replicated: databases, settings, beside: app });
    cast = await app.cast();
    ({ admin } = cast);
  });
  afterAll(async () => {
    await second.close();
    await app.close();
    await databases.close();
  });

  const refusal = (): string | null | undefined => app.services.databaseReplica?.refusal;
  const isUsed = async (): Promise<void> => {
    // A commit ends the log at the end of a record: what reads tidied up may end it amidst of one, which no replica can replay yet.
    await app.database.query(`select pg_logical_emit_message(true, 'test', '')`);
    await withinFiveSeconds(() => refusal() === null);
  };

  /** What was sent where meanwhile. */
  const sentDuring = async (work: () => Promise<unknown>): Promise<{ primary: string[]; replica: string[] }> => {
    const sent = { primary: [] as string[], replica: [] as string[] };
    await app.services.activity.flush();
    const stop = [
      app.database.statements.record((text) => sent.primary.push(text)),
      app.replica?.statements.record((text) => sent.replica.push(text)),
    ];
    await work();
    for (const one of stop) one?.();
    return sent;
  };

  /** Makes a group by one gateway and looks for it by another one; the names that were found. */
  const changeAndLook = async (by: Actor, from: { run: Actor['run'] }): Promise<readonly unknown[]> => {
    const name = `Group number ${(made += 1)} of all`;
    const created = await by.run<{ createGroup: { errors: unknown[] } }>(CREATE, { name });
    expect([created.code, created.data.createGroup.errors]).toEqual(['OK', []]);
    const found = await from.run<{ groups: { nodes: { name: string }[] } }>(FIND, { name });
    return found.data.groups.nodes.filter((group) => group.name === name);
  };

  const bySecond = (): ReturnType<TestApp['anonymous']> =>
    second.anonymous({ authorization: `Bearer ${admin.accessToken}` });

  test('show each change of before, by whichever gateway, two hundred times in a row', async () => {
    await isUsed();
    const lane = async (from: () => { run: Actor['run'] }): Promise<number> => {
      let missed = 0;
      for (let round = 0; round < 100; round += 1) missed += (await changeAndLook(admin, from())).length === 1 ? 0 : 1;
      return missed;
    };
    const stop = databases.stutter();
    try {
      expect(await Promise.all([lane(bySecond), lane(() => admin)])).toEqual([0, 0]);
    } finally {
      await stop();
    }
    for (const one of [await figuresOf(app), await figuresOf(second)]) {
      expect(one.get('gatehouse_database_replica_reads_total{answered="replica",reason="none"}')).toBeGreaterThan(10);
    }
  });

  /** What is sent while the replica is in step: on a busy machine it may be late for a moment, and then the primary answers. */
  const sentInStep = async (work: () => Promise<void>): ReturnType<typeof sentDuring> => {
    for (let tries = 0; ; tries += 1) {
      await isUsed();
      const sent = await sentDuring(work);
      if (sent.primary.length === 1 || tries === 20) return sent;
    }
  };

  test.each([
    ['users', '{ users(first: 5) { nodes { id } totalCount } }'],
    ['groups', '{ groups(first: 5) { nodes { id } totalCount } }'],
    ['organizations', '{ organizations(first: 5) { nodes { id } totalCount } }'],
    ['audit events', '{ auditEvents(first: 5) { nodes { id } totalCount } }'],
    ['sessions', '{ sessions(first: 5) { nodes { id } totalCount } }'],
    ['mails', '{ mailDeliveries(first: 5) { nodes { id } totalCount } }'],
  ])('the %s cost the primary the authentication alone', async (_name, query) => {
    await isUsed();
    // The definitions of groups that another gateway made are read once.
    await admin.run(query);
    const sent = await sentInStep(async () => expect((await admin.run(query)).code).toBe('OK'));
    expect(sent.primary).toHaveLength(1);
    expect(sent.primary[0]).toContain('from sessions s join users u');
    // For page and total each: how far the replica is, and the list. Who waits a moment asks again.
    const [questions, lists] = [true, false].map((isQuestion) =>
      sent.replica.filter((text) => text.includes('pg_last_wal_replay_lsn') === isQuestion),
    );
    expect(questions?.length).toBeGreaterThanOrEqual(2);
    expect(lists).toHaveLength(2);
  });

  test('are read for programs with a key in the same way', async () => {
    const program = await makeKey(app, admin);
    await isUsed();
    await program.run('{ groups { nodes { id } } }');
    await app.services.apiKeyUse.flush();
    await isUsed();
    const sent = await sentInStep(async () =>
      expect((await program.run('{ users { nodes { id } } }')).code).toBe('OK'),
    );
    expect(sent.primary).toEqual([expect.stringContaining('from api_keys k join users u')]);
    expect(sent.replica.length).toBeGreaterThanOrEqual(2);
  });

  test('below a mutation are read from the primary, and so is what no list is', async () => {
    await isUsed();
    const changing = await sentDuring(() =>
      admin.run(
        `mutation { updateUser(input: { id: "${admin.id}", displayName: "Ada" }) { user { sessions { totalCount } auditEvents { totalCount } } } }`,
      ),
    );
    expect(changing.replica).toEqual([]);
    const deciding = await sentDuring(() =>
      admin.run(`{ viewer { user { email groups { name } } } user(id: "${admin.id}") { email } }`),
    );
    expect(deciding.replica).toEqual([]);
  });

  test('are refused at once to whoever lost the right, however late the replica is', async () => {
    const { reader } = cast;
    const change = (name: string, groupId: string) =>
      admin.run(
        `mutation ($id: ID!, $users: [ID!]!) { ${name}(input: { groupId: $id, userIds: $users }) { errors { code } } }`,
        { id: groupId, users: [reader.id] },
      );
    expect(await change('addGroupMembers', MEMBERS_GROUP_ID)).toMatchObject({ code: 'OK' });
    const list = () => reader.run<{ users: { nodes: unknown[] } | null }>('{ users { nodes { id } } }');
    await databases.onReplica('select pg_wal_replay_pause()');
    const before = (await list()).data.users?.nodes.length ?? 0;
    const removed = await change('removeGroupMembers', READ_ONLY_GROUP_ID);
    expect(removed).toMatchObject({ code: 'OK', data: { removeGroupMembers: { errors: [] } } });
    const after = (await list()).data.users?.nodes.length ?? 0;
    await databases.onReplica('select pg_wal_replay_resume()');
    expect([before > 1, after <= 1]).toEqual([true, true]);
  });

  test('come from the primary while the replay stands still, and soon again from the replica', async () => {
    await isUsed();
    await databases.onReplica('select pg_wal_replay_pause()');
    for (let round = 0; round < 10; round += 1) expect(await changeAndLook(admin, bySecond())).toHaveLength(1);
    expect(await changeAndLook(admin, admin)).toHaveLength(1);
    expect(refusal()).toBe('lag');
    const figures = await figuresOf(app);
    expect(figures.get('gatehouse_database_replica_up')).toBe(0);
    expect(figures.get('gatehouse_database_replica_lag_bytes')).toBeGreaterThan(0);
    expect(figures.get('gatehouse_database_replica_reads_total{answered="primary",reason="lag"}')).toBeGreaterThan(0);
    await databases.onReplica('select pg_wal_replay_resume()');
    await isUsed();
    expect((await figuresOf(app)).get('gatehouse_database_replica_up')).toBe(1);
  });

  test('an export holds what had happened before, read by the replica', async () => {
    await isUsed();
    await changeAndLook(admin, admin);
    const sent = await sentDuring(async () => {
      const job = await ask(cast.auditor, { format: 'CSV' });
      await app.services.exportWorker.run();
      expect((await jobOf(cast.auditor, job.id))?.state).toBe('DONE');
      expect(await (await fetchExport(app, cast.auditor, job.id)).text()).toContain(`Group number ${made} of all`);
    });
    expect(sent.replica.filter((text) => text.includes('audit_events')).length).toBeGreaterThan(0);
  });

  test('a read that replay cancels is done again by the primary, which says nothing against the replica', async () => {
    const cancelled = 'gatehouse_database_replica_reads_total{answered="primary",reason="cancelled"}';
    for (let tries = 0; ; tries += 1) {
      await isUsed();
      const position = await app.services.databaseReplica?.present();
      const list = app.services.databaseReplica?.of({ position: position ?? null });
      const reading = list?.query<{ count: number }>(
        `select (select count(*)::int from groups where name <> '') as count from pg_sleep(0.9)`,
      );
      await sleep(300);
      await app.database.query('update groups set description = description || $1', ['.']);
      await app.database.query('vacuum groups');
      const [row] = (await reading) ?? [];
      expect(row?.count).toBeGreaterThan(200);
      // On a busy machine the replica may have been late for this very position, and then nothing was cancelled.
      if ((await figuresOf(app)).get(cancelled) === 1 || tries === 10) break;
    }
    expect(refusal()).toBeNull();
    expect((await figuresOf(app)).get(cancelled)).toBe(1);
  }, 30_000);

  test('need the very history of the position, and all of it', async () => {
    const [row] = await app.database.query<{ position: string; system: string }>(
      `select ${presentPosition} as position, (select system_identifier::text from pg_control_system()) as system`,
    );
    const position = { ...(positionOf(row?.position) as Position), system: row?.system ?? '' };
    if (app.replica === null) throw new Error('No replica.');
    const parts = { database: app.replica, statementMs: 1000 };
    for (const isPooled of [false, true]) {
      const replica = new DatabaseReplica({ ...parts, isPooled });
      await withinFiveSeconds(() =>
        replica.reach(position).then(
          () => true,
          () => false,
        ),
      );
      expect(await replica.read(position, 'select 1 as one', [])).toEqual([{ one: 1 }]);
      await expect(replica.reach({ ...position, system: '1' })).rejects.toMatchObject({ reason: 'history' });
      await expect(replica.reach({ ...position, timeline: '00000002' })).rejects.toMatchObject({ reason: 'history' });
      await expect(replica.reach({ ...position, place: 'FF/0' })).rejects.toMatchObject({ reason: 'lag' });
      await expect(replica.read(position, 'select 1/0', [])).rejects.toMatchObject({ reason: 'cancelled' });
      await expect(replica.read(position, 'select pg_sleep(20)', [])).rejects.toMatchObject({ reason: 'cancelled' });
    }
  });

  test('a commit that does not wait for the disk lies before the position as well', async () => {
    const found = await app.database.onConnection(async (connection) => {
      await connection.query('set synchronous_commit = off', [], 1000);
      await connection.query('update groups set description = description', [], 1000);
      const rows = await connection.query<{ position: string; written: string }>(
        `select ${presentPosition} as position, pg_current_wal_insert_lsn()::text as filled`,
        [],
        1000,
      );
      await connection.query('reset synchronous_commit', [], 1000);
      return rows;
    });
    expect(found[0]?.position).toMatch(/^\d{16} 00000001 [\dA-F]+\/[\dA-F]+$/);
    expect(found[0]).toMatchObject({ filled: found[0]?.position.split(' ')[2] });
  });

  const harms: Readonly<Record<string, { hurt: () => Promise<unknown>; heal: () => Promise<unknown> }>> = {
    killed: { hurt: () => databases.replica.kill(), heal: () => databases.replica.start() },
    frozen: { hurt: () => databases.replica.freeze(), heal: () => databases.replica.thaw() },
  };

  /** Callers who change and look over and over while something is done to the replica. */
  const under = async (harm: () => Promise<unknown>): Promise<{ rounds: number; stale: number; longestMs: number }> => {
    const seen = { rounds: 0, stale: 0, longestMs: 0 };
    const over = new AbortController();
    const callers = [admin, bySecond()].map(async (from) => {
      while (!over.signal.aborted) {
        const began = performance.now();
        if ((await changeAndLook(admin, from)).length !== 1) seen.stale += 1;
        seen.rounds += 1;
        seen.longestMs = Math.max(seen.longestMs, performance.now() - began);
      }
    });
    await harm();
    over.abort();
    await Promise.all(callers);
    return seen;
  };

  test.each(Object.keys(harms))('go on while it is %s, and come from it again within five seconds', async (name) => {
    await isUsed();
    const harm = harms[name];
    const seen = await under(async () => {
      await sleep(200);
      await harm?.hurt();
      await withinFiveSeconds(() => refusal() === 'away');
      await sleep(500);
      const readiness = await fetch(`${app.url}/readyz`);
      expect([readiness.status, await readiness.text()]).toEqual([200, expect.stringContaining('database_replica')]);
      await harm?.heal();
      await isUsed();
    });
    expect(seen).toMatchObject({ stale: 0 });
    expect(seen.rounds).toBeGreaterThan(5);
    // Without the breaker each list would wait for what does not answer.
    expect(seen.longestMs).toBeLessThan(4000);
  });

  test('never come from a replica that was promoted', async () => {
    await isUsed();
    const seen = await under(async () => {
      await databases.onReplica('select pg_promote(true)');
      await databases.onReplica(`delete from memberships where group_id = '${KEY_MASTERS_GROUP_ID}'`);
      await withinFiveSeconds(() => refusal() === 'history');
      // Time for a probe to think better of it.
      await sleep(1200);
    });
    expect(seen).toMatchObject({ stale: 0 });
    expect(refusal()).toBe('history');
    const told = app.log.filter((line) => line.includes('replica of the database')).map((line) => JSON.parse(line));
    expect(told.at(-1)).toMatchObject({ reason: 'history' });
  });
});
