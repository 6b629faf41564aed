import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  RevokeSessionsDocument,
  SignOutDocument,
  StartImpersonationDocument,
} from '../../../generated/client/graphql.ts';
import { sql } from '../../../src/database/sql.ts';
import { callingAt, makeKey } from '../../support/api-keys.ts';
import { type Cast, makePerson, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { Impersonating, makeImpersonator, makeTarget, startInput } from '../../support/impersonation.ts';
import { beginSession } from '../../support/sessions.ts';
import { closeSubscribers, type Stream, type Subscriber, subscriberOf } from '../../support/subscriber.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const END = 'subscription { viewerSessionEnded { reason endedAt } }';
/** The promise is a second; the machine of the test may be busy. */
const SOON_MS = 2500;

describe('the end of a session', () => {
  const app = useTestApp();
  let cast: Cast;
  let replica: TestApp;
  beforeAll(async () => {
    cast = await app().cast();
    replica = await startTestApp({ beside: app() });
    return () => replica.close();
  });
  afterEach(() => closeSubscribers());

  const newPerson = async (): Promise<{ readonly id: string; readonly email: string }> => {
    const email = `${unique('leaving')}@example.com`;
    return { id: await makePerson(app(), { email }), email };
  };

  const streams = async ({ url }: TestApp): Promise<number> =>
    Number(/^gatehouse_subscriptions (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);

  interface Following {
    readonly subscriber: Subscriber;
    readonly stream: Stream;
  }
  const follow = async (at: TestApp, client: TestClient): Promise<Following> => {
    const subscriber = await subscriberOf(at, client);
    const before = await streams(at);
    const stream = subscriber.follow(END);
    await expect.poll(() => streams(at), { interval: 10, timeout: 10_000 }).toBeGreaterThan(before);
    return { subscriber, stream };
  };

  /** The last message and the code of every connection, and how long they took; gives how many there were. */
  const expectEnd = async (
    followings: readonly Following[],
    reason: string,
    by: () => Promise<{ readonly code: string } | void>,
  ): Promise<void> => {
    const began = performance.now();
    const answer = await by();
    expect(answer?.code ?? 'OK').toBe('OK');
    const done = performance.now();
    for (const { subscriber, stream } of followings) {
      expect(await subscriber.closed).toEqual({ code: 4401, reason: 'Session ended' });
      expect(stream.messages.map(({ data }) => data)).toEqual([
        { viewerSessionEnded: { reason, endedAt: expect.any(String) as string } },
      ]);
    }
    expect(performance.now() - done).toBeLessThan(SOON_MS);
    expect(done - began).toBeLessThan(10_000);
  };

  test.each([['BODY' as const], ['COOKIE' as const]])(
    'by signing out, handed over as %s: told and closed in every replica',
    async (delivery) => {
      const { email } = await newPerson();
      const session = await beginSession(app(), email, { delivery });
      const at = async (where: TestApp): Promise<Following> =>
        follow(where, session.at(where).with({ origin: 'http://localhost:4000' }));
      const followings = [await at(app()), await at(replica)];
      const kept = await beginSession(app(), email);
      const bystander = await subscriberOf(app(), kept.client);
      await expect(
        expectEnd(followings, 'SIGNED_OUT', () => session.client.send(SignOutDocument, { input: {} })),
      ).resolves.toBeUndefined();
      const stillThere = await Promise.race([bystander.closed, sleep(100, 'open')]);
      expect(stillThere).toBe('open');
    },
  );

  test('by an administrator who revokes it', async () => {
    const { email } = await newPerson();
    const session = await beginSession(app(), email);
    await expect(
      expectEnd([await follow(replica, session.at(replica))], 'REVOKED', () =>
        cast.support.send(RevokeSessionsDocument, { input: { ids: [session.id] } }),
      ),
    ).resolves.toBeUndefined();
  });

  test.each([
    ['lockUsers', 'reason: "lost laptop"', 'ACCOUNT_LOCKED'],
    ['disableUsers', 'reason: "left"', 'ACCOUNT_DISABLED'],
    ['deleteUsers', 'reason: "gone"', 'ACCOUNT_DELETED'],
  ])('by %s', async (mutation, reason, expected) => {
    const { id, email } = await newPerson();
    const following = await follow(app(), await signIn(app(), email));
    await expect(
      expectEnd([following], expected, async () => {
        const answer = await cast.admin.run(
          `mutation ($ids: [ID!]!) { ${mutation}(input: { ids: $ids, ${reason} }) { errors { code } } }`,
          { ids: [id] },
        );
        expect(answer.data).toEqual({ [mutation]: { errors: [] } });
      }),
    ).resolves.toBeUndefined();
  });

  test('of an API key, revoked or with its owner disabled', async () => {
    const revoked = await makeKey(app(), cast.admin);
    await expect(
      expectEnd([await follow(app(), revoked), await follow(replica, callingAt(replica, revoked))], 'REVOKED', () =>
        cast.admin.run('mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { errors { code } } }', {
          id: revoked.keyId,
        }),
      ),
    ).resolves.toBeUndefined();
    const { id, email } = await newPerson();
    const key = await makeKey(app(), await signIn(app(), email));
    await expect(
      expectEnd([await follow(app(), key)], 'ACCOUNT_DISABLED', () =>
        cast.admin.run(
          'mutation ($ids: [ID!]!) { disableUsers(input: { ids: $ids, reason: "left" }) { errors { code } } }',
          {
            ids: [id],
          },
        ),
      ),
    ).resolves.toBeUndefined();
  });

  test('of a key whose networks are narrowed to others, and of no other', async () => {
    const narrow = (keyId: string, networks: readonly string[]) =>
      cast.admin.run(
        'mutation ($id: ID!, $networks: [String!]!) { updateApiKey(input: { id: $id, networks: $networks }) { errors { code } } }',
        { id: keyId, networks },
      );
    const keys = [await makeKey(app(), cast.admin), await makeKey(app(), cast.admin), await makeKey(app(), cast.admin)];
    const [free, own, others] = await Promise.all(keys.map((key) => subscriberOf(app(), key)));
    let stays = true;
    for (const one of [free, own]) void one?.closed.then(() => (stays = false));
    await narrow(keys[1]?.keyId ?? '', ['127.0.0.0/8', '::1/128']);
    await narrow(keys[2]?.keyId ?? '', ['203.0.113.0/24']);
    expect((await others?.closed)?.code).toBe(4401);
    // Two rounds of asking later, too.
    await sleep(1200);
    expect(stays).toBe(true);
  });

  describe('of somebody who acts as another', () => {
    const begin = async () => {
      const actor = await makeImpersonator(app());
      const target = await makeTarget(app());
      const { data } = await actor.send(StartImpersonationDocument, startInput(target.id));
      const { impersonation, tokens } = data?.startImpersonation ?? {};
      const acting = new Impersonating(`${app().url}/graphql`, {
        id: impersonation?.id ?? '',
        accessToken: tokens?.accessToken ?? '',
        targetId: target.id,
      });
      return { actor, acting, following: await follow(app(), acting) };
    };

    test('when it is stopped', async () => {
      const { acting, following } = await begin();
      await expect(
        expectEnd([following], 'IMPERSONATION_ENDED', () =>
          acting.run('mutation { stopImpersonation(input: {}) { errors { code } } }'),
        ),
      ).resolves.toBeUndefined();
    });

    test('when whoever acts signs out, or may not act any more', async () => {
      const left = await begin();
      await expect(
        expectEnd([left.following], 'IMPERSONATION_ENDED', () => left.actor.send(SignOutDocument, { input: {} })),
      ).resolves.toBeUndefined();
      const stripped = await begin();
      await app().database.query('delete from memberships where user_id = $1', [stripped.actor.id]);
      expect((await stripped.following.subscriber.closed).code).toBe(4401);
    });
  });

  test('a token that is over closes its connection with 4410, though its session lives', async () => {
    const other = await startTestApp();
    try {
      const { member } = await other.cast();
      const subscriber = await subscriberOf(other, member);
      const stream = subscriber.follow(END);
      other.clock.advance(16 * 60);
      expect(await subscriber.closed).toEqual({ code: 4410, reason: 'Token expired' });
      expect(stream.messages).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('a cookie session that is not used ends by idleness, open connection or not', async () => {
    const other = await startTestApp();
    try {
      const { member } = await other.cast();
      const { client } = await beginSession(other, member.email, { delivery: 'COOKIE' });
      const following = await follow(other, client.with({ origin: 'http://localhost:4000' }));
      await expect(
        expectEnd([following], 'IDLE', () => Promise.resolve(other.clock.advance(8 * 86_400))),
      ).resolves.toBeUndefined();
    } finally {
      await other.close();
    }
  });

  test('connections whose sessions nobody can ask about stay for ten seconds, then are closed with 1013', async () => {
    const other = await startTestApp();
    const { member } = await other.cast();
    const subscriber = await subscriberOf(other, member);
    const released = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = other.database.transaction(async (em) => {
      await sql(em, 'lock table sessions in access exclusive mode');
      locked.resolve();
      await released.promise;
    });
    await locked.promise;
    const now = performance.now.bind(performance);
    let ahead = 9000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    try {
      expect(await Promise.race([subscriber.closed, sleep(700, 'open')])).toBe('open');
      ahead = 11_000;
      expect(await subscriber.closed).toEqual({ code: 1013, reason: 'Try again later' });
    } finally {
      clock.mockRestore();
      released.resolve();
      await holding;
      await other.close();
    }
  });
});
