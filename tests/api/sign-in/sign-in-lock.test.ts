import { describe, expect, test } from 'vitest';
import {
  RefreshSessionDocument,
  SignInDocument,
  UsersDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { cookieOf, recording } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('failed sign-ins', () => {
  const app = useTestApp();
  const attempt = (identifier: string, password = PASSWORD) =>
    app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } });
  const stepOf = async (identifier: string, password = PASSWORD) =>
    (await attempt(identifier, password)).data.signIn?.step;
  const guess = async (identifier: string, times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      expect(await stepOf(identifier, `wrong guess number ${time}`)).toBe('FAILED');
    }
  };
  const counterOf = async (id: UserId) => {
    const [row] = await app().database.query<{ failed: number; locked: Date | string | null; reason: string | null }>(
      'select failed_sign_in_count as failed, locked_until as locked, status_reason as reason from users where id = $1',
      [id],
    );
    const locked = row?.locked ?? null;
    return {
      failed: row?.failed,
      locked: locked === null ? null : new Date(locked).toISOString(),
      reason: row?.reason,
    };
  };
  const until = (seconds: number): string => new Date(app().clock.now().getTime() + seconds * 1000).toISOString();

  test('lock the account for fifteen minutes at the fifth, and the right password does not help', async () => {
    const id = await makePerson(app(), { email: 'five@lock.example' });
    await guess('five@lock.example', 4);
    expect(await counterOf(id)).toEqual({ failed: 4, locked: null, reason: null });
    await guess('five@lock.example', 1);
    expect(await counterOf(id)).toEqual({ failed: 5, locked: until(900), reason: null });
    expect(await stepOf('five@lock.example')).toBe('FAILED');
    app().clock.advance(899);
    expect(await stepOf('five@lock.example')).toBe('FAILED');
    app().clock.advance(1);
    expect(await stepOf('five@lock.example')).toBe('COMPLETE');
    expect(await counterOf(id)).toEqual({ failed: 0, locked: null, reason: null });
  });

  test('are forgotten by a right password, the one in the fifth try included', async () => {
    const id = await makePerson(app(), { email: 'reset@lock.example' });
    await guess('reset@lock.example', 4);
    expect(await stepOf('reset@lock.example')).toBe('COMPLETE');
    expect(await counterOf(id)).toEqual({ failed: 0, locked: null, reason: null });
    await guess('reset@lock.example', 4);
    expect(await stepOf('reset@lock.example')).toBe('COMPLETE');
  });

  test('are counted anew after a lock is over', async () => {
    const id = await makePerson(app(), { email: 'anew@lock.example' });
    await guess('anew@lock.example', 5);
    app().clock.advance(901);
    await guess('anew@lock.example', 1);
    expect(await counterOf(id)).toEqual({ failed: 1, locked: null, reason: null });
    await guess('anew@lock.example', 4);
    expect((await counterOf(id)).locked).toBe(until(900));
  });

  test('do not make a lock longer while it lasts', async () => {
    const id = await makePerson(app(), { email: 'longer@lock.example' });
    await guess('longer@lock.example', 5);
    const locked = await counterOf(id);
    app().clock.advance(600);
    await guess('longer@lock.example', 3);
    expect(await counterOf(id)).toEqual(locked);
  });

  test('of fifty at once have at most five passwords looked at, and a right one sent after them is refused', async () => {
    const id = await makePerson(app(), { email: 'burst@lock.example' });
    const [late, { audit }] = await recording(app(), async () => {
      let answered = 0;
      let lateTry: ReturnType<typeof stepOf> | null = null;
      const guesses = Array.from({ length: 50 }, async (_unused, number) => {
        const step = await stepOf('burst@lock.example', `guess ${number}`);
        answered += 1;
        // Five answers mean that five tries were counted: from here on nothing may be looked at.
        if (answered === 5) lateTry = stepOf('burst@lock.example');
        return step;
      });
      const steps = await Promise.all(guesses);
      expect(new Set(steps)).toEqual(new Set(['FAILED']));
      return lateTry;
    });
    expect(late).toBe('FAILED');
    const reasons = audit.map(({ metadata }) => metadata['reason']);
    expect(reasons.filter((reason) => reason === 'WRONG_PASSWORD')).toHaveLength(5);
    expect(reasons.filter((reason) => reason === 'LOCKED')).toHaveLength(46);
    expect(await counterOf(id)).toEqual({ failed: 5, locked: until(900), reason: null });
  });

  test('are counted across replicas', async () => {
    const replica = await startTestApp({ beside: app() });
    const id = await makePerson(app(), { email: 'replica@lock.example' });
    await guess('replica@lock.example', 3);
    const input = { identifier: 'replica@lock.example', password: 'wrong guess', delivery: 'BODY' as const };
    await replica.anonymous().send(SignInDocument, { input });
    await replica.anonymous().send(SignInDocument, { input });
    expect((await counterOf(id)).locked).toBe(until(900));
    const right = await replica.anonymous().send(SignInDocument, { input: { ...input, password: PASSWORD } });
    expect(right.data.signIn?.step).toBe('FAILED');
    await replica.close();
  });

  test('of a stranger leave the sessions of the owner alone: bearer, cookie and refresh go on', async () => {
    await makePerson(app(), { email: 'victim@lock.example' });
    const body = await signIn(app(), 'victim@lock.example');
    const cookie = cookieOf(
      await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: 'victim@lock.example', password: PASSWORD, delivery: 'COOKIE' } }),
    );
    await guess('victim@lock.example', 5);
    const { data } = await body.send(ViewerDocument, {});
    expect(data.viewer?.user).toMatchObject({ status: 'LOCKED', lockedUntil: until(900) });
    const byCookie = await app().anonymous({ cookie: cookie.pair }).send(ViewerDocument, {});
    expect(byCookie.data.viewer?.user.email).toBe('victim@lock.example');
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: body.refreshToken } });
    expect(refreshed.data.refreshSession?.errors).toEqual([]);
    expect(await stepOf('victim@lock.example')).toBe('FAILED');
  });

  test('do not lift a lock by an administrator, which keeps every session out', async () => {
    const id = await makePerson(app(), { email: 'byhand@lock.example' });
    const body = await signIn(app(), 'byhand@lock.example');
    // Only the mark on the account, sessions untouched: as a sign-in sees it that ran at the same moment.
    await app().database.query(`update users set locked_until = '9999-12-31', status_reason = 'left' where id = $1`, [
      id,
    ]);
    expect((await body.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    const refreshed = await app()
      .anonymous()
      .send(RefreshSessionDocument, { input: { refreshToken: body.refreshToken } });
    expect(refreshed.data.refreshSession?.errors.map(({ code }) => code)).toEqual(['TOKEN_EXPIRED']);
    await guess('byhand@lock.example', 6);
    expect(await stepOf('byhand@lock.example')).toBe('FAILED');
    expect(await counterOf(id)).toEqual({ failed: 0, locked: '9999-12-31T00:00:00.000Z', reason: 'left' });
  });

  test('against an address that nobody has leave no trace that another request could see', async () => {
    const { admin } = await app().cast();
    const count = async () => (await admin.send(UsersDocument, { first: 1 })).data.users?.totalCount;
    const before = await count();
    await guess('nobody@lock.example', 7);
    expect(await count()).toBe(before);
  });
});
