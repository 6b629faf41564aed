import { readFileSync } from 'node:fs';
import { Kind, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { changing } from '../../support/evidence.ts';
import { somebody, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const CREATE = 'mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } errors { code field } } }';
const UPDATE = 'mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } errors { code field } } }';
const USERS = 'query($filter: UserFilter) { users(filter: $filter) { nodes { id } } }';

describe('inputs', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const good = () => ({ email: `${unique('closed')}@example.com`, displayName: 'C', groupIds: [MEMBERS_GROUP_ID] });

  test.each([
    'actorId',
    'userId',
    'createdById',
    'addedById',
    'onBehalfOf',
    'status',
    'statusReason',
    'emailVerifiedAt',
    'verified',
    'kind',
    'version',
    'source',
    'externalId',
    'failedSignInCount',
    'lockedUntil',
    'assuranceLevel',
    'systemManaged',
    'permissions',
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
  ])('refuse the key %s, which is none of theirs, and nothing happens', async (key) => {
    const id = await somebody(app());
    const { answer, changed } = await changing(app(), async () => [
      await cast().admin.run(CREATE, { input: { ...good(), [key]: 'ACTIVE' } }),
      await cast().admin.run(UPDATE, { input: { id, displayName: 'X', [key]: 'ACTIVE' } }),
    ]);
    for (const { code, data } of answer) expect([code, data]).toEqual(['BAD_USER_INPUT', undefined]);
    expect(changed).toEqual([]);
  });

  test.each([
    ['inside an input', (body: string) => body.replace('"displayName"', '"__proto__":{"isAdmin":true},"displayName"')],
    ['as the input', (body: string) => body.replace('"input":{', '"__proto__":{"input":{}},"input":{')],
    [
      'as constructor.prototype',
      (body: string) => body.replace('"displayName"', '"constructor":{"prototype":{"isAdmin":true}},"displayName"'),
    ],
  ])('take no prototype keys %s', async (_, poison) => {
    const { answer, changed } = await changing(app(), () =>
      cast().admin.post(poison(JSON.stringify({ query: CREATE, variables: { input: good() } }))),
    );
    expect(answer.status).toBeLessThan(500);
    expect(answer.code).not.toBe('OK');
    expect(changed).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('of lists are as closed: filters and orders refuse what they do not know', async () => {
    for (const filter of [
      { passwordHash: { startsWith: '$argon2' } },
      { __typename: 'x' },
      { search: { $gt: '' } },
      { groupIds: [{}] },
      { statusIn: 'NOPE' },
    ]) {
      const { code, data } = await cast().admin.run(USERS, { filter });
      expect([code, data]).toEqual(['BAD_USER_INPUT', undefined]);
    }
  });

  test('of the wrong type are refused before anything runs', async () => {
    const wrong = [
      { displayName: 1 },
      { displayName: null },
      { groupIds: null },
      { groupIds: [null] },
      { email: ['a@example.com'] },
      { password: { length: 99 } },
      { passwordChangeRequired: 'yes' },
    ];
    const { answer, changed } = await changing(app(), () =>
      Promise.all(wrong.map((part) => cast().admin.run(CREATE, { input: { ...good(), ...part } }))),
    );
    expect(answer.map(({ code }) => code)).toEqual(wrong.map(() => 'BAD_USER_INPUT'));
    expect(changed).toEqual([]);
  });

  test('carry no actor and no field that only its own flow may set', () => {
    const document = parse(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'));
    const fields = document.definitions.flatMap((definition) =>
      definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && definition.name.value.endsWith('Input')
        ? (definition.fields ?? []).map((field) => `${definition.name.value}.${field.name.value}`)
        : [],
    );
    expect(fields.length).toBeGreaterThan(40);
    const forbidden =
      /\.(actor|caller|by|createdBy|addedBy|onBehalfOf|impersonat|owner|status|verified|emailVerified|phoneVerified|lockedUntil|failed|systemManaged|kind$)/i;
    // The owner is not the actor: a service account in the reach of `create:api-keys` (api-key/create-service-key.test.ts).
    expect(fields.filter((field) => forbidden.test(field))).toEqual([
      'CreateApiKeyInput.ownerId',
      'PermissionConstraintInput.kind',
      'ResourceInput.ownerRule',
    ]);
    const people = fields.filter((field) => /\.(userId|userIds)$/.test(field));
    expect(people.toSorted()).toEqual([
      'AddGroupMembersInput.userIds',
      'AddOrganizationMembersInput.userIds',
      'EraseUserInput.userId',
      'ExportUserDataInput.userId',
      'RemoveGroupMembersInput.userIds',
      'RemoveOrganizationMembersInput.userIds',
      'ResendInviteInput.userId',
      'ResetUserMfaInput.userId',
      'RevokeUserSessionsInput.userId',
      'StartImpersonationInput.userId',
      'SubjectInput.userId',
    ]);
  });
});
