import { describe, expect, test } from 'vitest';
import { UpdateApiKeyDocument, type UpdateApiKeyInput, ViewerDocument } from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey, makeService } from '../../support/api-keys.ts';
import { makeGroup } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { recording } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);
const DAY = 86_400;

const inSeconds = (seconds: number): string => new Date(app().clock.now().getTime() + seconds * 1000).toISOString();

const update = async (actor: TestClient, input: UpdateApiKeyInput) => {
  const { data, errors } = await actor.send(UpdateApiKeyDocument, { input });
  const payload = data?.updateApiKey;
  const codes = [
    ...errors.map(({ extensions }) => extensions.code),
    ...(payload?.errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
  ];
  return { apiKey: payload?.apiKey ?? null, codes };
};

describe('updateApiKey', () => {
  test('changes what is given and keeps the rest; the log tells both', async () => {
    const actor = await holderOf(app(), ['view:users', 'view:stats']);
    const key = await makeKey(app(), actor, {
      permissions: grants('view:users'),
      networks: ['127.0.0.0/8'],
      name: 'Old',
    });
    const [{ apiKey, codes }, { audit, events }] = await recording(app(), () =>
      update(actor, {
        id: key.keyId,
        name: 'New',
        permissions: grants('view:stats'),
        networks: [],
        expiresAt: inSeconds(DAY),
        rateLimitPerMinute: 5,
        expectedVersion: 1,
      }),
    );
    expect(codes).toEqual([]);
    expect(apiKey).toMatchObject({
      name: 'New',
      permissions: grants('view:stats'),
      networks: [],
      expiresAt: inSeconds(DAY),
      rateLimitPerMinute: 5,
      version: 2,
    });
    const fields = ['name', 'permissions', 'networks', 'expiresAt', 'rateLimitPerMinute'];
    expect(audit).toMatchObject([
      { action: 'api-key.updated', actor_id: actor.id, target_id: key.keyId, metadata: { ownerId: actor.id, fields } },
    ]);
    expect(events).toEqual([{ type: 'ApiKeyChanged', payload: { apiKeyId: key.keyId, ownerId: actor.id, fields } }]);
    const kept = await update(actor, { id: key.keyId, rateLimitPerMinute: null });
    expect(kept.apiKey).toMatchObject({ name: 'New', rateLimitPerMinute: null, expiresAt: inSeconds(DAY), version: 3 });
    expect((await key.send(ViewerDocument, {})).status).toBe(200);
  });

  test('that changes nothing writes nothing', async () => {
    const key = await makeKey(app(), cast().member, { name: 'Same' });
    const before = await databaseState(app());
    expect((await update(cast().member, { id: key.keyId, name: 'Same' })).apiKey?.version).toBe(1);
    expect(await databaseState(app())).toEqual(before);
  });

  test('takes grants away at once; an empty list leaves none, and ends `allMyPermissions`', async () => {
    const actor = await holderOf(app(), ['view:groups']);
    const key = await makeKey(app(), actor);
    const GROUPS = '{ groups(first: 1) { totalCount } }';
    expect((await key.run(GROUPS)).code).toBe('OK');
    const { apiKey } = await update(actor, { id: key.keyId, permissions: [] });
    expect([apiKey?.allMyPermissions, apiKey?.permissions]).toEqual([false, []]);
    expect((await key.run(GROUPS)).code).toBe('FORBIDDEN');
  });

  test('refuses another version with the present key, and of fifty at once lets one through', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member, { name: 'Race' });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        update(member, { id: key.keyId, name: `Race ${index}`, expectedVersion: 1 }),
      ),
    );
    expect(answers.filter(({ codes }) => codes.length === 0)).toHaveLength(1);
    const conflicts = answers.filter(({ codes }) => codes[0] === 'VERSION_CONFLICT expectedVersion');
    expect(conflicts).toHaveLength(49);
    expect(new Set(conflicts.map(({ apiKey }) => apiKey?.version))).toEqual(new Set([2]));
  });

  test.each<[string, Omit<UpdateApiKeyInput, 'id'>, string]>([
    ['a blank name', { name: ' ' }, 'REQUIRED name'],
    ['more than the owner holds', { permissions: grants('view:audit') }, 'EXCEEDS_OWN_PERMISSIONS permissions 0'],
    ['what no key can hold', { permissions: grants('create-own:api-keys') }, 'NOT_GRANTABLE_TO_API_KEY permissions 0'],
    ['an unknown permission', { permissions: grants('fly:users') }, 'UNKNOWN_PERMISSION permissions 0 action'],
    ['no range', { networks: ['everywhere'] }, 'INVALID_NETWORK networks 0'],
    ['a limit above that of the server', { rateLimitPerMinute: 601 }, 'INVALID_VALUE rateLimitPerMinute'],
  ])('refuses %s', async (_what, change, wanted) => {
    const actor = await holderOf(app(), ['view:stats']);
    const key = await makeKey(app(), actor);
    const before = await databaseState(app());
    expect((await update(actor, { id: key.keyId, ...change })).codes).toEqual([wanted]);
    expect(await databaseState(app())).toEqual(before);
  });

  test('never moves the end on, and never into the past', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member, { expiresAt: inSeconds(DAY) });
    const to = async (seconds: number) =>
      (await update(member, { id: key.keyId, expiresAt: inSeconds(seconds) })).codes;
    expect(await to(DAY + 1)).toEqual(['EXPIRY_TOO_FAR expiresAt']);
    expect(await to(0)).toEqual(['EXPIRY_IN_PAST expiresAt']);
    expect(await to(DAY / 2)).toEqual([]);
    expect(await to(DAY)).toEqual(['EXPIRY_TOO_FAR expiresAt']);
  });

  test('gives a key of one’s own more than it had to those only who may make keys', async () => {
    const actor = await holderOf(app(), ['view:stats', 'view:groups']);
    const networks = ['127.0.0.0/8', '192.0.2.0/24'];
    const { keyId: id } = await makeKey(app(), actor, { permissions: grants('view:stats'), networks });
    await app().database.query('delete from memberships where user_id = $1 and group_id = $2', [
      actor.id,
      MEMBERS_GROUP_ID,
    ]);
    const codesOf = async (change: Omit<UpdateApiKeyInput, 'id'>) => (await update(actor, { id, ...change })).codes;
    for (const more of [{ permissions: grants('view:stats', 'view:groups') }, { networks: [] }, { networks: ['::/0'] }])
      expect(await codesOf(more)).toEqual(['FORBIDDEN']);
    expect(await codesOf({ name: 'Less', networks: ['127.0.0.0/8'] })).toEqual([]);
    expect(await codesOf({ permissions: [] })).toEqual([]);
  });

  test('is not done to a key that is over', async () => {
    const { member } = cast();
    const revoked = await makeKey(app(), member);
    await member.run(`mutation { revokeApiKey(input: { id: "${revoked.keyId}" }) { errors { code } } }`);
    expect((await update(member, { id: revoked.keyId, name: 'x' })).codes).toEqual(['API_KEY_INACTIVE id']);
  });

  test('is for owners, and for service accounts by `create:api-keys` within what one holds', async () => {
    const maker = await holderOf(app(), ['create:api-keys', 'view:api-keys', 'view:users', 'view:stats']);
    const service = await makeService(app(), [await makeGroup(app(), unique('weak'), ['view:stats', 'view:audit'])]);
    const key = await makeKey(app(), maker, { ownerId: service, permissions: grants('view:stats') });
    const personal = await makeKey(app(), cast().member);
    const change = async (actor: TestClient, id: string) => (await update(actor, { id, name: 'Changed' })).codes;
    expect(await change(maker, personal.keyId)).toEqual(['OWNER_NOT_SERVICE_ACCOUNT id']);
    expect(await change(cast().support, key.keyId)).toEqual(['TARGET_NOT_FOUND id']);
    expect(await change(app().anonymous(), key.keyId)).toEqual(['UNAUTHENTICATED']);
    expect(await change(maker, newId())).toEqual(['TARGET_NOT_FOUND id']);
    expect(await change(maker, key.keyId)).toEqual([]);
    const wider = await update(maker, { id: key.keyId, permissions: grants('view:audit') });
    expect(wider.codes).toEqual(['EXCEEDS_OWN_PERMISSIONS id']);
  });
});
