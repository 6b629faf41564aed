import { describe, expect, test } from 'vitest';
import {
  LockUsersDocument,
  SignInDocument,
  UnlockUsersDocument,
  UserDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { type Actor, PASSWORD, signIn } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('lockUsers and unlockUsers', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const lock = (ids: readonly string[], until?: string) =>
    cast().admin.send(LockUsersDocument, { input: { ids: [...ids], reason: 'lost laptop', until } });
  const unlock = (actor: Actor, id: string) =>
    actor.send(UnlockUsersDocument, { input: { ids: [id], reason: 'found it' } });
  const trySignIn = async (identifier: string) =>
    (
      await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier, password: PASSWORD, delivery: 'BODY' } })
    ).data.signIn;

  test('is within the reach of Support over members, who may make keys for themselves, and not over administrators', async () => {
    const { support, admin } = cast();
    const member = await somebody(app());
    const input = { reason: 'they called' };
    const ofMember = await support.send(LockUsersDocument, { input: { ...input, ids: [member] } });
    expect(ofMember.data.lockUsers).toMatchObject({ errors: [], users: [{ id: member, status: 'LOCKED' }] });
    await unlock(support, member);
    const { answer, changed } = await changing(app(), () =>
      support.send(LockUsersDocument, { input: { ...input, ids: [admin.id] } }),
    );
    expect(answer.data.lockUsers?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS', targetId: admin.id }]);
    expect(changed).toEqual([]);
  });

  test('ends access at once, on every replica, and keeps the person out until unlocked', async () => {
    const replica = await startTestApp({ beside: app() });
    const person = await holderOf(app(), ['view:users']);
    const elsewhere = replica.anonymous(person.headers);
    expect((await elsewhere.send(ViewerDocument, {})).data.viewer?.user.id).toBe(person.id);
    const { answer, audit, events } = await recording(app(), () => lock([person.id]));
    expect(answer.data.lockUsers).toMatchObject({
      errors: [],
      users: [{ id: person.id, status: 'LOCKED', lockedUntil: '9999-12-31T23:59:59.000Z' }],
    });
    expect((await elsewhere.send(ViewerDocument, {})).status).toBe(401);
    expect((await person.send(ViewerDocument, {})).code).toBe('UNAUTHENTICATED');
    await replica.close();
    expect(await trySignIn(person.email)).toMatchObject({ step: 'FAILED', errors: [{ code: 'INVALID_CREDENTIALS' }] });
    expect(audit.map(({ action, actor, target }) => [action, actor.id, target.type])).toEqual([
      ['session.ended', cast().admin.id, 'Session'],
      ['user.locked', cast().admin.id, 'User'],
    ]);
    expect(audit[1]).toMatchObject({
      target: { id: person.id, label: person.email },
      metadata: { reason: 'lost laptop' },
    });
    expect(events.map(({ type, payload }) => [type, payload['userId']])).toEqual([
      ['UserStatusChanged', person.id],
      ['SessionRevoked', person.id],
    ]);
    const { answer: back, audit: log } = await recording(app(), () => unlock(cast().admin, person.id));
    expect(back.data.unlockUsers).toMatchObject({ errors: [], users: [{ status: 'ACTIVE', lockedUntil: null }] });
    expect(log).toMatchObject([
      { action: 'user.unlocked', target: { id: person.id }, metadata: { reason: 'found it' } },
    ]);
    expect((await person.send(ViewerDocument, {})).status).toBe(401);
    expect((await signIn(app(), person.email)).id).toBe(person.id);
  });

  test('ends by itself at the given instant', async () => {
    const person = await holderOf(app(), []);
    const until = new Date(app().clock.now().getTime() + 60_000).toISOString();
    const { data } = await lock([person.id], until);
    expect(data.lockUsers?.users).toMatchObject([{ status: 'LOCKED', lockedUntil: until }]);
    app().clock.advance(59);
    expect(await trySignIn(person.email)).toMatchObject({ step: 'FAILED' });
    app().clock.advance(1);
    expect((await cast().admin.send(UserDocument, { id: person.id })).data.user).toMatchObject({
      status: 'ACTIVE',
      lockedUntil: null,
    });
    expect(await trySignIn(person.email)).toMatchObject({ step: 'COMPLETE' });
  });

  test('does not end in the past', async () => {
    const person = await holderOf(app(), []);
    const { answer, changed } = await changing(app(), () => lock([person.id], app().clock.now().toISOString()));
    expect(answer.data.lockUsers?.errors).toMatchObject([{ code: 'EXPIRY_IN_PAST', field: ['until'] }]);
    expect(changed).toEqual([]);
  });

  test('tells the reason to those who may see users, not to the world', async () => {
    const person = await holderOf(app(), []);
    await lock([person.id]);
    const query = 'query($id: ID!) { user(id: $id) { statusReason failedSignInCount } }';
    expect((await cast().reader.run(query, { id: person.id })).data).toEqual({
      user: { statusReason: 'lost laptop', failedSignInCount: 0 },
    });
    expect((await cast().member.run(query, { id: person.id })).data).toEqual({ user: null });
    const refused = await trySignIn(person.email);
    expect(JSON.stringify(refused)).not.toContain('laptop');
  });

  test('takes an automatic lock off and forgets the failures behind it', async () => {
    const person = await holderOf(app(), []);
    const guess = () =>
      app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: person.email, password: 'a wrong guess', delivery: 'BODY' } });
    for (let count = 0; count < 5; count += 1) await guess();
    expect(await trySignIn(person.email)).toMatchObject({ step: 'FAILED' });
    const helper = await holderOf(app(), ['view:users', 'lock:users']);
    const { data } = await unlock(helper, person.id);
    expect(data.unlockUsers).toMatchObject({ errors: [], users: [{ status: 'ACTIVE' }] });
    expect(await trySignIn(person.email)).toMatchObject({ step: 'COMPLETE' });
  });

  test('lets a locked and then disabled account stay disabled when unlocked', async () => {
    const person = await holderOf(app(), []);
    await lock([person.id]);
    await cast().admin.run(
      `mutation { disableUsers(input: { ids: ["${person.id}"], reason: "left" }) { errors { code } } }`,
    );
    const { data } = await unlock(cast().admin, person.id);
    expect(data.unlockUsers?.users).toMatchObject([{ status: 'DISABLED' }]);
    const query = `{ user(id: "${person.id}") { statusReason } }`;
    expect((await cast().admin.run(query)).data).toEqual({ user: { statusReason: 'left' } });
  });
});
