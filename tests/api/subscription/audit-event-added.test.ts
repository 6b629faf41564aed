import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { sql } from '../../../src/database/sql.ts';
import { tailedEvents } from '../../../src/entities/audit-tail.queries.ts';
import { newId } from '../../../src/ids.ts';
import { AUDITORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { AuditTail } from '../../../src/services/audit-tail.ts';
import { makeKey } from '../../support/api-keys.ts';
import { type Cast, makePerson, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { closeSubscribers, followed, oneRound, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const EVENTS = `subscription ($filter: AuditEventFilter) {
  auditEventAdded(filter: $filter) { action ipAddress metadata target { id } actor { id user { displayName } } } }`;

const updateProfile = 'mutation ($name: String!) { updateProfile(input: { displayName: $name }) { errors { code } } }';

describe('auditEventAdded', () => {
  const app = useTestApp();
  let cast: Cast;
  beforeAll(async () => {
    cast = await app().cast();
  });
  afterEach(async () => {
    closeSubscribers();
    await followed(app(), 0);
  });

  const record = (action: string, targetId: string, runner: { query: TestApp['database']['query'] } = app().database) =>
    runner.query(RECORD, [newId(), app().clock.now().toISOString(), action, targetId]);

  test('tells of an event as soon as it is committed, with what the list shows of it', async () => {
    const { auditor, member } = cast;
    const stream = (await subscriberOf(app(), auditor)).follow(EVENTS, { filter: { actionIn: ['user.updated'] } });
    await followed(app());
    await member.run(updateProfile, { name: 'Told At Once' });
    const { data, errors } = await stream.next();
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      auditEventAdded: {
        action: 'user.updated',
        ipAddress: '127.0.0.1',
        metadata: {},
        target: { id: member.id },
        actor: { id: member.id, user: { displayName: 'Told At Once' } },
      },
    });
  });

  test('without view:audit only events about oneself, and nothing of others’ circumstances', async () => {
    const { admin, member, support } = cast;
    const stream = (await subscriberOf(app(), member)).follow(EVENTS);
    await followed(app());
    await support.run(updateProfile, { name: 'Somebody Else' });
    await admin.run(
      'mutation ($id: ID!) { updateUser(input: { id: $id, displayName: "By Admin" }) { errors { code } } }',
      {
        id: member.id,
      },
    );
    const { data } = await stream.next();
    expect(data).toMatchObject({
      auditEventAdded: { action: 'user.updated', target: { id: member.id }, ipAddress: null },
    });
    await oneRound(app());
    expect(stream.messages).toHaveLength(1);
  });

  test('a filter by address finds nothing that is hidden from the subscriber', async () => {
    const { admin, member } = cast;
    const subscriber = await subscriberOf(app(), member);
    const stream = subscriber.follow(EVENTS, { filter: { ipAddress: '127.0.0.0/8' } });
    await followed(app());
    await admin.run(
      'mutation ($id: ID!) { updateUser(input: { id: $id, displayName: "By Admin Again" }) { errors { code } } }',
      {
        id: member.id,
      },
    );
    await oneRound(app());
    expect(stream.messages).toEqual([]);
    await member.run(updateProfile, { name: 'By Oneself' });
    expect((await stream.next()).data).toMatchObject({ auditEventAdded: { ipAddress: '127.0.0.1' } });
  });

  test('whoever loses view:audit is told of no event after that, also of those that come at once', async () => {
    const { admin } = cast;
    const email = `${unique('auditor')}@example.com`;
    const id = await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, AUDITORS_GROUP_ID] });
    const person = await signIn(app(), email);
    const stream = (await subscriberOf(app(), person)).follow(EVENTS, { filter: { actionIn: ['test.lost'] } });
    await followed(app());
    await record('test.lost', 'one');
    await stream.next();
    const taken = await admin.run(
      'mutation ($input: RemoveGroupMembersInput!) { removeGroupMembers(input: $input) { errors { code } } }',
      { input: { groupId: AUDITORS_GROUP_ID, userIds: [id] } },
    );
    expect(taken.data).toEqual({ removeGroupMembers: { errors: [] } });
    await record('test.lost', 'two');
    await oneRound(app());
    expect(stream.messages).toHaveLength(1);
  });

  test('tells once of what is written early and committed late, whatever was committed in between', async () => {
    const { auditor } = cast;
    const stream = (await subscriberOf(app(), auditor)).follow(EVENTS, {
      filter: { actionIn: ['test.late', 'test.early'] },
    });
    await followed(app());
    await app().database.transaction(async (em) => {
      await record('test.late', 'late', { query: (text, values) => sql(em, text, values) });
      await record('test.early', 'early');
      expect((await stream.next()).data).toMatchObject({ auditEventAdded: { action: 'test.early' } });
      await oneRound(app());
    });
    expect((await stream.next()).data).toMatchObject({ auditEventAdded: { action: 'test.late' } });
    // Sealing writes the rows anew; it is no new event.
    await app().services.auditChain.run();
    await oneRound(app());
    expect(stream.messages).toHaveLength(2);
  });

  test('whoever begins while a round is under way misses nothing of what comes after', async () => {
    const { resolve: open, promise: opened } = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const tail = new AuditTail({
      ...app(),
      database: {
        // A round that waits for a connection, as in a pool of which all are at work.
        query: async (text: string, values?: readonly unknown[]) => {
          if (text === tailedEvents) {
            begun.resolve();
            await opened;
          }
          return app().database.query(text, values);
        },
      } as unknown as Database,
      background: app().services.background,
    });
    const told: string[] = [];
    const leave = [await tail.follow({ about: [newId()], told: () => undefined })];
    const round = tail.round();
    await begun.promise;
    const target = newId();
    const following = tail.follow({ about: [target], told: ({ action }) => told.push(action) });
    // Once it follows, an event that is committed is told, whatever the round had asked for before.
    const recorded = following.then(() => record('test.begun', target));
    const follows = await Promise.race([following.then(() => true), setImmediate(false)]);
    if (follows) await recorded;
    open();
    await Promise.all([recorded, round]);
    leave.push(await following);
    await tail.round();
    for (const one of leave) one();
    expect(told).toEqual(['test.begun']);
  });

  test('tells of more than one batch, each event once and in the order of their transactions', async () => {
    const { auditor } = cast;
    const stream = (await subscriberOf(app(), auditor)).follow(
      'subscription { auditEventAdded(filter: { actionIn: ["test.many"] }) { target { id } } }',
    );
    await followed(app());
    await app().database.query(
      `insert into audit_events (at, id, action, result, target_type, target_id, metadata, personal_commitment)
       select $1::timestamptz + n * interval '1 microsecond', gen_random_uuid(), 'test.many', 'SUCCESS', 'Test', n::text, '{}', '\\x00'
       from generate_series(1, 900) n`,
      [app().clock.now().toISOString()],
    );
    for (let count = 0; count < 900; count += 1) await stream.next();
    await oneRound(app());
    const told = stream.messages.map(
      ({ data }) => (data as { auditEventAdded: { target: { id: string } } }).auditEventAdded,
    );
    expect(told.map(({ target }) => Number(target.id))).toEqual(Array.from({ length: 900 }, (_, n) => n + 1));
  });

  test('events of another replica arrive here', async () => {
    const { auditor } = cast;
    const other = await startTestApp({ beside: app() });
    try {
      const { member } = await other.cast();
      const stream = (await subscriberOf(app(), auditor)).follow(EVENTS, { filter: { actorId: member.id } });
      await followed(app());
      await member.run(updateProfile, { name: 'Over There' });
      expect((await stream.next()).data).toMatchObject({ auditEventAdded: { action: 'user.updated' } });
    } finally {
      await other.close();
    }
  });

  test('an API key follows what it may see, and is bound to its documents here, too', async () => {
    const { auditor, member, admin } = cast;
    const key = await makeKey(app(), admin, { permissions: [{ action: 'view', resource: 'audit' }] });
    const stream = (await subscriberOf(app(), key)).follow(EVENTS, { filter: { actorId: member.id } });
    await followed(app());
    await member.run(updateProfile, { name: 'For A Key' });
    const { data } = await stream.next();
    expect(data).toMatchObject({ auditEventAdded: { action: 'user.updated', actor: { user: null } } });
    expect(auditor.id).not.toBe(member.id);
  });

  test('refuses a filter as the list does', async () => {
    const { auditor } = cast;
    const stream = (await subscriberOf(app(), auditor)).follow(EVENTS, { filter: { ipAddress: 'nowhere' } });
    const { errors } = await stream.next();
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    await expect(stream.ended).resolves.toBeNull();
  });

  test('one statement a round follows for everybody, none while nobody does', async () => {
    const { auditor, member } = cast;
    const statements = async (milliseconds: number): Promise<number> => {
      const before = app().database.statements.count;
      await sleep(milliseconds);
      return app().database.statements.count - before;
    };
    expect(await statements(700)).toBe(0);
    const subscribers = [await subscriberOf(app(), auditor), await subscriberOf(app(), member)];
    for (const one of subscribers) {
      for (let n = 0; n < 5; n += 1) one.follow(EVENTS, { filter: { actionIn: ['test.none'] } });
    }
    await followed(app(), 10);
    // Two or three rounds, each of one statement for the log and one for the sessions.
    expect(await statements(1200)).toBeLessThanOrEqual(6);
    closeSubscribers();
    await followed(app(), 0);
    expect(await statements(700)).toBe(0);
  });
});

const RECORD = `insert into audit_events (at, id, action, result, target_type, target_id, metadata, personal_commitment)
  values ($2, $1, $3, 'SUCCESS', 'Test', $4, '{}', '\\x00')`;
