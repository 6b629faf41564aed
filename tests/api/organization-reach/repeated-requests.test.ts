import { beforeAll, describe, expect, test } from 'vitest';
import type { GroupId, OrganizationId } from '../../../src/ids.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import type { Actor } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { addFailedMail } from '../../support/messages.ts';
import { holderWithin, joinOrganization, makeOrganization, memberOf } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Payload {
  readonly errors: readonly { readonly code: string; readonly targetId: string | null }[];
  readonly [made: string]: unknown;
}

const RIGHTS = [
  'view:users',
  'view:organizations',
  'create:users',
  'create:service-accounts',
  'create:organizations',
  'assign:organizations',
  'assign:groups',
  'create:api-keys',
  'view:mail',
  'retry:mail',
];

const MUTATIONS = {
  createUser: 'user { id email }',
  resendInvite: 'user { id email }',
  createServiceAccount: 'user { id displayName }',
  createOrganization: 'organization { id name }',
  inviteToOrganization: 'invitation { id email }',
  createApiKey: 'apiKey { id name }',
  retryMail: 'mailDelivery { id recipient }',
} as const;

type Mutation = keyof typeof MUTATIONS;

describe('a request that is repeated with its idempotency key', () => {
  const app = useTestApp();
  let lost: OrganizationId;
  let administrator: Actor & { readonly groupId: GroupId };
  const inputs = new Map<Mutation, object>();
  const answers = new Map<Mutation, Payload>();

  const ask = async (mutation: Mutation, input: object): Promise<Payload | null> => {
    const type = `${mutation.slice(0, 1).toUpperCase()}${mutation.slice(1)}Input!`;
    const { data, errors } = await administrator.run<Record<string, Payload | null>>(
      `mutation ($input: ${type}) { made: ${mutation}(input: $input) { ${MUTATIONS[mutation]} errors { code targetId } } }`,
      { input: { ...input, idempotencyKey: mutation } },
    );
    expect(errors).toEqual([]);
    return data['made'] ?? null;
  };
  const make = async (mutation: Mutation, input: object): Promise<string> => {
    const answer = await ask(mutation, input);
    expect(answer).toMatchObject({ errors: [] });
    inputs.set(mutation, input);
    answers.set(mutation, answer as Payload);
    return Object.values(answer ?? {})
      .flatMap((value) => (value !== null && typeof value === 'object' && 'id' in value ? [String(value.id)] : []))
      .join('');
  };

  beforeAll(async () => {
    const kept = await makeOrganization(app());
    lost = await makeOrganization(app());
    administrator = await holderWithin(app(), kept, RIGHTS);
    await joinOrganization(app(), administrator.id, lost, [administrator.groupId]);
    const address = () => `${unique('repeated')}@example.com`;
    const person = { email: address(), displayName: 'Repeated', groupIds: [MEMBERS_GROUP_ID], organizationId: lost };
    const userId = await make('createUser', person);
    app().clock.advance(120);
    await make('resendInvite', { userId });
    const service = { name: unique('service'), groupIds: [MEMBERS_GROUP_ID], organizationId: lost };
    const ownerId = await make('createServiceAccount', service);
    await make('createOrganization', { parentId: lost, name: unique('below') });
    const { email } = await memberOf(app(), kept);
    await make('inviteToOrganization', { organizationId: lost, email, groupIds: [MEMBERS_GROUP_ID] });
    const key = { name: unique('key'), ownerId, allMyPermissions: true };
    await make('createApiKey', { ...key, expiresAt: new Date(app().clock.now().getTime() + 86_400_000).toISOString() });
    const { id, email: recipient } = await memberOf(app(), lost);
    await make('retryMail', { id: await addFailedMail(app(), { recipient, userId: id }) });
  });

  test.each(Object.keys(MUTATIONS) as Mutation[])('answers as before while the rights last: %s', async (mutation) => {
    expect(await ask(mutation, inputs.get(mutation) ?? {})).toEqual(answers.get(mutation));
  });

  describe('after whoever asked has lost the organization', () => {
    beforeAll(async () => {
      await app().database.query('delete from memberships where user_id = $1 and organization_id = $2', [
        administrator.id,
        lost,
      ]);
      await app().database.query('delete from organization_members where user_id = $1 and organization_id = $2', [
        administrator.id,
        lost,
      ]);
    });

    test.each(Object.keys(MUTATIONS) as Mutation[])('shows nothing of what is hidden now: %s', async (mutation) => {
      const answer = await ask(mutation, inputs.get(mutation) ?? {});
      const { errors, ...made } = answer ?? { errors: [] };
      expect(Object.values(made)).toEqual([null]);
      expect(errors.map(({ code }) => code)).toEqual(mutation === 'createApiKey' ? [] : ['TARGET_NOT_FOUND']);
    });
  });
});
