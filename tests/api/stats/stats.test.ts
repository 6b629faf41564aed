import { beforeAll, describe, expect, test } from 'vitest';
import { SignInDocument, StatsDocument, StatsSystemDocument } from '../../../generated/client/graphql.ts';
import { newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { makeKey, makeService } from '../../support/api-keys.ts';
import { makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { changing, statementsOf } from '../../support/evidence.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { impersonate, makeImpersonator, makeTarget } from '../../support/impersonation.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { refreshStats, statsOf, totalOf } from '../../support/stats.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const wrongly = { password: 'not the right password', delivery: 'BODY' } as const;

describe('stats', () => {
  const app = useTestApp();
  const cast = useCast(app);
  let root: OrganizationId;
  let branch: OrganizationId;
  let other: OrganizationId;

  beforeAll(async () => {
    root = await makeOrganization(app());
    branch = await makeOrganization(app(), { parentId: root });
    other = await makeOrganization(app());
  });

  const setUser = (id: UserId, change: string): Promise<object[]> =>
    app().database.query(`update users set ${change} where id = $1`, [id]);

  test('tells users by state, sessions, keys, second factors and organizations as they are', async () => {
    const people = await Promise.all(Array.from({ length: 7 }, () => memberOf(app(), branch)));
    const [invited, pending, locked, disabled, totp, passkey, twice] = people.map(({ id }) => id);
    const now = app().clock.now();
    const later = new Date(now.getTime() + 3600_000).toISOString();
    await setUser(invited as UserId, `status = 'INVITED'`);
    await setUser(pending as UserId, `status = 'PENDING'`);
    await setUser(locked as UserId, `locked_until = '${later}', status_reason = 'Test.'`);
    await setUser(disabled as UserId, `status = 'DISABLED'`);
    await setUser(totp as UserId, `mfa_enabled_at = '${now.toISOString()}'`);
    await app().database.query(
      `insert into credentials (id, version, user_id, type, secret, external_id, details, created_at, updated_at)
       select gen_random_uuid(), 1, $1, 'PASSKEY', 'x', md5(n::text), '{}', $2, $2 from generate_series(1, 2) n`,
      [passkey, now.toISOString()],
    );
    // In two places of the subtree: one person all the same.
    await joinOrganization(app(), twice as UserId, root);
    const signedIn = people[6] ?? { email: '' };
    await Promise.all([signIn(app(), signedIn.email), signIn(app(), signedIn.email)]);
    const service = await makeService(app(), [await makeGroup(app(), unique('program'), ['view:stats'])]);
    await joinOrganization(app(), service, branch);
    const maker = await holderOf(app(), ['create:api-keys', 'view:users', 'view:stats']);
    const keys = await Promise.all(
      [1, 2, 3, 4].map(() => makeKey(app(), maker, { ownerId: service, permissions: grants('view:stats') })),
    );
    await app().database.query(`update api_keys set expires_at = $2 where id = $1`, [
      keys[0]?.keyId,
      now.toISOString(),
    ]);
    await app().database.query(`update api_keys set revoked_at = $2 where id = $1`, [
      keys[1]?.keyId,
      now.toISOString(),
    ]);
    await app().database.query(`update api_keys set last_used_at = $2 where id = $1`, [
      keys[2]?.keyId,
      now.toISOString(),
    ]);
    await refreshStats(app());
    const stats = await statsOf(cast().reader, { organizationId: root });
    expect(stats).toMatchObject({
      users: { total: 8, invited: 1, pending: 1, active: 4, locked: 1, disabled: 1, signedInWithinRange: 1 },
      sessions: { active: 2, activeUsers: 1 },
      apiKeys: { active: 2, expired: 1, revoked: 1, usedWithinRange: 1 },
      mfaAdoption: { persons: 3, withMfa: 2, withTotp: 1, withPasskey: 1 },
      organizations: {
        total: 2,
        byLevel: [
          { level: { position: 0, name: 'Owner' }, count: 1 },
          { level: { position: 1, name: 'Distributor' }, count: 1 },
        ],
      },
      computedAt: now.toISOString(),
      stale: false,
    });
    expect(totalOf(stats.signIns)).toBe(2);
    expect((await statsOf(cast().reader, { organizationId: branch })).users.total).toBe(8);
    expect((await statsOf(cast().reader, { organizationId: other })).users.total).toBe(0);
    const [counted] = await app().database.query<{ users: number; organizations: number }>(
      `select (select count(*)::int from users) as users, (select count(*)::int from organizations) as organizations`,
    );
    const all = await statsOf(cast().reader);
    expect({ users: all.users.total, organizations: all.organizations.total }).toEqual(counted);
  });

  test('tells what happened: sign-ins, failures, locks and impersonations, those of an organization by its people', async () => {
    const person = await memberOf(app(), other);
    const guess = () =>
      app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: person.email, ...wrongly } });
    await signIn(app(), person.email);
    for (let failures = 0; failures < 6; failures += 1) await guess();
    await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'nobody@stats.example', ...wrongly } });
    const target = await makeTarget(app());
    await joinOrganization(app(), target.id, other);
    await impersonate(app(), await makeImpersonator(app()), target.id);
    const before = await statsOf(cast().reader);
    await refreshStats(app());
    const figures = await statsOf(cast().reader, { organizationId: other });
    const { signIns, failures, lockouts, impersonations } = figures;
    // The fifth failure locks, the sixth finds it locked; whoever acts as somebody has not signed in as them.
    expect([signIns, failures, lockouts, impersonations].map(totalOf)).toEqual([1, 6, 1, 1]);
    expect(signIns).toHaveLength(31);
    expect(signIns.at(-1)).toEqual({
      start: `${app().clock.now().toISOString().slice(0, 10)}T00:00:00.000Z`,
      count: 1,
    });
    expect(figures.users.signedInWithinRange).toBe(1);
    const after = await statsOf(cast().reader);
    expect(totalOf(after.failures) - totalOf(before.failures)).toBe(7);
    expect(totalOf(after.lockouts) - totalOf(before.lockouts)).toBe(1);
  });

  test('is three statements with the principal, two when asked again, one more with the server itself, and writes nothing', async () => {
    await refreshStats(app());
    const ask = () => statementsOf(app(), () => cast().reader.send(StatsDocument, { organizationId: root }));
    const { changed, answer: first } = await changing(app(), ask);
    expect([changed, first.statements]).toEqual([[], 3]);
    const again = await ask();
    expect([again.statements, again.answer.data]).toEqual([2, first.answer.data]);
    const system = await statementsOf(app(), () => cast().admin.send(StatsSystemDocument, {}));
    expect(system.statements).toBe(4);
    await refreshStats(app());
    expect((await ask()).statements).toBe(3);
  });

  test('says that it is stale when the figures are older than the setting', async () => {
    await refreshStats(app());
    app().clock.advance(300);
    expect((await statsOf(cast().reader)).stale).toBe(false);
    app().clock.advance(1);
    expect((await statsOf(cast().reader)).stale).toBe(true);
    await refreshStats(app());
    expect((await statsOf(cast().reader)).stale).toBe(false);
    const hourly = await startTestApp({ beside: app(), settings: { 'stats.refreshSeconds': '1h' } });
    app().clock.advance(400);
    expect((await statsOf(await signIn(hourly, 'reader@cast.example'))).stale).toBe(false);
    await hourly.close();
  });

  test('of a database in which nothing was ever counted are nothing, and stale', async () => {
    const fresh = await startTestApp();
    const reader = await holderOf(fresh, ['view:stats']);
    const stats = await statsOf(reader);
    expect(stats).toMatchObject({ users: { total: 0 }, computedAt: '1970-01-01T00:00:00.000Z', stale: true });
    expect(totalOf(stats.signIns)).toBe(0);
    await refreshStats(fresh);
    expect((await statsOf(reader)).users.total).toBe(1);
    await fresh.close();
  });

  test('people who are in nobody’s organization are among everybody', async () => {
    await refreshStats(app());
    const before = await statsOf(cast().reader);
    await somebody(app());
    await makePerson(app(), { email: 'alone@stats.example' });
    await refreshStats(app());
    expect((await statsOf(cast().reader)).users.total).toBe(before.users.total + 2);
  });

  describe('is refused', () => {
    const refusal = async (client: Parameters<typeof statsOf>[0], organizationId?: string) => {
      const { code, data } = await client.send(StatsDocument, { organizationId: organizationId ?? null });
      return [code, data?.stats ?? null];
    };

    test('without view:stats, signed in or not', async () => {
      expect(await refusal(cast().anonymous)).toEqual(['UNAUTHENTICATED', null]);
      expect(await refusal(cast().member)).toEqual(['FORBIDDEN', null]);
      expect(await refusal(cast().support, root)).toEqual(['FORBIDDEN', null]);
    });

    test('to an administrator of another organization, who learns nothing of what there is', async () => {
      const ruler = await holderWithin(app(), branch, ['view:stats']);
      const nothing = await refusal(ruler, newId());
      expect(nothing).toEqual(['NOT_FOUND', null]);
      for (const id of [root, other, '00000000-0000-0000-0000-000000000000', 'no id']) {
        expect(await refusal(ruler, id)).toEqual(nothing);
      }
      await refreshStats(app());
      const own = await statsOf(ruler, { organizationId: branch });
      expect(await statsOf(ruler)).toEqual(own);
      expect(own.organizations.total).toBe(1);
    });

    test('to somebody in two organizations who names none, so that nobody in both is counted twice', async () => {
      const ruler = await holderWithin(app(), branch, ['view:stats']);
      await joinOrganization(app(), ruler.id, other, [ruler.groupId]);
      const { code, errors } = await ruler.send(StatsDocument, {});
      expect([code, errors[0]?.extensions['limit']]).toEqual(['BAD_USER_INPUT', 'organizationId']);
      expect((await statsOf(ruler, { organizationId: other })).organizations.total).toBe(1);
      // One above the other is one subtree.
      const above = await holderWithin(app(), branch, ['view:stats']);
      await joinOrganization(app(), above.id, root, [above.groupId]);
      expect((await statsOf(above)).organizations.total).toBe(2);
    });

    test('by a key without it, and to whoever acts as somebody without it', async () => {
      const owner = await holderOf(app(), ['create-own:api-keys', 'view:stats', 'view:users']);
      const narrow = await makeKey(app(), owner, { permissions: grants('view:users') });
      expect(await refusal(narrow)).toEqual(['FORBIDDEN', null]);
      const wide = await makeKey(app(), owner, { permissions: grants('view:stats') });
      expect((await statsOf(wide)).users.total).toBeGreaterThan(0);
      const actor = await makeImpersonator(app(), ['view:stats']);
      const acting = await impersonate(app(), actor, (await makeTarget(app())).id);
      expect(await refusal(acting)).toEqual(['FORBIDDEN', null]);
    });
  });

  describe('the server itself', () => {
    test('is for view:health, and null within an organization', async () => {
      const asked = await cast().reader.send(StatsSystemDocument, {});
      expect([asked.code, asked.data.stats?.system]).toEqual(['FORBIDDEN', null]);
      expect(asked.data.stats?.computedAt).toBeDefined();
      const within = await cast().admin.send(StatsSystemDocument, { organizationId: root });
      expect([within.code, within.data.stats?.system]).toEqual(['OK', null]);
      // Held within an organization it tells nothing of the server; held everywhere it does, but not of one organization.
      const ruler = await holderWithin(app(), root, ['view:stats', 'view:health']);
      const local = await ruler.send(StatsSystemDocument, {});
      expect([local.code, local.data.stats?.system]).toEqual(['FORBIDDEN', null]);
      const keeper = await holderOf(app(), ['view:health']);
      const group = await makeGroup(app(), unique('counting'), ['view:stats'], 'LISTED');
      await joinOrganization(app(), keeper.id, root, [group]);
      const narrow = await keeper.send(StatsSystemDocument, {});
      expect([narrow.code, narrow.data.stats?.system]).toEqual(['OK', null]);
    });

    test('counts replicas by their last sign of life, events and mails as of the last round', async () => {
      const second = await startTestApp({ beside: app() });
      await app().services.replicas.beat();
      await second.services.replicas.beat();
      await app().database.query(
        `insert into messages (id, channel, template, recipient, locale, state, attempts, created_at)
         values ($1, 'EMAIL', 'reset', 'queued@stats.example', 'en', 'QUEUED', 0, $2)`,
        [newId(), app().clock.now().toISOString()],
      );
      await app().database.query(
        `insert into outbox_sinks (name, position, fencing, served_at, minute_count, previous_minute_count)
         values ('quick', 7, 0, $1, 0, 0), ('slow', 4, 0, $1, 0, 0), ('former', 0, 0, '2020-01-01', 0, 0)`,
        [app().clock.now().toISOString()],
      );
      await app().database.query('update outbox_order set last_position = 7');
      await refreshStats(app());
      const [counted] = await app().database.query<{ events: number; mails: number }>(
        `select (select count(*)::int + 3 from outbox_events where published_at is null) as events,
           (select count(*)::int from messages where state = 'QUEUED') as mails`,
      );
      const systemOf = async () => (await cast().admin.send(StatsSystemDocument, {})).data.stats?.system;
      expect(await systemOf()).toEqual({
        replicas: 2,
        outboxPending: counted?.events,
        mailQueued: counted?.mails,
        cacheHitRatio: app().services.caches.counters.hitRatio,
      });
      expect((await systemOf())?.cacheHitRatio).toBeGreaterThan(0);
      app().clock.advance(60);
      await app().services.replicas.beat();
      expect(await systemOf()).toMatchObject({ replicas: 1 });
      app().clock.advance(601);
      await second.services.replicas.beat();
      expect(await app().database.query('select from replicas')).toHaveLength(1);
      second.services.replicas.start();
      await second.services.replicas.stop();
      expect(await app().database.query('select from replicas')).toHaveLength(0);
      await second.close();
    });
  });
});
