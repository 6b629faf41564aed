import { describe, expect, test } from 'vitest';
import { RotateApiKeyDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { KeyHolder, makeKey, makeService } from '../../support/api-keys.ts';
import { makeGroup, makePerson } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { recording } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const rotate = async (actor: TestClient, id: string, overlapSeconds?: number) => {
  const input = overlapSeconds === undefined ? { id } : { id, overlapSeconds };
  const { data, errors } = await actor.send(RotateApiKeyDocument, { input });
  return { ...data?.rotateApiKey, denied: errors.map(({ extensions }) => extensions.code) };
};
const codesOf = ({ denied, errors }: Awaited<ReturnType<typeof rotate>>): readonly string[] => [
  ...denied,
  ...(errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
];

const statusOf = async (secret: string | null | undefined): Promise<number> =>
  (await new KeyHolder(`${app().url}/graphql`, { keyId: newId(), secret: secret ?? '' }).send(ViewerDocument, {}))
    .status;

describe('rotateApiKey', () => {
  test('gives a new secret and ends the one before at once, in every replica', async () => {
    const { member } = cast();
    const replica = await startTestApp({ beside: app() });
    const key = await makeKey(app(), member);
    const [answer, { audit, events }] = await recording(app(), () => rotate(member, key.keyId));
    expect(codesOf(answer)).toEqual([]);
    expect(answer.apiKey).toMatchObject({
      id: key.keyId,
      prefix: answer.secret?.slice(0, 16),
      overlapUntil: null,
      status: 'ACTIVE',
      version: 2,
    });
    expect([await statusOf(key.secret), await statusOf(answer.secret)]).toEqual([401, 200]);
    const there = new KeyHolder(`${replica.url}/graphql`, key);
    expect((await there.send(ViewerDocument, {})).status).toBe(401);
    const facts = { ownerId: member.id, prefix: answer.apiKey?.prefix, overlapSeconds: 0 };
    expect(audit).toMatchObject([
      { action: 'api-key.rotated', actor_id: member.id, target_id: key.keyId, metadata: facts },
    ]);
    expect(events).toEqual([{ type: 'ApiKeyChanged', payload: { apiKeyId: key.keyId, ...facts } }]);
    await replica.close();
  });

  test('lets the old secret work on for the overlap, to the instant', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const { secret, apiKey } = await rotate(member, key.keyId, 60);
    expect(apiKey?.overlapUntil).toBe(new Date(app().clock.now().getTime() + 60_000).toISOString());
    app().clock.advance(59);
    expect([await statusOf(key.secret), await statusOf(secret)]).toEqual([200, 200]);
    app().clock.advance(1);
    expect([await statusOf(key.secret), await statusOf(secret)]).toEqual([401, 200]);
  });

  test('a second time ends what still worked on from the first', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const first = await rotate(member, key.keyId, 600);
    const second = await rotate(member, key.keyId, 600);
    const all = [key.secret, first.secret, second.secret];
    expect(await Promise.all(all.map((secret) => statusOf(secret)))).toEqual([401, 200, 200]);
  });

  test('a revoked key ends with both of its secrets', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const { secret } = await rotate(member, key.keyId, 600);
    await member.run(`mutation { revokeApiKey(input: { id: "${key.keyId}" }) { errors { code } } }`);
    expect([await statusOf(key.secret), await statusOf(secret)]).toEqual([401, 401]);
    expect(codesOf(await rotate(member, key.keyId))).toEqual(['API_KEY_INACTIVE id']);
  });

  test.each([
    [0, 1],
    [600, 2],
  ])('fifty at once with an overlap of %i s leave %i secrets that work', async (overlapSeconds, working) => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    const answers = await Promise.all(Array.from({ length: 50 }, () => rotate(member, key.keyId, overlapSeconds)));
    expect(answers.flatMap((answer) => codesOf(answer))).toEqual([]);
    const all = [key.secret, ...answers.map(({ secret }) => secret)];
    const statuses = await Promise.all(all.map((secret) => statusOf(secret)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(working);
    expect(Math.max(...answers.map(({ apiKey }) => apiKey?.version ?? 0))).toBe(51);
  });

  test.each([-1, 604_801])('refuses an overlap of %i s', async (overlapSeconds) => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    expect(codesOf(await rotate(member, key.keyId, overlapSeconds))).toEqual(['INVALID_VALUE overlapSeconds']);
    expect(await statusOf(key.secret)).toBe(200);
  });

  test('is not done to an expired key', async () => {
    const { member } = cast();
    const key = await makeKey(app(), member);
    await app().database.query('update api_keys set expires_at = $2 where id = $1', [
      key.keyId,
      app().clock.now().toISOString(),
    ]);
    expect(codesOf(await rotate(member, key.keyId))).toEqual(['API_KEY_INACTIVE id']);
  });

  test('of a service account takes `create:api-keys` and no more power than one has; of a person nobody else does it', async () => {
    const maker = await holderOf(app(), ['create:api-keys', 'view:api-keys', 'view:users', 'view:stats']);
    const viewer = await holderOf(app(), ['view:api-keys', 'view:users']);
    const weak = await makeKey(app(), maker, {
      ownerId: await makeService(app(), [await makeGroup(app(), unique('weak'), ['view:stats'])]),
    });
    const strongOwner = await makeService(app(), [await makeGroup(app(), unique('strong'), ['view:audit'])]);
    const strong = await makeKey(app(), cast().admin, { ownerId: strongOwner });
    const personal = await makeKey(app(), cast().member);
    const before = await databaseState(app());
    expect(codesOf(await rotate(maker, strong.keyId))).toEqual(['EXCEEDS_OWN_PERMISSIONS id']);
    expect(codesOf(await rotate(maker, personal.keyId))).toEqual(['OWNER_NOT_SERVICE_ACCOUNT id']);
    expect(codesOf(await rotate(cast().admin, personal.keyId))).toEqual(['OWNER_NOT_SERVICE_ACCOUNT id']);
    expect(codesOf(await rotate(viewer, weak.keyId))).toEqual(['FORBIDDEN']);
    expect(codesOf(await rotate(cast().member, weak.keyId))).toEqual(['TARGET_NOT_FOUND id']);
    expect(codesOf(await rotate(maker, newId()))).toEqual(['TARGET_NOT_FOUND id']);
    expect(codesOf(await rotate(maker, 'x'))).toEqual(['TARGET_NOT_FOUND id']);
    expect(await databaseState(app())).toEqual(before);
    const { secret } = await rotate(maker, weak.keyId);
    expect([await statusOf(weak.secret), await statusOf(secret)]).toEqual([401, 200]);
  });

  test('needs the right to make keys, also for one’s own', async () => {
    const actor = await holderOf(app(), ['view:stats']);
    const key = await makeKey(app(), actor);
    await app().database.query(
      `delete from memberships where user_id = $1 and group_id in (select id from groups where name = 'Members')`,
      [actor.id],
    );
    expect(codesOf(await rotate(actor, key.keyId))).toEqual(['FORBIDDEN']);
    await makePerson(app(), { email: `${unique('other')}@example.com` });
    expect(await statusOf(key.secret)).toBe(200);
  });
});
