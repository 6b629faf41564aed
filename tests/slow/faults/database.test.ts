import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CreateUserDocument, SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import type { Answer } from '../../support/test-client.ts';
import { Way } from '../../support/way.ts';

const EMAIL = 'steady@faults.example';

/** What happened to callers while something happened to the database. */
interface Seen {
  readonly codes: string[];
  /** Addresses of users that the server said it had made. */
  readonly promised: string[];
  longestMs: number;
}

describe('callers while the database fails', () => {
  let way: Way;
  let app: TestApp;
  let admin: Actor;
  let made = 0;

  beforeAll(async () => {
    way = await Way.open();
    app = await startTestApp({
      way,
      settings: { 'database.statementTimeoutSeconds': '1s', 'database.poolSize': '4', 'mail.transport': 'none' },
    });
    await makePerson(app, { email: EMAIL });
    ({ admin } = await app.cast());
  });
  afterAll(async () => {
    way.heal();
    await app.close();
    await way.close();
  });

  const signIn = () =>
    app.anonymous().send(SignInDocument, { input: { identifier: EMAIL, password: PASSWORD, delivery: 'BODY' } });
  const create = (email: string) =>
    admin.send(CreateUserDocument, { input: { email, displayName: 'Kept', groupIds: [MEMBERS_GROUP_ID] } });

  const timed = async (seen: Seen, ask: () => Promise<Answer<unknown>>): Promise<Answer<unknown>> => {
    const began = performance.now();
    const answer = await ask();
    seen.longestMs = Math.max(seen.longestMs, performance.now() - began);
    seen.codes.push(answer.code);
    return answer;
  };

  const work = async (seen: Seen): Promise<void> => {
    await timed(seen, signIn);
    await timed(seen, () => admin.send(ViewerDocument, {}));
    made += 1;
    const email = `kept-${made}@faults.example`;
    const { code, data } = await timed(seen, () => create(email));
    const { errors } = (data as { createUser?: { errors: readonly unknown[] } } | null)?.createUser ?? {};
    if (code === 'OK' && errors?.length === 0) seen.promised.push(email);
  };

  /** Callers who read, sign in and write over and over, from before the harm until it is over. */
  const under = async (harm: (seen: Seen) => Promise<void>): Promise<Seen> => {
    const seen: Seen = { codes: [], promised: [], longestMs: 0 };
    const over = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) await work(seen);
    });
    await sleep(300);
    await harm(seen);
    over.abort();
    await Promise.all(callers);
    return seen;
  };

  const count = (codes: readonly string[], code: string): number => codes.filter((one) => one === code).length;

  const isBack = async (): Promise<number> => {
    const began = performance.now();
    while ((await signIn()).code !== 'OK') await sleep(20);
    return performance.now() - began;
  };

  const lost = async (promised: readonly string[]): Promise<readonly string[]> => {
    const rows = await app.database.query<{ value: string }>(
      'select value from identifiers where value = any($1::text[])',
      [promised],
    );
    const kept = new Set(rows.map(({ value }) => value));
    return promised.filter((email) => !kept.has(email));
  };

  const harms: Readonly<Record<string, (seen: Seen) => Promise<void>>> = {
    // Whoever waits is told so while it is frozen still.
    frozen: async (seen) => {
      way.freeze();
      await expect.poll(() => count(seen.codes, 'SERVICE_UNAVAILABLE'), { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
    },
    refusing: async (seen) => {
      way.refuse();
      await expect.poll(() => count(seen.codes, 'SERVICE_UNAVAILABLE')).toBeGreaterThanOrEqual(4);
    },
    restarted: async () => way.cut(),
    slow: async () => {
      way.slow();
      await sleep(1500);
    },
  };

  test.each(Object.keys(harms))(
    'are answered or told while it is %s, and within five seconds of its return as before; nothing that was promised is lost',
    async (name) => {
      let recoveredMs = 0;
      const seen = await under(async (present) => {
        await harms[name]?.(present);
        way.heal();
        recoveredMs = await isBack();
        await sleep(300);
      });
      const codes = name === 'slow' ? ['OK'] : ['OK', 'SERVICE_UNAVAILABLE'];
      expect(seen.codes.filter((code) => !codes.includes(code))).toEqual([]);
      expect(recoveredMs).toBeLessThan(5000);
      // The time of a statement, what the server waits beyond it, and the time for a connection, before and after.
      expect(seen.longestMs).toBeLessThan(14_000);
      expect(seen.promised.length).toBeGreaterThan(0);
      expect(await lost(seen.promised)).toEqual([]);
      expect(app.log.filter((line) => line.includes('unhandled'))).toEqual([]);
    },
  );

  test('whoever signs in while it is frozen is told so while it is frozen', async () => {
    expect((await signIn()).code).toBe('OK');
    way.freeze();
    const answers = await Promise.all([signIn(), signIn(), signIn()]);
    expect(answers.map(({ code }) => code)).toEqual(Array.from({ length: 3 }, () => 'SERVICE_UNAVAILABLE'));
    way.heal();
    await expect.poll(async () => (await signIn()).code, { timeout: 5000 }).toBe('OK');
  });

  test('a frozen one is told by /readyz within seconds, and by nothing once it is back', async () => {
    const ready = async (): Promise<number> => (await fetch(`${app.url}/readyz`)).status;
    app.clock.advance(2);
    expect(await ready()).toBe(200);
    way.freeze();
    app.clock.advance(2);
    expect(await ready()).toBe(503);
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    way.heal();
    app.clock.advance(2);
    await expect.poll(ready, { timeout: 5000 }).toBe(200);
  });

  test('an empty one is told as such, and forgotten once it is full again', async () => {
    const ready = async () => (await fetch(`${app.url}/readyz`)).json();
    await app.database.query('alter schema public rename to elsewhere');
    await app.database.query('create schema public');
    app.clock.advance(2);
    expect(await ready()).toMatchObject({ status: 'DOWN', checks: { database: 'DOWN' } });
    expect([(await signIn()).code, (await admin.send(ViewerDocument, {})).code]).toEqual([
      'SERVICE_UNAVAILABLE',
      'SERVICE_UNAVAILABLE',
    ]);
    await app.database.query('drop schema public');
    await app.database.query('alter schema elsewhere rename to public');
    app.clock.advance(2);
    expect(await ready()).toMatchObject({ status: 'OK' });
    expect([(await signIn()).code, (await admin.send(ViewerDocument, {})).code]).toEqual(['OK', 'OK']);
  });

  test('a statement that gives itself more time is waited for', async () => {
    const slept = await app.database.transaction(async (em) => {
      await em.execute(`set local statement_timeout = '20s'`);
      return em.execute<{ done: string }[]>(`select 'slept' as done from pg_sleep(3.2)`);
    });
    expect(slept).toEqual([{ done: 'slept' }]);
  });
});
