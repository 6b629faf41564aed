import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  ApiKeyDocument,
  CreateApiKeyDocument,
  type CreateApiKeyInput,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { encodeNumber } from '../../../src/crypto/base62.ts';
import { parseToken } from '../../../src/crypto/opaque-token.ts';
import { newId } from '../../../src/ids.ts';
import { DATA_OFFICERS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { KeyHolder, makeKey } from '../../support/api-keys.ts';
import { makeGroup, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { grants, manyGrants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { recording, statementsOf } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp({ settings: { 'apiKeys.maximumPerOwner': '20' } });
const cast = useCast(app);
const DAY = 86_400;

const create = (actor: TestClient, input: Partial<CreateApiKeyInput>) =>
  actor.send(CreateApiKeyDocument, { input: { name: 'Key', ...input } });

/** The codes of errors, with their fields; a denial as its code alone. */
const refusals = async (actor: TestClient, input: Partial<CreateApiKeyInput>): Promise<readonly string[]> => {
  const { data, errors } = await create(actor, input);
  const payload = data?.createApiKey;
  if (payload != null && payload.errors.length > 0) {
    expect([payload.apiKey, payload.secret, payload.replayed]).toEqual([null, null, false]);
  }
  return [
    ...errors.map(({ extensions }) => extensions.code),
    ...(payload?.errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
  ];
};

const inSeconds = (seconds: number): string => new Date(app().clock.now().getTime() + seconds * 1000).toISOString();

describe('createApiKey', () => {
  test('gives a key once; what is stored and told is its beginning and a hash', async () => {
    const { member } = cast();
    const [answer, { audit, events }] = await recording(app(), () =>
      create(member, {
        name: '  Deploy ',
        allMyPermissions: true,
        networks: ['127.0.0.0/8', '127.0.0.0/8'],
        rateLimitPerMinute: 10,
        expiresAt: inSeconds(DAY),
      }),
    );
    const { apiKey, secret, errors } = answer.data?.createApiKey ?? {};
    expect([answer.errors, errors]).toEqual([[], []]);
    const parsed = parseToken('apiKey', secret ?? '');
    expect(apiKey).toEqual({
      id: expect.any(String),
      name: 'Deploy',
      prefix: `ghk_${parsed?.selector}`,
      allMyPermissions: true,
      permissions: [],
      documentIds: [],
      networks: ['127.0.0.0/8'],
      rateLimitPerMinute: 10,
      status: 'ACTIVE',
      expiresAt: inSeconds(DAY),
      lastUsedAt: null,
      lastUsedIp: null,
      overlapUntil: null,
      createdAt: app().clock.now().toISOString(),
      revokedAt: null,
      version: 1,
    });
    const [row] = await app().database.query<{ secret_hash: Buffer; text: string }>(
      'select secret_hash, k::text as text from api_keys k where id = $1',
      [apiKey?.id],
    );
    expect(row?.secret_hash.equals(parsed?.secretHash ?? Buffer.of())).toBe(true);
    expect(row?.text).not.toContain(secret?.slice(17, 60));
    const facts = {
      ownerId: member.id,
      prefix: apiKey?.prefix,
      allMyPermissions: true,
      permissions: [],
      expiresAt: apiKey?.expiresAt,
    };
    expect(audit).toEqual([
      {
        action: 'api-key.created',
        result: 'SUCCESS',
        actor_id: member.id,
        target_type: 'ApiKey',
        target_id: apiKey?.id,
        metadata: facts,
      },
    ]);
    expect(events).toEqual([{ type: 'ApiKeyCreated', payload: { apiKeyId: apiKey?.id, ...facts } }]);
    expect(JSON.stringify([audit, events])).not.toContain(secret?.slice(17, 60));
    const key = new KeyHolder(`${app().url}/graphql`, { keyId: newId(), secret: secret ?? '' });
    expect((await key.send(ViewerDocument, {})).data.viewer?.user.id).toBe(member.id);
  });

  test('gives what secret scanners find by the pattern in the documentation', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/api-keys.md'), 'utf8');
    const pattern = /^\\bghk_.*$/m.exec(page)?.[0] ?? '';
    const key = await makeKey(app(), cast().member);
    expect(new RegExp(pattern).exec(`GATEHOUSE_KEY="${key.secret}"`)?.[0]).toBe(key.secret);
    expect(key.secret.slice(-6)).toBe(encodeNumber(crc32(key.secret.slice(0, -6)), 6));
  });

  test('costs few statements', async () => {
    const actor = await holderOf(app(), ['view:stats']);
    await create(actor, { allMyPermissions: true });
    expect(await statementsOf(app(), () => create(actor, { allMyPermissions: true }))).toBeLessThanOrEqual(8);
  });

  test('without an end lives as long as the settings allow', async () => {
    const { data } = await create(cast().member, { allMyPermissions: true });
    expect(data.createApiKey?.apiKey?.expiresAt).toBe(inSeconds(365 * DAY));
  });

  test('tells what of its grants counts: where both it and its owner have them', async () => {
    const actor = await holderOf(app(), ['view:users', 'view:stats']);
    const key = await makeKey(app(), actor, { permissions: grants('view:users') });
    const { data } = await actor.send(ApiKeyDocument, { id: key.keyId });
    expect(data.apiKey).toMatchObject({
      permissions: grants('view:users'),
      owner: { id: actor.id },
      effectivePermissions: [
        {
          permission: { action: 'view', resource: 'users' },
          grantedBy: [{ id: actor.groupId }],
          scope: { mode: 'ALL' },
          narrowedBy: { id: key.keyId },
        },
      ],
    });
  });

  test.each<[string, Partial<CreateApiKeyInput>, readonly string[]]>([
    ['no scopes', {}, ['SCOPES_REQUIRED']],
    ['an empty list of grants', { permissions: [] }, ['SCOPES_REQUIRED']],
    ['an empty list of documents', { documents: [] }, ['SCOPES_REQUIRED']],
    ['allMyPermissions: false', { allMyPermissions: false }, ['SCOPES_REQUIRED']],
    ['two kinds of scopes', { allMyPermissions: true, permissions: grants('view:stats') }, ['SCOPES_REQUIRED']],
    [
      'grants and documents',
      { documents: ['{ viewer { user { id } } }'], permissions: grants('view:stats') },
      ['SCOPES_REQUIRED'],
    ],
    ['a binding without documents', { allMyPermissions: true, bindToDocuments: true }, ['REQUIRED documents']],
    ['no name', { name: ' ', allMyPermissions: true }, ['REQUIRED name']],
    ['a long name', { name: 'x'.repeat(101), allMyPermissions: true }, ['TOO_LONG name']],
    [
      'a permission that nobody knows',
      { permissions: grants('fly:users') },
      ['UNKNOWN_PERMISSION permissions 0 action'],
    ],
    ['too many grants', { permissions: manyGrants(101, 'view', 'stats') }, ['TOO_MANY_PERMISSIONS permissions']],
    [
      'a constraint without values',
      { permissions: [{ action: 'view', resource: 'stats', constraints: [{ kind: 'NETWORKS', networks: [] }] }] },
      ['INVALID_CONSTRAINT permissions 0 constraints 0 networks'],
    ],
    [
      'what no key can hold',
      { permissions: grants('view:stats', 'create-own:api-keys') },
      ['NOT_GRANTABLE_TO_API_KEY permissions 1'],
    ],
    [
      'a wildcard of which no key holds anything',
      { permissions: grants('move:*') },
      ['NOT_GRANTABLE_TO_API_KEY permissions 0'],
    ],
    [
      'more than its owner holds',
      { permissions: grants('view:stats', 'view:audit') },
      ['EXCEEDS_OWN_PERMISSIONS permissions 1'],
    ],
    ['a wildcard beyond its owner', { permissions: grants('view:*') }, ['EXCEEDS_OWN_PERMISSIONS permissions 0']],
    ['everything', { permissions: grants('admin:*') }, ['EXCEEDS_OWN_PERMISSIONS permissions 0']],
    ['no address range', { allMyPermissions: true, networks: ['127.0.0.1'] }, ['INVALID_NETWORK networks 0']],
    [
      'an address range beyond its family',
      { allMyPermissions: true, networks: ['10.0.0.0/33'] },
      ['INVALID_NETWORK networks 0'],
    ],
    [
      'too many networks',
      { allMyPermissions: true, networks: Array.from({ length: 101 }, (_, index) => `10.0.${index}.0/24`) },
      ['TOO_MANY_ITEMS networks'],
    ],
    ['a limit of nothing', { allMyPermissions: true, rateLimitPerMinute: 0 }, ['INVALID_VALUE rateLimitPerMinute']],
    [
      'a limit above that of the server',
      { allMyPermissions: true, rateLimitPerMinute: 601 },
      ['INVALID_VALUE rateLimitPerMinute'],
    ],
    ['an owner that is none', { allMyPermissions: true, ownerId: 'x' }, ['FORBIDDEN']],
  ])('refuses %s, and changes nothing', async (_what, input, wanted) => {
    const actor = await holderOf(app(), ['view:stats']);
    const before = await databaseState(app());
    expect(await refusals(actor, input)).toEqual(wanted);
    expect(await databaseState(app())).toEqual(before);
  });

  test('refuses an end in the past and beyond the longest life, to the instant', async () => {
    const { member } = cast();
    const at = (seconds: number) => refusals(member, { allMyPermissions: true, expiresAt: inSeconds(seconds) });
    expect(await at(0)).toEqual(['EXPIRY_IN_PAST expiresAt']);
    expect(await at(-DAY)).toEqual(['EXPIRY_IN_PAST expiresAt']);
    expect(await at(365 * DAY + 1)).toEqual(['EXPIRY_TOO_FAR expiresAt']);
    expect(await at(365 * DAY)).toEqual([]);
    expect(await at(1)).toEqual([]);
  });

  test('hands a constrained grant on only with its constraint', async () => {
    const groupId = await makeGroup(app(), unique('night'), ['view:stats']);
    const constraint = { kind: 'NETWORKS', networks: ['10.0.0.0/8'] } as const;
    await app().database.query('update group_grants set constraints = $2::jsonb where group_id = $1', [
      groupId,
      JSON.stringify([constraint]),
    ]);
    const email = `${unique('night')}@example.com`;
    await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, groupId] });
    const actor = await signIn(app(), email);
    const asked = (constraints: readonly object[]) =>
      refusals(actor, { permissions: [{ action: 'view', resource: 'stats', constraints: constraints as never }] });
    expect(await asked([])).toEqual(['EXCEEDS_OWN_PERMISSIONS permissions 0']);
    expect(await asked([{ kind: 'NETWORKS', networks: ['10.1.0.0/16'] }])).toEqual([]);
  });

  test('needs `create-own:api-keys`; a protected permission needs two factors in a fresh session', async () => {
    const email = `${unique('none')}@example.com`;
    const idle = await makeGroup(app(), unique('idle'), ['view:stats']);
    await makePerson(app(), { email, groupIds: [idle] });
    expect(await refusals(await signIn(app(), email), { allMyPermissions: true })).toEqual(['FORBIDDEN']);
    expect(await refusals(app().anonymous(), { allMyPermissions: true })).toEqual(['UNAUTHENTICATED']);
    const enforcing = await startTestApp({ beside: app(), settings: { 'mfa.enforce': 'true' } });
    const officerMail = `${unique('officer')}@example.com`;
    await makePerson(app(), { email: officerMail, groupIds: [MEMBERS_GROUP_ID, DATA_OFFICERS_GROUP_ID] });
    const officer = await signIn(enforcing, officerMail);
    await app().database.query(`update users set mfa_enabled_at = now() where id = $1`, [officer.id]);
    expect(await refusals(officer, { allMyPermissions: true })).toEqual(['STEP_UP_REQUIRED']);
    expect(await refusals(officer, { permissions: grants('export:audit') })).toEqual(['STEP_UP_REQUIRED']);
    expect(await refusals(await raiseToAal2(enforcing, officer), { permissions: grants('export:audit') })).toEqual([]);
    app().clock.advance(601);
    expect(await refusals(officer, { permissions: grants('export:audit') })).toEqual(['STEP_UP_REQUIRED']);
    await enforcing.close();
  });

  test('answers a repetition as the first time, without the secret; in parallel and in another replica', async () => {
    const { member } = cast();
    const replica = await startTestApp({ beside: app() });
    const there = replica.anonymous(member.headers);
    const idempotencyKey = unique('key');
    const input = { allMyPermissions: true, idempotencyKey, name: 'Once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create(index % 2 === 0 ? member : there, input)),
    );
    const payloads = answers.map(({ data }) => data?.createApiKey);
    expect(new Set(payloads.map((payload) => payload?.apiKey?.id)).size).toBe(1);
    expect(payloads.filter((payload) => payload?.secret != null)).toHaveLength(1);
    expect(payloads.filter((payload) => payload?.replayed === true)).toHaveLength(19);
    expect((await create(member, { ...input, name: 'Twice' })).code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await create(cast().admin, input)).data.createApiKey?.replayed).toBe(false);
    await replica.close();
  });

  test('keeps the number of keys, also for fifty requests at once; revoked ones do not count', async () => {
    const actor = await holderOf(app(), ['view:stats']);
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(actor, { allMyPermissions: true })));
    const payloads = answers.map(({ data }) => data?.createApiKey);
    expect(payloads.filter((payload) => payload?.secret != null)).toHaveLength(20);
    expect(payloads.flatMap((payload) => payload?.errors ?? []).map(({ code }) => code)).toEqual(
      Array.from({ length: 30 }, () => 'TOO_MANY_API_KEYS'),
    );
    await actor.run(
      `mutation { revokeApiKey(input: { id: "${payloads[0]?.apiKey?.id ?? payloads[1]?.apiKey?.id}" }) { errors { code } } }`,
    );
    const [row] = await app().database.query<{ count: number }>(
      'select count(*)::int as count from api_keys where owner_id = $1 and revoked_at is null',
      [actor.id],
    );
    expect(row?.count).toBeLessThanOrEqual(20);
  });
});
