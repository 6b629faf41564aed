import { beforeAll, describe, expect, test } from 'vitest';
import {
  ApiKeyDocument,
  type ApiKeyFilter,
  ApiKeysDocument,
  type ApiKeysQueryVariables,
  ApiKeysOfUserDocument,
} from '../../../generated/client/graphql.ts';
import { newId } from '../../../src/ids.ts';
import { type KeyHolder, makeKey, makeService } from '../../support/api-keys.ts';
import { type Actor, makePerson, signIn } from '../../support/cast.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const page = async (actor: TestClient, variables: ApiKeysQueryVariables = {}) => {
  const { data, errors } = await actor.send(ApiKeysDocument, variables);
  expect(errors).toEqual([]);
  return data.apiKeys;
};
const idsOf = async (actor: TestClient, filter: ApiKeyFilter | null = null): Promise<readonly string[]> =>
  ((await page(actor, { filter, first: 100 }))?.nodes ?? []).map(({ id }) => id);

describe('apiKeys', () => {
  let owner: Actor;
  let other: Actor;
  let keys: readonly KeyHolder[];
  let foreign: KeyHolder;

  beforeAll(async () => {
    owner = await holderOf(app(), ['view:stats']);
    other = await holderOf(app(), ['view:stats']);
    const made: KeyHolder[] = [];
    for (const name of ['Alpha', 'Beta', 'Gamma_100%', 'Delta', 'Epsilon'])
      made.push(await makeKey(app(), owner, { name }));
    keys = made;
    foreign = await makeKey(app(), other, { name: 'Alpha of another' });
  });

  test('are one’s own, newest first, in pages', async () => {
    const newestFirst = keys.map(({ keyId }) => keyId).toReversed();
    expect(await idsOf(owner)).toEqual(newestFirst);
    const first = await page(owner, { first: 2 });
    expect(first).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const after = first?.edges.at(-1)?.cursor ?? null;
    expect((await page(owner, { first: 2, after }))?.nodes.map(({ id }) => id)).toEqual(newestFirst.slice(2, 4));
    expect((await page(owner, { last: 1 }))?.nodes.map(({ id }) => id)).toEqual(newestFirst.slice(4));
    expect((await other.send(ApiKeysDocument, { after, filter: { search: 'Alpha' } })).code).toBe('BAD_USER_INPUT');
    expect((await owner.send(ApiKeysDocument, { first: 101 })).code).toBe('BAD_USER_INPUT');
    expect(await statementsOf(app(), () => owner.run('{ apiKeys { nodes { id name status } } }'))).toBe(2);
  });

  test('of others are seen with `view:api-keys`, and counted only then', async () => {
    const viewer = await holderOf(app(), ['view:api-keys']);
    expect(await idsOf(viewer, { ownerId: owner.id })).toHaveLength(5);
    expect(await idsOf(viewer)).toContain(foreign.keyId);
    expect(await idsOf(owner, { ownerId: other.id })).toEqual([]);
    expect(await idsOf(owner, { ownerId: 'nobody' })).toEqual([]);
    expect((await page(owner, { filter: { search: 'Alpha' } }))?.totalCount).toBe(1);
    expect((await app().anonymous().send(ApiKeysDocument, {})).code).toBe('UNAUTHENTICATED');
  });

  test('are found by a part of the name, its wildcards taken literally, and by the beginning of the key', async () => {
    expect(await idsOf(owner, { search: 'alPHA' })).toEqual([keys[0]?.keyId]);
    expect(await idsOf(owner, { search: '_100%' })).toEqual([keys[2]?.keyId]);
    expect(await idsOf(owner, { search: '%%' })).toEqual([]);
    const secret = keys[1]?.secret ?? '';
    for (const search of [secret.slice(0, 8), secret.slice(0, 16), secret]) {
      expect(await idsOf(owner, { search })).toEqual([keys[1]?.keyId]);
    }
    expect(await idsOf(owner, { search: foreign.secret })).toEqual([]);
    expect((await owner.send(ApiKeysDocument, { filter: { search: 'x' } })).code).toBe('BAD_USER_INPUT');
  });

  test('are filtered by status, at this instant', async () => {
    const email = `${unique('states')}@example.com`;
    const id = await makePerson(app(), { email });
    const person = await signIn(app(), email);
    const [active, revoked, expired] = await Promise.all([1, 2, 3].map(() => makeKey(app(), person)));
    await person.run(`mutation { revokeApiKey(input: { id: "${revoked?.keyId}" }) { errors { code } } }`);
    await app().database.query('update api_keys set expires_at = $2 where id = $1', [
      expired?.keyId,
      app().clock.now().toISOString(),
    ]);
    const { admin } = cast();
    const by = (...statusIn: NonNullable<ApiKeyFilter['statusIn']>) => idsOf(admin, { ownerId: id, statusIn });
    expect(await by('ACTIVE')).toEqual([active?.keyId]);
    expect(await by('REVOKED')).toEqual([revoked?.keyId]);
    expect(await by('EXPIRED')).toEqual([expired?.keyId]);
    expect(await by('OWNER_INACTIVE')).toEqual([]);
    expect(await by('REVOKED', 'EXPIRED')).toHaveLength(2);
    expect(await by()).toEqual([]);
    await admin.run(`mutation { lockUsers(input: { ids: ["${id}"], reason: "x" }) { errors { code } } }`);
    expect([await by('ACTIVE'), await by('OWNER_INACTIVE')]).toEqual([[], [active?.keyId]]);
    const { data } = await admin.send(ApiKeyDocument, { id: active?.keyId ?? '' });
    expect(data.apiKey?.status).toBe('OWNER_INACTIVE');
  });

  test('by API key are that key alone, unless it carries `view:api-keys`', async () => {
    const plain = await makeKey(app(), cast().admin, { permissions: grants('view:users') });
    const wide = await makeKey(app(), cast().admin, { permissions: grants('view:api-keys') });
    expect(await idsOf(plain)).toEqual([plain.keyId]);
    expect((await plain.send(ApiKeyDocument, { id: wide.keyId })).code).toBe('NOT_FOUND');
    expect(await idsOf(wide)).toContain(foreign.keyId);
  });
});

describe('apiKey', () => {
  test('is NOT_FOUND when hidden or missing; never tells a secret', async () => {
    const key = await makeKey(app(), cast().member);
    for (const id of [key.keyId, newId(), 'x']) {
      expect((await cast().support.send(ApiKeyDocument, { id })).code).toBe('NOT_FOUND');
    }
    const { data } = await cast().member.send(ApiKeyDocument, { id: key.keyId });
    expect(data.apiKey?.owner?.id).toBe(cast().member.id);
    expect(JSON.stringify(data)).not.toContain(key.secret.slice(17, 40));
  });

  test('tells its owner to those who may see users', async () => {
    const viewer = await holderOf(app(), ['view:api-keys']);
    const key = await makeKey(app(), cast().member);
    const { errors, data } = await viewer.run<{ apiKey: { id: string; owner: null } }>(
      `{ apiKey(id: "${key.keyId}") { id owner { id } } }`,
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(data.apiKey).toEqual({ id: key.keyId, owner: null });
  });

  test('is an entity of the federation, under the same rules', async () => {
    const key = await makeKey(app(), cast().member);
    const ask = async (client: TestClient) =>
      (
        await client.run<{ _entities: unknown[] }>(
          'query ($of: [_Any!]!) { _entities(representations: $of) { ... on ApiKey { id status } } }',
          { of: [key.keyId, newId(), 'x'].map((id) => ({ __typename: 'ApiKey', id })) },
        )
      ).data._entities;
    expect(await ask(cast().member)).toEqual([{ id: key.keyId, status: 'ACTIVE' }, null, null]);
    expect(await ask(cast().support)).toEqual([null, null, null]);
    expect(await ask(key)).toEqual([{ id: key.keyId, status: 'ACTIVE' }, null, null]);
  });
});

describe('User.apiKeys', () => {
  test('are those of the user, for oneself and with `view:api-keys`', async () => {
    const { admin, member, support } = cast();
    const service = await makeService(app());
    const key = await makeKey(app(), admin, { ownerId: service });
    const { data } = await admin.send(ApiKeysOfUserDocument, { id: service });
    expect(data.user?.apiKeys).toEqual({ nodes: [{ id: key.keyId }], totalCount: 1 });
    expect((await support.send(ApiKeysOfUserDocument, { id: service })).code).toBe('FORBIDDEN');
    expect((await member.send(ApiKeysOfUserDocument, { id: member.id })).errors).toEqual([]);
  });

  test('of many users cost one statement, their grants one more', async () => {
    const { admin } = cast();
    const document =
      '{ users(first: 100) { nodes { apiKeys(first: 5) { nodes { id effectivePermissions { permission { action } } } } } } }';
    await admin.run(document);
    expect(await statementsOf(app(), () => admin.run(document))).toBe(4);
  });
});
