import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OrganizationId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey } from '../../support/api-keys.ts';
import { type Cast, makePerson, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { statementsOf } from '../../support/records.ts';
import { refreshStats } from '../../support/stats.ts';
import { closeSubscribers, figuresFollowed, type Stream, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const FIGURES = `subscription ($every: Int! = 60, $of: ID) {
  statsUpdated(intervalSeconds: $every, organizationId: $of) { users { total } computedAt system { replicas } } }`;
const WITHOUT_SYSTEM = FIGURES.replace('system { replicas }', '');
const REMOVE = 'mutation ($input: RemoveGroupMembersInput!) { removeGroupMembers(input: $input) { errors { code } } }';

interface Told {
  readonly users: { readonly total: number };
  readonly computedAt: string;
}

describe('statsUpdated', () => {
  const app = useTestApp();
  let cast: Cast;
  let organization: OrganizationId;
  beforeAll(async () => {
    cast = await app().cast();
    organization = await makeOrganization(app());
  });
  afterEach(async () => {
    closeSubscribers();
    await figuresFollowed(app(), 0);
  });

  const follow = async (client: TestClient, variables = {}, query = WITHOUT_SYSTEM, at = app()): Promise<Stream> =>
    (await subscriberOf(at, client)).follow(query, variables);
  const toldBy = async (stream: Stream): Promise<Told> => {
    const { data, errors } = await stream.next();
    expect(errors).toBeUndefined();
    return data?.['statsUpdated'] as Told;
  };
  /** A round at once, with time for what it tells to arrive. */
  const round = async ({ services }: TestApp = app()): Promise<void> => {
    await services.liveStats.round();
    await sleep(80);
  };
  /** Figures are computed, so many seconds later. */
  const compute = async (seconds: number): Promise<void> => {
    app().clock.advance(seconds);
    await refreshStats(app());
  };

  test('tells the present figures at once, and new ones when they were computed', async () => {
    await compute(1);
    const stream = await follow(cast.reader, { every: 5, of: organization });
    expect((await toldBy(stream)).users.total).toBe(0);
    await memberOf(app(), organization);
    await compute(6);
    await round();
    expect(await toldBy(stream)).toEqual({ users: { total: 1 }, computedAt: app().clock.now().toISOString() });
    // The same figures are told once, however much time passes.
    app().clock.advance(60);
    await round();
    expect(stream.messages).toHaveLength(2);
  });

  test('tells not more often than was asked for, and then the newest', async () => {
    const stream = await follow(cast.reader, { every: 30, of: organization });
    const patient = await follow(cast.reader, { of: organization });
    const before = (await toldBy(stream)).users.total;
    await toldBy(patient);
    await round();
    for (let computed = 0; computed < 3; computed += 1) {
      await memberOf(app(), organization);
      await compute(9);
      await round();
    }
    expect([stream.messages.length, patient.messages.length]).toEqual([1, 1]);
    app().clock.advance(4);
    await round();
    expect((await toldBy(stream)).users.total).toBe(before + 3);
    expect([stream.messages.length, patient.messages.length]).toEqual([2, 1]);
    app().clock.advance(30);
    await round();
    expect((await toldBy(patient)).users.total).toBe(before + 3);
  });

  test('what was looked at and not told, because it was told before, delays nothing', async () => {
    const stream = await follow(cast.reader, { every: 30, of: organization });
    await toldBy(stream);
    await round();
    app().clock.advance(31);
    await round();
    await compute(1);
    await round();
    expect((await toldBy(stream)).computedAt).toBe(app().clock.now().toISOString());
  });

  test('refuses an interval below five seconds', async () => {
    for (const every of [4, 0, -60]) {
      const stream = await follow(cast.reader, { every });
      const { errors } = await stream.next();
      expect(errors?.[0]?.extensions).toEqual({ code: 'BAD_USER_INPUT', limit: 'intervalSeconds', minimum: 5 });
      await expect(stream.ended).resolves.toBeNull();
    }
    expect(app().services.liveStats.size).toBe(0);
  });

  test('whoever loses view:stats is refused at the next figures, and the stream ends', async () => {
    const email = `${unique('watcher')}@example.com`;
    const id = await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, READ_ONLY_GROUP_ID] });
    const stream = await follow(await signIn(app(), email), { every: 5 });
    await toldBy(stream);
    const taken = await cast.admin.run(REMOVE, { input: { groupId: READ_ONLY_GROUP_ID, userIds: [id] } });
    expect(taken.data).toEqual({ removeGroupMembers: { errors: [] } });
    await compute(6);
    await round();
    const { data, errors } = await stream.next();
    expect(data).toEqual({ statsUpdated: null });
    expect(errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN', missing: ['view:stats'] });
    await expect(stream.ended).resolves.toBeNull();
  });

  describe('whoever holds it within one organization', () => {
    test('is told of that one alone, named or not, and nothing at all of others', async () => {
      const there = await makeOrganization(app());
      const below = await makeOrganization(app(), { parentId: organization });
      await compute(1);
      const holder = await holderWithin(app(), organization, ['view:stats']);
      const own = await follow(holder, { every: 5 });
      const branch = await follow(holder, { every: 5, of: below });
      const foreign = await follow(holder, { every: 5, of: there });
      const unknown = await follow(holder, { every: 5, of: 'nothing' });
      await toldBy(own);
      expect((await toldBy(branch)).users.total).toBe(0);
      await memberOf(app(), there);
      await compute(6);
      await round();
      await toldBy(own);
      await toldBy(branch);
      expect([...foreign.messages, ...unknown.messages]).toEqual([]);
      expect(app().services.liveStats.size).toBe(4);
    });

    test('is told nothing more of an organization that was moved out of reach', async () => {
      const below = await makeOrganization(app(), { parentId: organization });
      const holder = await holderWithin(app(), organization, ['view:stats']);
      const stream = await follow(holder, { every: 5, of: below });
      await toldBy(stream);
      await app().database.query(
        'delete from organization_closure where descendant_id = $1 and ancestor_id <> descendant_id',
        [below],
      );
      await compute(6);
      await round();
      expect(stream.messages).toHaveLength(1);
    });

    test('must name one of several', async () => {
      const holder = await holderWithin(app(), organization, ['view:stats']);
      await joinOrganization(app(), holder.id, await makeOrganization(app()), [holder.groupId]);
      const stream = await follow(holder, { every: 5 });
      const { errors } = await stream.next();
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', limit: 'organizationId' });
    });
  });

  test('what the server itself does takes view:health, for each message', async () => {
    const reader = await follow(cast.reader, { every: 5 }, FIGURES);
    const { data, errors } = await reader.next();
    expect(data).toMatchObject({ statsUpdated: { system: null } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['view:health'] });
    const admin = await follow(cast.admin, { every: 5 }, FIGURES);
    expect((await admin.next()).data).toMatchObject({ statsUpdated: { system: { replicas: expect.any(Number) } } });
    await compute(6);
    await round();
    expect((await reader.next()).data).toMatchObject({ statsUpdated: { users: {} } });
  });

  test('an API key follows the figures that it may see', async () => {
    const key = await makeKey(app(), cast.admin, { permissions: [{ action: 'view', resource: 'stats' }] });
    await toldBy(await follow(key, { of: organization }));
    const other = await makeKey(app(), cast.admin, { permissions: [{ action: 'view', resource: 'users' }] });
    const { errors } = await (await follow(other)).next();
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  test('figures that another replica computed are told here', async () => {
    const other = await startTestApp({ beside: app() });
    try {
      const here = await follow(cast.reader, { every: 5, of: organization });
      const there = await follow(cast.reader, { every: 5, of: organization }, WITHOUT_SYSTEM, other);
      const before = (await toldBy(here)).users.total;
      await toldBy(there);
      await memberOf(app(), organization);
      app().clock.advance(6);
      await refreshStats(other);
      await Promise.all([round(), round(other)]);
      expect((await toldBy(here)).users.total).toBe(before + 1);
      expect((await toldBy(there)).users.total).toBe(before + 1);
    } finally {
      closeSubscribers();
      await other.close();
    }
  });

  test('reads once for however many have the same reach, and asks nothing while nobody follows', async () => {
    const subscribers = await Promise.all(Array.from({ length: 4 }, () => subscriberOf(app(), cast.reader)));
    const streams = subscribers.flatMap((one) =>
      Array.from({ length: 10 }, () => one.follow(WITHOUT_SYSTEM, { every: 5 })),
    );
    await Promise.all(streams.map((stream) => stream.next()));
    await compute(6);
    // Whether there are new figures; who the four are; figures and series. Between them a round of its own may ask, too.
    const statements = await statementsOf(app(), async () => {
      await app().services.liveStats.round();
      await Promise.all(streams.map((stream) => stream.next()));
    });
    expect(statements).toBeLessThanOrEqual(8);
    closeSubscribers();
    await figuresFollowed(app(), 0);
    // What others write later is written before.
    const { activity, apiKeyUse, denialLog } = app().services;
    await Promise.all([activity.flush(), apiKeyUse.flush(), denialLog.flush()]);
    expect(await statementsOf(app(), () => sleep(1200))).toBe(0);
  });

  test('whoever does not keep up has one message waiting, however often figures are computed, and is not let go for it', async () => {
    const { liveStats } = app().services;
    const slow = liveStats.updates(5);
    const quick = await follow(cast.reader, { every: 5, of: organization });
    for (let computed = 0; computed < 4; computed += 1) {
      await toldBy(quick);
      await compute(6);
      await round();
    }
    await toldBy(quick);
    expect(await slow.next()).toMatchObject({ done: false });
    const next = slow.next();
    await expect(Promise.race([next, sleep(200, 'nothing')])).resolves.toBe('nothing');
    expect(liveStats.size).toBe(2);
    await slow.return();
    await expect(next).resolves.toMatchObject({ done: true });
  });

  test('while the database does not answer nothing is told, and afterwards it goes on', async () => {
    const stream = await follow(cast.reader, { every: 5, of: organization });
    await toldBy(stream);
    await app().database.query('alter table stats_state rename to stats_state_away');
    await round();
    await app().database.query('alter table stats_state_away rename to stats_state');
    expect(app().log.some((line) => line.includes('nobody could say whether there are new figures'))).toBe(true);
    await compute(6);
    await round();
    await toldBy(stream);
  });
});
