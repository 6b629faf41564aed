import { describe, expect, test } from 'vitest';
import {
  DeleteOrganizationDocument,
  DeleteUsersDocument,
  MoveOrganizationDocument,
} from '../../../generated/client/graphql.ts';
import { Recorder } from '../../../src/events/recorder.ts';
import type { OrganizationId, UserId } from '../../../src/ids.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import { makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { makeKey } from '../../support/api-keys.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { holdLock, waitForLock } from '../../support/locks.ts';
import { joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { refreshStats, statsOf, totalOf } from '../../support/stats.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;

/** A line of the log as if somebody had signed in then. */
const signedInAt = (app: TestApp, id: UserId, at: Date): Promise<void> =>
  new Recorder({ now: () => at }).recordAlone(app.database, systemOrigin('test'), [
    {
      action: 'session.started',
      actor: { type: 'User', id, label: null },
      target: { type: 'Session', id, label: null },
      metadata: { method: 'PASSWORD' },
    },
  ]);

const daysBefore = (app: TestApp, days: number): Date => new Date(app.clock.now().getTime() - days * DAY * 1000);

describe('what was counted', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const signInsOf = async (organizationId: OrganizationId | null): Promise<number> =>
    totalOf((await statsOf(cast().reader, { organizationId })).signIns);

  test('stays with the organizations of then: of whoever leaves, of what is moved, and of whoever is deleted', async () => {
    const [from, to] = [await makeOrganization(app()), await makeOrganization(app())];
    const moved = await makeOrganization(app(), { parentId: from });
    const [stays, leaves, goes] = [
      await memberOf(app(), moved),
      await memberOf(app(), moved),
      await memberOf(app(), moved),
    ];
    for (const { email } of [stays, leaves, goes]) await signIn(app(), email);
    await refreshStats(app());
    expect([await signInsOf(moved), await signInsOf(from), await signInsOf(to)]).toEqual([3, 3, 0]);
    const everybody = await signInsOf(null);
    await app().database.query('delete from organization_members where user_id = $1', [leaves.id]);
    await cast().admin.send(DeleteUsersDocument, { input: { ids: [goes.id], reason: 'Asked for it.' } });
    await cast().admin.send(MoveOrganizationDocument, { input: { id: moved, parentId: to } });
    await signIn(app(), stays.email);
    await signIn(app(), leaves.email);
    await refreshStats(app());
    expect([await signInsOf(moved), await signInsOf(from), await signInsOf(to)]).toEqual([4, 3, 1]);
    expect(await signInsOf(null)).toBe(everybody + 2);
    const { users } = await statsOf(cast().reader, { organizationId: moved });
    expect([users.total, users.signedInWithinRange]).toEqual([1, 3]);
    // Nothing is left that tells of the person.
    expect(await app().database.query('select from stats_presence where user_id = $1', [goes.id])).toEqual([]);
  });

  test('goes with the organization, and only then', async () => {
    const [root, kept] = [await makeOrganization(app()), await makeOrganization(app())];
    const leaf = await makeOrganization(app(), { parentId: root });
    for (const place of [leaf, kept]) await signIn(app(), (await memberOf(app(), place)).email);
    await refreshStats(app());
    const rowsOf = (ids: readonly string[]) =>
      app().database.query<{ table: string }>(
        `select 'hours' as table from stats_hours where organization_id = any($1::uuid[])
         union select 'returns' from stats_returns where organization_id = any($1::uuid[])
         union select 'figures' from stats_figures where organization_id = any($1::uuid[])`,
        [ids],
      );
    expect(await rowsOf([root, leaf])).toHaveLength(3);
    const deleter = await raiseToAal2(app(), await holderOf(app(), ['delete:organizations', 'view:organizations']));
    const { data } = await deleter.send(DeleteOrganizationDocument, { input: { id: root, reason: 'Closed down.' } });
    expect(data.deleteOrganization?.errors).toEqual([]);
    await refreshStats(app());
    expect(await rowsOf([root, leaf])).toEqual([]);
    expect(await rowsOf([kept])).toHaveLength(3);
  });

  test('tells who was active on the days of a range, once each, also of a range that is long over', async () => {
    const place = await makeOrganization(app());
    const [often, once, former] = [
      await memberOf(app(), place),
      await memberOf(app(), place),
      await memberOf(app(), place),
    ];
    await app().database.query('select ensure_audit_partitions($1::date, 3)', [daysBefore(app(), 45).toISOString()]);
    const on = async (days: number, ...people: readonly { readonly id: UserId }[]): Promise<void> => {
      for (const { id } of people) await signedInAt(app(), id, daysBefore(app(), days));
    };
    await on(20, often, former);
    await on(15, often, often);
    await refreshStats(app());
    await on(10, often, once);
    // Seen only after a younger day was counted.
    await on(12, often);
    await refreshStats(app());
    await on(11, often);
    await refreshStats(app());
    const activeIn = async (first: number, last: number): Promise<number> => {
      const range = { from: daysBefore(app(), first).toISOString(), until: daysBefore(app(), last).toISOString() };
      return (await statsOf(cast().reader, { range, organizationId: place })).users.signedInWithinRange;
    };
    expect(await activeIn(21, 0)).toBe(3);
    expect(await activeIn(20, 16)).toBe(2);
    expect(await activeIn(16, 14)).toBe(1);
    expect(await activeIn(13, 9)).toBe(2);
    expect(await activeIn(12, 11)).toBe(1);
    expect(await activeIn(9, 0)).toBe(0);
    expect(await activeIn(40, 21)).toBe(0);
    const days = await app().database.query<{ count: number }>(
      'select count from stats_returns where organization_id = $1 and count <> 0',
      [place],
    );
    expect(days.reduce((sum, { count }) => sum + count, 0)).toBe(7);
  });

  test('tells which keys were used on the days of a range', async () => {
    const owner = await holderOf(app(), ['create-own:api-keys', 'view:stats']);
    const place = await makeOrganization(app());
    await joinOrganization(app(), owner.id, place);
    const [first, second] = [await makeKey(app(), owner), await makeKey(app(), owner)];
    const used = async (key: { keyId: string }, days: number): Promise<void> => {
      await app().database.query('update api_keys set last_used_at = $2 where id = $1', [
        key.keyId,
        daysBefore(app(), days).toISOString(),
      ]);
    };
    await app().database.query(`update stats_state set computed_at = '1970-01-01'`);
    await used(first, 9);
    await refreshStats(app());
    await app().database.query(`update stats_state set computed_at = '1970-01-01'`);
    await used(first, 5);
    await used(second, 5);
    await refreshStats(app());
    const usedIn = async (from: number, until: number): Promise<number> => {
      const range = { from: daysBefore(app(), from).toISOString(), until: daysBefore(app(), until).toISOString() };
      return (await statsOf(cast().reader, { range, organizationId: place })).apiKeys.usedWithinRange;
    };
    expect([await usedIn(10, 4), await usedIn(10, 8), await usedIn(6, 5), await usedIn(8, 7)]).toEqual([2, 1, 2, 0]);
  });
});

describe('the round', () => {
  const app = useTestApp();

  test('is for one replica at a time, and for whoever holds the lease last', async () => {
    const second = await startTestApp({ beside: app() });
    const held = await second.services.statsCounter.take();
    expect(await app().services.statsRefresh.run()).toBe(false);
    app().clock.advance(301);
    expect(await app().services.statsRefresh.run()).toBe(true);
    // What the first holder began goes on no more: a later one was there.
    await app().database.query('update stats_state set fencing = $1::bigint + 100', [held?.fencing]);
    await makePerson(app(), { email: 'late@round.example' });
    await signIn(app(), 'late@round.example');
    const before = await app().database.query('select * from stats_hours');
    expect(await second.services.statsRefresh.run()).toBe(false);
    expect(await app().database.query('select * from stats_hours')).toEqual(before);
    await app().database.query('update stats_state set fencing = 0');
    app().clock.advance(301);
    const worked = await Promise.all([app(), second].map(({ services }) => services.statsRefresh.run()));
    expect(worked).toContain(true);
    const [counted] = await app().database.query(
      `select sum(count)::int as count from stats_hours where kind = 'SIGN_IN'`,
    );
    expect(counted).toEqual({ count: 1 });
    await second.close();
  });

  test('comes before the figures are stale, and is one statement until then', async () => {
    app().clock.advance(301);
    await refreshStats(app());
    const { answer, statements } = await statementsOf(app(), () => app().services.statsRefresh.runIfDue());
    expect([answer, statements]).toEqual([false, 1]);
    app().clock.advance(239);
    expect(await app().services.statsRefresh.runIfDue()).toBe(false);
    app().clock.advance(1);
    expect(await app().services.statsRefresh.runIfDue()).toBe(true);
    app().clock.advance(300);
    app().services.statsRefresh.start();
    await app().services.statsRefresh.stop();
    const [state] = await app().database.query<{ fresh: boolean }>(
      'select computed_at = $1::timestamptz as fresh from stats_state',
      [app().clock.now().toISOString()],
    );
    expect(state).toEqual({ fresh: true });
  });

  test('holds up nobody whose API key was used while figures are computed', async () => {
    const owner = await holderOf(app(), ['create-own:api-keys']);
    const { keyId } = await makeKey(app(), owner);
    await app().database.query('update api_keys set last_used_at = $2 where id = $1', [
      keyId,
      app().clock.now().toISOString(),
    ]);
    await refreshStats(app());
    const figures = holdLock(app().database, 'select from stats_figures for update', []);
    await figures.begun;
    const round = app().services.statsRefresh.run();
    await waitForLock(app().database);
    // As every operation begins that changes an account.
    const taken = app().database.query('select id from users where id = $1 for update nowait', [owner.id]);
    await taken.catch(() => undefined);
    await figures.release();
    expect(await round).toBe(true);
    expect(await taken).toEqual([{ id: owner.id }]);
  });

  test('counts a month of the log before it is dropped', async () => {
    const short = await startTestApp({ settings: { 'audit.retentionMonths': '1' } });
    const reader = await holderOf(short, ['view:stats']);
    const month = short.clock.now().toISOString().slice(0, 7);
    short.clock.advance(62 * DAY);
    await short.services.auditChain.run();
    expect(await short.services.auditRetention.run()).toContain(month.replace('-', '_'));
    expect(await short.database.query(`select from audit_events where action = 'session.started'`)).toEqual([]);
    const { data } = await (
      await signIn(short, reader.email)
    ).run<{ stats: { signIns: { count: number }[] } }>(
      `{ stats(interval: MONTH, range: {from: "${month}-01T00:00:00Z"}) { signIns { count } } }`,
    );
    expect(data.stats.signIns[0]).toEqual({ count: 1 });
    await short.close();
  });
});
