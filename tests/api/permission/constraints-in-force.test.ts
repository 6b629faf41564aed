import { describe, expect, test } from 'vitest';
import {
  type PermissionInput,
  RequirePasswordChangeDocument,
  SetGroupPermissionsDocument,
  UpdateUserDocument,
  UsersDocument,
} from '../../../generated/client/graphql.ts';
import { SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, signIn } from '../../support/cast.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, somebody, unique } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('a grant in force', () => {
  const app = useTestApp({ settings: { 'server.trustedProxies': '127.0.0.1/32' } });
  const set = async (id: string, permissions: PermissionInput[]): Promise<void> => {
    const { admin } = await app().cast();
    const { data } = await admin.send(SetGroupPermissionsDocument, { input: { id, permissions } });
    expect(data.setGroupPermissions?.errors).toEqual([]);
  };
  const seen = async (actor: Pick<Actor, 'send'>): Promise<number> =>
    (await actor.send(UsersDocument, { first: 2 })).data.users?.nodes.length ?? 0;

  test('changes with the group from the next request on, in a second replica too', async () => {
    const replica = await startTestApp({ beside: app() });
    const person = await holderOf(app(), []);
    const elsewhere = replica.anonymous(person.headers);
    for (const permissions of [['view:users'], [], ['admin:*'], ['view:audit'], ['view:*']]) {
      await set(person.groupId, grants(...permissions));
      expect(await seen(elsewhere)).toBe(['view:users', 'admin:*', 'view:*'].includes(permissions[0] ?? '') ? 2 : 1);
    }
    await replica.close();
  });

  test('with networks holds from there only, however the address is written', async () => {
    const person = await holderOf(app(), []);
    await set(person.groupId, [
      {
        action: 'view',
        resource: 'users',
        constraints: [{ kind: 'NETWORKS', networks: ['192.0.2.0/24', '2001:db8::/32'] }],
      },
    ]);
    const from = (address: string) => seen(person.with({ 'x-forwarded-for': address }));
    for (const inside of ['192.0.2.7', '::ffff:192.0.2.7', '2001:DB8::1', '2001:0db8:0000::0001'])
      expect(await from(inside)).toBe(2);
    for (const outside of ['192.0.3.7', '2001:db9::1', '192.0.2.7, 198.51.100.1']) expect(await from(outside)).toBe(1);
    expect(await seen(person)).toBe(1);
  });

  test('with networks does not hold where a proxy tells no address: its own is not that of the client', async () => {
    const person = await holderOf(app(), []);
    await set(person.groupId, [
      { action: 'view', resource: 'users', constraints: [{ kind: 'NETWORKS', networks: ['127.0.0.0/8'] }] },
    ]);
    expect(await seen(person)).toBe(2);
    for (const address of ['unknown', '192.0.2.7, unknown'])
      expect(await seen(person.with({ 'x-forwarded-for': address }))).toBe(1);
  });

  test('with networks does not believe a header of somebody who is no proxy', async () => {
    const plain = await startTestApp({ beside: app() });
    const person = await holderOf(app(), []);
    await set(person.groupId, [
      { action: 'view', resource: 'users', constraints: [{ kind: 'NETWORKS', networks: ['192.0.2.0/24'] }] },
    ]);
    expect(await seen(plain.anonymous({ ...person.headers, 'x-forwarded-for': '192.0.2.7' }))).toBe(1);
    await plain.close();
  });

  test('with a time window holds within it only', async () => {
    const person = await holderOf(app(), []);
    const midnight = new Date(app().clock.now());
    midnight.setUTCHours(24, 0, 0, 0);
    const days = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
    const tomorrow = days[midnight.getUTCDay()] ?? 'MONDAY';
    await set(person.groupId, [
      {
        action: 'view',
        resource: 'users',
        constraints: [
          { kind: 'TIME_WINDOW', timeWindow: { days: [tomorrow], start: '08:00', end: '17:00', timeZone: 'UTC' } },
        ],
      },
    ]);
    const at = async (hours: number): Promise<number> => {
      app().clock.advance((midnight.getTime() - app().clock.now().getTime()) / 1000 + hours * 3600);
      return seen(await signIn(app(), person.email));
    };
    expect([await at(7.99), await at(8), await at(16.99), await at(17), await at(32)]).toEqual([1, 2, 2, 1, 1]);
  });

  test('under a constraint reaches people who hold the same without, to lock them out, not to take their account over', async () => {
    const helper = await holderOf(app(), []);
    const here = [{ kind: 'NETWORKS' as const, networks: ['127.0.0.0/8'] }];
    await set(helper.groupId, [{ action: 'admin', resource: '*', constraints: here }]);
    const peer = await somebody(app(), [SUPPORT_GROUP_ID]);
    const ids = [peer];
    const locked = await helper.send(RequirePasswordChangeDocument, { input: { ids } });
    expect(locked.data.requirePasswordChange?.errors).toEqual([]);
    const taken = await helper.send(UpdateUserDocument, {
      input: { id: peer, email: `${unique('mine')}@example.com` },
    });
    expect(taken.data.updateUser?.errors).toMatchObject([{ code: 'EXCEEDS_OWN_PERMISSIONS', targetId: peer }]);
  });
});
