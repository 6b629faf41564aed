import { beforeAll, describe, expect, test } from 'vitest';
import {
  ForgetDeviceDocument,
  RequirePasswordChangeDocument,
  RevokeSessionsDocument,
  RevokeUserSessionsDocument,
  UpdateUserDocument,
} from '../../../generated/client/graphql.ts';
import { type KeyHolder, makeKey } from '../../support/api-keys.ts';
import { type Actor, makeGroup } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { holderOf, somebody, unique } from '../../support/holder.ts';
import type { TestClient } from '../../support/test-client.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
let owner: Actor;
let key: KeyHolder;

beforeAll(async () => {
  owner = await holderOf(app(), ['view:users', 'update:users', 'view:sessions', 'revoke:sessions']);
  key = await makeKey(app(), owner);
});

const idOf = async (table: 'sessions' | 'devices'): Promise<string> => {
  const [row] = await app().database.query<{ id: string }>(`select id from ${table} where user_id = $1`, [owner.id]);
  return row?.id ?? '';
};

const moving = (client: TestClient, id: string) =>
  client.send(UpdateUserDocument, { input: { id, email: `${unique('thief')}@example.com` } });

describe('a key that may change and throw out others', () => {
  test.each<readonly [string, () => Promise<{ readonly code: string }>]>([
    ['takes the account of its owner by no other address', () => moving(key, owner.id)],
    ['nor by a number', () => key.send(UpdateUserDocument, { input: { id: owner.id, phone: '+436601234567' } })],
    ['has them choose no password', () => key.send(RequirePasswordChangeDocument, { input: { ids: [owner.id] } })],
    [
      'ends none of their sessions',
      async () => key.send(RevokeSessionsDocument, { input: { ids: [await idOf('sessions')] } }),
    ],
    ['nor all of them', () => key.send(RevokeUserSessionsDocument, { input: { userId: owner.id } })],
    [
      'nor forgets a device of theirs',
      async () => key.send(ForgetDeviceDocument, { input: { id: await idOf('devices') } }),
    ],
  ])('%s', async (_what, attempt) => {
    const { answer, changed } = await changing(app(), attempt);
    expect([answer.code, changed]).toEqual(['FORBIDDEN', []]);
  });

  test('does it to others', async () => {
    const plain = await somebody(app(), [await makeGroup(app(), unique('Plain'), [])]);
    expect((await moving(key, plain)).data.updateUser?.errors).toEqual([]);
  });
});

test('whoever may change the addresses of all confirms their identity before they change their own', async () => {
  const holder = await holderOf(app(), ['view:users', 'update:users']);
  app().clock.advance(601);
  expect((await moving(holder, holder.id)).code).toBe('STEP_UP_REQUIRED');
  expect((await moving(holder, await somebody(app()))).data.updateUser?.errors).toEqual([]);
  const named = await holder.send(UpdateUserDocument, { input: { id: holder.id, displayName: 'Another name' } });
  expect(named.data.updateUser?.errors).toEqual([]);
});
