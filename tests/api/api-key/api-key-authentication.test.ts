import { beforeAll, describe, expect, test } from 'vitest';
import {
  CreateApiKeyDocument,
  SetGroupPermissionsDocument,
  ViewerByApiKeyDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { createToken, tokenFromSecret } from '../../../src/crypto/opaque-token.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { mutationDocument, mutationInputs } from '../../contract/permission-matrix.inputs.ts';
import { type KeyHolder, makeKey } from '../../support/api-keys.ts';
import { type Actor, makeGroup, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { grants } from '../../support/groups.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);
let owner: Actor;

beforeAll(async () => {
  owner = await holderOf(app(), ['view:users', 'view:groups']);
});

const calling = (authorization: string) => app().anonymous({ authorization }).send(ViewerDocument, {});
const statusOf = async (key: KeyHolder): Promise<number> => (await key.send(ViewerDocument, {})).status;

/** A valid key of nobody: well-formed, with its checksum, and unknown. */
const unknownKey = (): string => createToken('apiKey').token.reveal();

describe('a request by API key', () => {
  test('is its owner, without a session, at AAL1, never fresh; what it may do names the key', async () => {
    const key = await makeKey(app(), owner, { permissions: grants('view:users', 'view:groups') });
    const { data, errors } = await key.send(ViewerByApiKeyDocument, {});
    expect(errors).toEqual([]);
    expect(data.viewer).toMatchObject({
      user: { id: owner.id, kind: 'PERSON' },
      session: null,
      apiKey: { id: key.keyId, status: 'ACTIVE', prefix: key.secret.slice(0, 16) },
      csrfToken: null,
      assuranceLevel: 'AAL1',
      freshUntil: null,
      mfaGraceUntil: null,
    });
    expect(data.viewer?.permissions).toEqual(
      ['groups', 'users'].map((resource) => ({
        permission: { action: 'view', resource },
        narrowedBy: { id: key.keyId },
      })),
    );
  });

  test('costs one statement when warm, and writes nothing', async () => {
    const key = await makeKey(app(), owner);
    await key.send(ViewerDocument, {});
    expect(await statementsOf(app(), () => key.send(ViewerDocument, {}))).toBe(1);
    expect(await statementsOf(app(), () => key.send(ViewerByApiKeyDocument, {}))).toBe(1);
  });

  test('is marked as used in batches, exact to the minute', async () => {
    const key = await makeKey(app(), owner);
    await Promise.all(Array.from({ length: 20 }, () => key.send(ViewerDocument, {})));
    const used = async () => {
      const [row] = await app().database.query<{ used: string | null; ip: string | null; version: number }>(
        'select last_used_at as used, last_used_ip as ip, version from api_keys where id = $1',
        [key.keyId],
      );
      return row;
    };
    expect(await used()).toEqual({ used: null, ip: null, version: 1 });
    expect(await statementsOf(app(), () => app().services.apiKeyUse.flush())).toBe(1);
    const first = await used();
    expect(first).toMatchObject({ ip: '127.0.0.1', version: 1 });
    await key.send(ViewerDocument, {});
    expect(await statementsOf(app(), () => app().services.apiKeyUse.flush())).toBe(0);
    app().clock.advance(61);
    await key.send(ViewerDocument, {});
    await app().services.apiKeyUse.flush();
    expect(await used()).not.toEqual(first);
  });

  test('beside a cookie is the key, whoever the cookie is', async () => {
    const key = await makeKey(app(), owner);
    const answer = await key.with({ cookie: '__Host-gatehouse=x; gatehouse=x' }).send(ViewerDocument, {});
    expect(answer.data.viewer?.user.id).toBe(owner.id);
  });

  test('that does not work says so in one way, with 401, and never falls back to nobody', async () => {
    const key = await makeKey(app(), owner);
    const selector = key.secret.slice(4, 16);
    const spoilt = key.secret.at(20) === 'A' ? 'B' : 'A';
    const forged = {
      'an unknown key': unknownKey(),
      'another secret behind a known beginning': tokenFromSecret('apiKey', selector, Buffer.alloc(32, 9)).reveal(),
      'a shortened key': key.secret.slice(0, -1),
      'a lengthened key': `${key.secret}0`,
      'a changed secret, whose checksum does not fit': `${key.secret.slice(0, 20)}${spoilt}${key.secret.slice(21)}`,
      'a wrong checksum': `${key.secret.slice(0, -1)}${key.secret.endsWith('A') ? 'B' : 'A'}`,
      'the beginning alone': key.secret.slice(0, 16),
      'another case': key.secret.toLowerCase(),
      'the same secret as another kind of token': tokenFromSecret('session', selector, Buffer.alloc(32, 9)).reveal(),
      'a refresh token': owner.refreshToken,
      'the prefix': 'ghk_',
    };
    for (const [what, secret] of Object.entries(forged)) {
      const answer = await calling(`Bearer ${secret}`);
      expect([what, answer.status, answer.code, answer.headers.get('www-authenticate')]).toEqual([
        what,
        401,
        'UNAUTHENTICATED',
        'Bearer error="invalid_token"',
      ]);
      expect(answer.data).toBeUndefined();
    }
    for (const header of [`Basic ${key.secret}`, key.secret, `Bearer ${key.secret} ${key.secret}`]) {
      expect((await calling(header)).status).toBe(401);
    }
    expect((await calling(`bearer ${key.secret}`)).status).toBe(200);
  });

  test('costs no statement when the checksum does not fit', async () => {
    const secret = unknownKey();
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
    expect(await statementsOf(app(), () => calling(`Bearer ${wrong}`))).toBe(0);
  });
});

describe('a key stops with its owner', () => {
  const owned = async () => {
    const email = `${unique('owner')}@example.com`;
    const id = await makePerson(app(), { email });
    return { id, email, key: await makeKey(app(), await signIn(app(), email)) };
  };
  const change = (mutation: string) => cast().admin.run(`mutation { ${mutation} }`);

  test('who is locked by an administrator, and works again afterwards', async () => {
    const { id, key } = await owned();
    await change(`lockUsers(input: { ids: ["${id}"], reason: "Left" }) { errors { code } }`);
    expect(await statusOf(key)).toBe(401);
    await change(`unlockUsers(input: { ids: ["${id}"], reason: "Back" }) { errors { code } }`);
    expect(await statusOf(key)).toBe(200);
  });

  test('who is disabled', async () => {
    const { id, key } = await owned();
    await change(`disableUsers(input: { ids: ["${id}"], reason: "Left" }) { errors { code } }`);
    expect(await statusOf(key)).toBe(401);
  });

  test('who is deleted', async () => {
    const { id, key } = await owned();
    await change(`deleteUsers(input: { ids: ["${id}"], reason: "Left" }) { errors { code } }`);
    expect(await statusOf(key)).toBe(401);
    expect(await app().database.query('select from api_keys where id = $1', [key.keyId])).toEqual([]);
  });

  test('but not with the lock that strangers bring about by guessing the password', async () => {
    const { email, key } = await owned();
    for (let count = 0; count < 6; count += 1) {
      await signIn(app(), email, 'wrong horse battery staple').catch(() => undefined);
    }
    await expect(signIn(app(), email, PASSWORD)).rejects.toThrow('could not sign in');
    expect(await statusOf(key)).toBe(200);
  });

  test('and at the end of its own life, to the instant', async () => {
    const { key } = await owned();
    const expiresAt = new Date(app().clock.now().getTime() + 100_000).toISOString();
    await app().database.query('update api_keys set expires_at = $2 where id = $1', [key.keyId, expiresAt]);
    app().clock.advance(99);
    expect(await statusOf(key)).toBe(200);
    app().clock.advance(1);
    expect(await statusOf(key)).toBe(401);
  });
});

describe('what a key may do', () => {
  const codeOf = async (key: KeyHolder, document: string): Promise<string> => (await key.run(document)).code;
  const USERS = '{ users { totalCount } }';
  const COUNT = '{ users(first: 1) { totalCount } }';
  const GROUPS = '{ groups(first: 1) { totalCount } }';

  test('is at most what it names', async () => {
    const reader = await holderOf(app(), ['view:users', 'view:groups']);
    const key = await makeKey(app(), reader, { permissions: grants('view:groups') });
    expect(await codeOf(key, GROUPS)).toBe('OK');
    const seen = await key.run<{ users: { totalCount: number } }>(USERS);
    expect(seen.data.users.totalCount).toBe(1);
  });

  test('is at most what its owner holds now: lowered with the owner at the next request, raised with the owner', async () => {
    const reader = await holderOf(app(), ['view:groups']);
    const named = await makeKey(app(), reader, { permissions: grants('view:groups') });
    const all = await makeKey(app(), reader);
    const set = (permissions: readonly string[]) =>
      cast().admin.send(SetGroupPermissionsDocument, {
        input: { id: reader.groupId, permissions: grants(...permissions) },
      });
    expect([await codeOf(named, GROUPS), await codeOf(all, GROUPS)]).toEqual(['OK', 'OK']);
    expect((await set(['view:stats'])).data.setGroupPermissions?.errors).toEqual([]);
    expect([await codeOf(named, GROUPS), await codeOf(all, GROUPS)]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    await set(['view:groups', 'view:users']);
    expect([await codeOf(named, GROUPS), await codeOf(all, GROUPS)]).toEqual(['OK', 'OK']);
    const counts = await Promise.all(
      [named, all].map(async (key) => (await key.run<{ users: { totalCount: number } }>(COUNT)).data.users.totalCount),
    );
    expect(counts[0]).toBe(1);
    expect(counts[1]).toBeGreaterThan(1);
  });

  test('does not hold what no key can, not even by a wildcard', async () => {
    const all = await makeKey(app(), cast().admin);
    const wild = await makeKey(app(), cast().admin, { permissions: grants('admin:*') });
    const verb = await makeKey(app(), cast().admin, { permissions: grants('delete:*') });
    const target = await makePerson(app(), { email: `${unique('target')}@example.com` });
    const DELETE = `mutation { deleteUsers(input: { ids: ["${target}"], reason: "x" }) { errors { code } } }`;
    const GRANT = `mutation { setGroupPermissions(input: { id: "${MEMBERS_GROUP_ID}", permissions: [] }) { errors { code } } }`;
    for (const key of [all, wild, verb]) {
      expect([await codeOf(key, DELETE), await codeOf(key, GRANT)]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    }
    expect(await app().database.query('select from users where id = $1', [target])).toHaveLength(1);
  });

  test('is judged anew under the lock of access changes: a key for one thing hands out nothing else of its owner', async () => {
    const { admin } = cast();
    const key = await makeKey(app(), admin, { permissions: grants('assign:groups', 'view:groups', 'view:users') });
    const target = await makePerson(app(), { email: `${unique('target')}@example.com` });
    const power = await makeGroup(app(), unique('power'), ['lock:users']);
    const same = await makeGroup(app(), unique('same'), ['view:users']);
    const add = async (groupId: string) => {
      const { data, errors } = await key.run<{ addGroupMembers: { errors: { code: string }[] } | null }>(
        `mutation { addGroupMembers(input: { groupId: "${groupId}", userIds: ["${target}"] }) { errors { code } } }`,
      );
      return [
        ...errors.map(({ extensions }) => extensions.code),
        ...(data.addGroupMembers?.errors ?? []).map((e) => e.code),
      ];
    };
    expect(await add(power)).toEqual(['EXCEEDS_OWN_PERMISSIONS']);
    expect(await add(same)).toEqual([]);
  });

  test('is nothing about credentials and one’s own account, and keys make no keys', async () => {
    const { admin } = cast();
    const key = await makeKey(app(), admin);
    const refused = [
      'createApiKey',
      'updateApiKey',
      'rotateApiKey',
      'createServiceAccount',
      'changePassword',
      'requestEmailChange',
      'updateProfile',
      'deleteOwnAccount',
      'startTotpEnrollment',
      'confirmTotpEnrollment',
      'disableTotp',
      'regenerateRecoveryCodes',
      'startPasskeyRegistration',
      'completePasskeyRegistration',
      'renamePasskey',
      'removePasskey',
      'linkIdentity',
      'unlinkIdentity',
      'confirmIdentity',
      'signOutEverywhere',
      'rotateSigningKey',
      'deleteUsers',
      'setGroupPermissions',
      'resetUserMfa',
    ] as const;
    const before = await app().database.query('select count(*) from api_keys');
    const { email, id: userId } = admin;
    const facts = { email, userId, password: PASSWORD, apiKeyId: key.keyId, groupId: MEMBERS_GROUP_ID };
    for (const mutation of refused) {
      const input = mutationInputs[mutation]({ ...facts, keyName: 'x', setupToken: 'x' } as never);
      const { errors } = await key.run(mutationDocument(mutation), { input });
      expect([mutation, errors.map(({ extensions }) => extensions.code)]).toEqual([mutation, ['FORBIDDEN']]);
    }
    expect(await app().database.query('select count(*) from api_keys')).toEqual(before);
    const out = await key.run<{ signOut: { errors: unknown[] } }>(
      'mutation { signOut(input: {}) { errors { code } } }',
    );
    expect([out.errors, out.data.signOut.errors]).toEqual([[], []]);
    expect(await statusOf(key)).toBe(200);
  });
});

test('what a key does is told of the key, on behalf of its owner', async () => {
  const key = await makeKey(app(), cast().admin, { permissions: grants('create:groups'), name: 'Robot' });
  const name = unique('by-key');
  const { data, errors } = await key.run<{ createGroup: { group: { id: string } } }>(
    `mutation { createGroup(input: { name: "${name}" }) { group { id } errors { code } } }`,
  );
  expect(errors).toEqual([]);
  const rows = await app().database.query(
    `select e.actor_type, e.actor_id, e.on_behalf_of_id, v.values->>'actorLabel' as label from audit_events e
     join audit_personal_values v on v.event_id = e.id where e.target_id = $1`,
    [data.createGroup.group.id],
  );
  expect(rows).toEqual([
    { actor_type: 'ApiKey', actor_id: key.keyId, on_behalf_of_id: cast().admin.id, label: 'Robot' },
  ]);
});

test('no log holds a key', async () => {
  const key = await makeKey(app(), owner);
  await key.send(ViewerDocument, {});
  await calling(`Bearer ${key.secret}x`);
  await key.send(CreateApiKeyDocument, { input: { name: 'x', allMyPermissions: true } });
  expect(app().log.some((line) => line.includes(key.secret.slice(17, 40)))).toBe(false);
});
