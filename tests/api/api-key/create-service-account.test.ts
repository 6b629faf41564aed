import { describe, expect, test } from 'vitest';
import {
  CreateServiceAccountDocument,
  type CreateServiceAccountInput,
  RequestPasswordResetDocument,
  SignInDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { newId } from '../../../src/ids.ts';
import { KEY_MASTERS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeKey, makeService } from '../../support/api-keys.ts';
import { makeGroup, PASSWORD } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { holderWithin, makeOrganization } from '../../support/organizations.ts';
import { recording } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const create = async (actor: TestClient, input: Partial<CreateServiceAccountInput> = {}) => {
  const { data, errors } = await actor.send(CreateServiceAccountDocument, {
    input: { name: 'Robot', groupIds: [MEMBERS_GROUP_ID], ...input },
  });
  const payload = data?.createServiceAccount;
  const codes = [
    ...errors.map(({ extensions }) => extensions.code),
    ...(payload?.errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
  ];
  return { user: payload?.user ?? null, codes };
};

describe('createServiceAccount', () => {
  test('makes an account of a program: active, in its groups, without address and credential', async () => {
    const { admin } = cast();
    const [{ user, codes }, { audit, events }] = await recording(app(), () => create(admin, { name: ' CI ' }));
    expect(codes).toEqual([]);
    expect(user).toMatchObject({
      kind: 'SERVICE',
      displayName: 'CI',
      status: 'ACTIVE',
      email: null,
      phone: null,
      username: null,
      groups: [{ id: MEMBERS_GROUP_ID }],
    });
    const facts = { kind: 'SERVICE', groupIds: [MEMBERS_GROUP_ID] };
    expect(audit).toMatchObject([{ action: 'user.created', actor_id: admin.id, target_id: user?.id, metadata: facts }]);
    expect(events).toEqual([{ type: 'UserRegistered', payload: { userId: user?.id, ...facts } }]);
    for (const table of ['credentials', 'identifiers', 'one_time_tokens', 'messages']) {
      expect(await app().database.query(`select from ${table} where user_id = $1`, [user?.id])).toEqual([]);
    }
    const key = await makeKey(app(), admin, { ownerId: user?.id ?? '' });
    expect((await key.send(ViewerDocument, {})).data.viewer?.user.id).toBe(user?.id);
  });

  test.each<[string, Partial<CreateServiceAccountInput>, string]>([
    ['no name', { name: ' ' }, 'REQUIRED name'],
    ['a long name', { name: 'x'.repeat(101) }, 'TOO_LONG name'],
    ['no group', { groupIds: [] }, 'NO_GROUPS_LEFT groupIds'],
    ['a group that is none', { groupIds: ['x'] }, 'TARGET_NOT_FOUND groupIds'],
    ['an unknown group', { groupIds: [newId()] }, 'TARGET_NOT_FOUND groupIds'],
    ['a group with protected permissions', { groupIds: [KEY_MASTERS_GROUP_ID] }, 'PROTECTED_PERMISSION groupIds'],
    ['an unknown organization', { organizationId: newId() }, 'TARGET_NOT_FOUND organizationId'],
    ['an organization that is none', { organizationId: 'x' }, 'TARGET_NOT_FOUND organizationId'],
  ])('refuses %s', async (_what, input, wanted) => {
    const actor = await holderOf(app(), ['admin:*']);
    const before = await databaseState(app());
    expect((await create(actor, input)).codes).toEqual([wanted]);
    expect(await databaseState(app())).toEqual(before);
  });

  test('needs its permission, `assign:groups` for groups beyond Members, and what those give', async () => {
    const maker = await holderOf(app(), ['create:service-accounts', 'view:users']);
    const assigner = await holderOf(app(), ['create:service-accounts', 'assign:groups', 'view:users', 'view:stats']);
    const group = await makeGroup(app(), unique('stats'), ['view:stats']);
    const power = await makeGroup(app(), unique('power'), ['view:audit']);
    expect((await create(cast().support)).codes).toEqual(['FORBIDDEN']);
    expect((await create(app().anonymous())).codes).toEqual(['UNAUTHENTICATED']);
    expect((await create(maker, { groupIds: [group] })).codes).toEqual(['FORBIDDEN']);
    expect((await create(maker)).codes).toEqual([]);
    expect((await create(assigner, { groupIds: [group, power] })).codes).toEqual(['EXCEEDS_OWN_PERMISSIONS groupIds']);
    expect((await create(assigner, { groupIds: [group] })).codes).toEqual([]);
  });

  test('answers a repetition with the same account', async () => {
    const { admin } = cast();
    const idempotencyKey = unique('service');
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(admin, { idempotencyKey })));
    expect(new Set(answers.map(({ user }) => user?.id)).size).toBe(1);
  });
});

describe('within an organization', () => {
  test('whoever may make them there makes them there, in groups that hold there', async () => {
    const organizationId = await makeOrganization(app());
    const elsewhere = await makeOrganization(app());
    const permissions = [
      'create:service-accounts',
      'assign:organizations',
      'view:organizations',
      'assign:groups',
      'view:users',
      'create:api-keys',
      'view:api-keys',
      'revoke:api-keys',
    ];
    const manager = await holderWithin(app(), organizationId, permissions);
    const group = await makeGroup(app(), unique('local'), ['view:users'], 'LISTED');
    expect((await create(manager)).codes).toEqual(['FORBIDDEN']);
    expect((await create(manager, { organizationId: elsewhere })).codes).toEqual(['TARGET_NOT_FOUND organizationId']);
    const input = { organizationId, groupIds: [MEMBERS_GROUP_ID, group] };
    const [{ user, codes }, { events }] = await recording(app(), () => create(manager, input));
    expect(codes).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['OrganizationMembersChanged', 'UserRegistered']);
    const places = await app().database.query(
      'select group_id, organization_id from memberships where user_id = $1 order by organization_id nulls first',
      [user?.id],
    );
    expect(places).toEqual([
      { group_id: MEMBERS_GROUP_ID, organization_id: null },
      { group_id: group, organization_id: organizationId },
    ]);
    const outside = await makeService(app());
    const refused = await manager.run<{ createApiKey: { errors: { code: string }[] } }>(
      `mutation { createApiKey(input: { name: "x", ownerId: "${outside}", allMyPermissions: true }) { errors { code } } }`,
    );
    expect(refused.data.createApiKey.errors).toEqual([{ code: 'TARGET_NOT_FOUND' }]);
    const key = await makeKey(app(), manager, {
      ownerId: user?.id ?? '',
      permissions: [{ action: 'view', resource: 'users' }],
    });
    const { data } = await key.run<{ users: { nodes: { id: string }[] } }>('{ users(first: 100) { nodes { id } } }');
    const seen = data.users.nodes.map(({ id }) => id);
    expect(new Set(seen)).toEqual(new Set([manager.id, user?.id]));
    const foreign = await makeKey(app(), cast().admin);
    const end = (id: string) =>
      manager.run<{ revokeApiKey: { errors: { code: string }[] } }>(
        `mutation { revokeApiKey(input: { id: "${id}" }) { errors { code } } }`,
      );
    expect((await end(foreign.keyId)).data.revokeApiKey.errors).toEqual([{ code: 'TARGET_NOT_FOUND' }]);
    expect((await end(key.keyId)).data.revokeApiKey.errors).toEqual([]);
  });
});

describe('a service account signs in by no way', () => {
  const codeOf = async (name: string, input: object): Promise<readonly string[]> => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const { data, errors } = await cast().admin.run<
      Record<string, { errors: { code: string; field: string[] | null }[] } | null>
    >(`mutation ($input: ${type}!) { ${name}(input: $input) { errors { code field } } }`, { input });
    return [
      ...errors.map(({ extensions }) => extensions.code),
      ...(data[name]?.errors ?? []).map(({ code, field }) => [code, ...(field ?? [])].join(' ')),
    ];
  };

  test('nobody gives it an address, and so no password, code, link or invitation', async () => {
    const id = await makeService(app());
    const addresses = { email: 'robot@example.com', phone: '+390123456789', username: 'robot' };
    for (const [field, value] of Object.entries(addresses)) {
      expect(await codeOf('updateUser', { id, [field]: value })).toEqual([`INVALID_VALUE ${field}`]);
    }
    expect(await codeOf('resendInvite', { userId: id })).toEqual([expect.stringContaining('INVITATION_NOT_PENDING')]);
    expect(await codeOf('updateUser', { id, displayName: 'Other robot' })).toEqual([]);
    expect(await codeOf('requirePasswordChange', { ids: [id] })).toEqual([]);
    for (const identifier of [id, 'Other robot', ...Object.values(addresses)]) {
      const { data } = await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier, password: PASSWORD } });
      expect(data.signIn?.errors?.map(({ code }) => code)).toEqual(['INVALID_CREDENTIALS']);
    }
    await app()
      .anonymous()
      .send(RequestPasswordResetDocument, { input: { email: addresses.email } });
    for (const table of ['credentials', 'identifiers', 'one_time_tokens', 'messages', 'sessions']) {
      expect(await app().database.query(`select from ${table} where user_id = $1`, [id])).toEqual([]);
    }
  });

  test('not even with an address and a password in its row: no session begins', async () => {
    const id = await makeService(app());
    const passwordHash = await app().services.hasher.hash(new Secret(PASSWORD));
    await app().database.query(
      `with named as (insert into identifiers (id, user_id, kind, value, exclusive, verified_at, created_at)
         values ($2, $1, 'EMAIL', 'smuggled@example.com', true, now(), now()))
       insert into credentials (id, user_id, type, secret, created_at, updated_at)
       values ($3, $1, 'PASSWORD', $4, now(), now())`,
      [id, newId(), newId(), passwordHash],
    );
    const { data } = await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: 'smuggled@example.com', password: PASSWORD, delivery: 'BODY' } });
    expect(data.signIn?.tokens ?? null).toBeNull();
    expect(await app().database.query('select from sessions where user_id = $1', [id])).toEqual([]);
  });
});
