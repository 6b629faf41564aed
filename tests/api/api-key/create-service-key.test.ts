import { describe, expect, test } from 'vitest';
import { CreateApiKeyDocument, type CreateApiKeyInput, ViewerDocument } from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { callingAt, makeKey, makeService } from '../../support/api-keys.ts';
import { type Actor, makeGroup, makePerson } from '../../support/cast.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

/** The codes of errors, with their fields; a denial as its code alone. */
const refusals = async (actor: TestClient, input: Partial<CreateApiKeyInput>): Promise<readonly string[]> => {
  const { data, errors } = await actor.send(CreateApiKeyDocument, { input: { name: 'Key', ...input } });
  return [
    ...errors.map(({ extensions }) => extensions.code),
    ...(data?.createApiKey?.errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
  ];
};

/** Somebody with `create:api-keys` and what goes with it, and these permissions. */
const keyMaker = (...permissions: readonly string[]): Promise<Actor> =>
  holderOf(app(), ['create:api-keys', 'view:api-keys', 'view:users', ...permissions]);

describe('createApiKey for somebody else', () => {
  test('is for service accounts only, with `create:api-keys`', async () => {
    const maker = await keyMaker();
    const service = await makeService(app());
    const person = await makePerson(app(), { email: `${unique('person')}@example.com` });
    expect(await refusals(maker, { ownerId: person, allMyPermissions: true })).toEqual([
      'OWNER_NOT_SERVICE_ACCOUNT ownerId',
    ]);
    expect(await refusals(maker, { ownerId: newId(), allMyPermissions: true })).toEqual(['TARGET_NOT_FOUND ownerId']);
    expect(await refusals(cast().member, { ownerId: service, allMyPermissions: true })).toEqual(['FORBIDDEN']);
    const key = await makeKey(app(), maker, { ownerId: service, allMyPermissions: true, rateLimitPerMinute: 5000 });
    const { data } = await key.run<{ viewer: { user: { id: string; kind: string } } }>(
      '{ viewer { user { id kind } } }',
    );
    expect(data.viewer.user).toEqual({ id: service, kind: 'SERVICE' });
  });

  test('that the caller does not see looks like nobody', async () => {
    const blind = await holderOf(app(), ['create:api-keys']);
    expect(await refusals(blind, { ownerId: await makeService(app()), allMyPermissions: true })).toEqual([
      'TARGET_NOT_FOUND ownerId',
    ]);
  });

  test('never gives the caller more than they hold', async () => {
    const group = await makeGroup(app(), unique('strong'), ['view:audit', 'view:stats']);
    const service = await makeService(app(), [group]);
    const maker = await keyMaker('view:stats');
    expect(await refusals(maker, { ownerId: service, allMyPermissions: true })).toEqual([
      'EXCEEDS_OWN_PERMISSIONS allMyPermissions',
    ]);
    expect(await refusals(maker, { ownerId: service, permissions: grants('view:audit') })).toEqual([
      'EXCEEDS_OWN_PERMISSIONS permissions',
    ]);
    expect(await refusals(maker, { ownerId: service, permissions: grants('view:stats') })).toEqual([]);
    expect(await refusals(maker, { ownerId: service, permissions: grants('view:users') })).toEqual([
      'EXCEEDS_OWN_PERMISSIONS permissions 0',
    ]);
  });

  test('works in another replica at once', async () => {
    const replica = await startTestApp({ beside: app() });
    const key = await makeKey(app(), await keyMaker('view:stats'), {
      ownerId: await makeService(app()),
      allMyPermissions: true,
    });
    expect((await callingAt(replica, key).send(ViewerDocument, {})).status).toBe(200);
    await replica.close();
  });
});
