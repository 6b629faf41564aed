import { describe, expect, test } from 'vitest';
import { DeleteApiKeyDocument, RevokeApiKeyDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { callingAt, makeKey, makeService } from '../../support/api-keys.ts';
import { databaseState } from '../../support/database-state.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { recording } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const revoke = async (actor: TestClient, id: string, reason?: string) => {
  const input = reason === undefined ? { id } : { id, reason };
  const { data, errors } = await actor.send(RevokeApiKeyDocument, { input });
  const payload = data?.revokeApiKey;
  const codes = [
    ...errors.map(({ extensions }) => extensions.code),
    ...(payload?.errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
  ];
  return { apiKey: payload?.apiKey ?? null, codes };
};

const remove = async (actor: TestClient, id: string): Promise<readonly (string | null)[]> => {
  const { data, errors } = await actor.send(DeleteApiKeyDocument, { input: { id } });
  const payload = data?.deleteApiKey;
  return [
    payload?.deletedApiKeyId ?? null,
    ...errors.map(({ extensions }) => extensions.code),
    ...(payload?.errors ?? []).map(({ code }) => code),
  ];
};

const statusOf = async (client: TestClient): Promise<number> => (await client.send(ViewerDocument, {})).status;

describe('revokeApiKey', () => {
  test('ends a key at once, in every replica; it stays in the list', async () => {
    const { member } = cast();
    const replica = await startTestApp({ beside: app() });
    const key = await makeKey(app(), member);
    const there = callingAt(replica, key);
    expect(await statusOf(there)).toBe(200);
    const [{ apiKey, codes }, { audit, events }] = await recording(app(), () => revoke(member, key.keyId, 'Leaked'));
    expect(await statusOf(there)).toBe(401);
    expect(await statusOf(key)).toBe(401);
    expect(codes).toEqual([]);
    expect(apiKey).toMatchObject({ status: 'REVOKED', revokedAt: app().clock.now().toISOString(), version: 2 });
    expect(audit).toMatchObject([
      {
        action: 'api-key.revoked',
        actor_id: member.id,
        target_type: 'ApiKey',
        target_id: key.keyId,
        metadata: { ownerId: member.id, reason: 'Leaked' },
      },
    ]);
    expect(events).toEqual([{ type: 'ApiKeyRevoked', payload: { apiKeyId: key.keyId, ownerId: member.id } }]);
    await replica.close();
  });

  test('of fifty at once one succeeds', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const answers = await Promise.all(Array.from({ length: 50 }, () => revoke(member, key.keyId)));
    expect(answers.filter(({ codes }) => codes.length === 0)).toHaveLength(1);
    expect(answers.filter(({ codes }) => codes[0] === 'API_KEY_INACTIVE id')).toHaveLength(49);
  });

  test('leaves no request through that comes after it, however many run beside it', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const running = Array.from({ length: 20 }, () => statusOf(key));
    await revoke(member, key.keyId);
    expect(await Promise.all(Array.from({ length: 20 }, () => statusOf(key)))).toEqual(Array(20).fill(401));
    expect((await Promise.all(running)).every((status) => status === 200 || status === 401)).toBe(true);
  });

  test('of others takes `revoke:api-keys`; keys that one does not see look like none', async () => {
    const officer = await holderOf(app(), ['revoke:api-keys']);
    const viewer = await holderOf(app(), ['view:api-keys']);
    const key = await makeKey(app(), cast().member);
    const before = await databaseState(app());
    expect((await revoke(cast().support, key.keyId)).codes).toEqual(['TARGET_NOT_FOUND id']);
    expect((await revoke(viewer, key.keyId)).codes).toEqual(['FORBIDDEN']);
    expect((await revoke(app().anonymous(), key.keyId)).codes).toEqual(['UNAUTHENTICATED']);
    expect((await revoke(officer, newId())).codes).toEqual(['TARGET_NOT_FOUND id']);
    expect((await revoke(officer, key.keyId, 'x'.repeat(501))).codes).toEqual(['TOO_LONG reason']);
    expect(await databaseState(app())).toEqual(before);
    expect((await revoke(officer, key.keyId)).codes).toEqual([]);
    expect(await statusOf(key)).toBe(401);
  });

  test('by a key: itself, no other key of its owner, and others’ with `revoke:api-keys`', async () => {
    const { admin, member } = cast();
    const plain = await makeKey(app(), admin, { permissions: grants('view:users') });
    const sibling = await makeKey(app(), admin, { permissions: grants('view:users') });
    const officer = await makeKey(app(), admin, { permissions: grants('revoke:api-keys') });
    const others = await makeKey(app(), member);
    expect((await revoke(plain, sibling.keyId)).codes).toEqual(['TARGET_NOT_FOUND id']);
    expect((await revoke(plain, others.keyId)).codes).toEqual(['TARGET_NOT_FOUND id']);
    expect((await revoke(officer, others.keyId)).codes).toEqual([]);
    expect((await revoke(officer, sibling.keyId)).codes).toEqual([]);
    const [, { audit }] = await recording(app(), () => revoke(plain, plain.keyId));
    expect(audit).toMatchObject([{ action: 'api-key.revoked', actor_id: plain.keyId, target_id: plain.keyId }]);
    expect(await statusOf(plain)).toBe(401);
  });
});

describe('deleteApiKey', () => {
  test('ends a key and takes it out of the list', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const [answer, { audit, events }] = await recording(app(), () => remove(member, key.keyId));
    expect(answer).toEqual([key.keyId]);
    expect(await statusOf(key)).toBe(401);
    expect(audit).toMatchObject([{ action: 'api-key.deleted', actor_id: member.id, target_id: key.keyId }]);
    expect(events).toEqual([{ type: 'ApiKeyRevoked', payload: { apiKeyId: key.keyId, ownerId: member.id } }]);
    expect((await member.run(`{ apiKey(id: "${key.keyId}") { id } }`)).code).toBe('NOT_FOUND');
    expect(await remove(member, key.keyId)).toEqual([null, 'TARGET_NOT_FOUND']);
  });

  test('removes revoked keys, too; of fifty at once one succeeds', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    await revoke(member, key.keyId);
    const answers = await Promise.all(Array.from({ length: 50 }, () => remove(member, key.keyId)));
    expect(answers.filter(([id]) => id === key.keyId)).toHaveLength(1);
  });

  test('is as revokeApiKey about who may', async () => {
    const key = await makeKey(app(), cast().admin, { ownerId: await makeService(app()) });
    expect(await remove(cast().support, key.keyId)).toEqual([null, 'TARGET_NOT_FOUND']);
    expect(await remove(await holderOf(app(), ['view:api-keys']), key.keyId)).toEqual([null, 'FORBIDDEN']);
    expect(await remove(key, key.keyId)).toEqual([key.keyId]);
  });
});
