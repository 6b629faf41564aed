import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kind, type OperationDefinitionNode, OperationTypeNode, parse, print } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { BannerDocument, LockUsersDocument, UpdateUserDocument } from '../../../generated/client/graphql.ts';
import * as seeded from '../../../src/permissions/seeded-groups.ts';
import { openWhileReadOnly } from '../../../src/permissions/field-lists.ts';
import { tree } from '../../../src/permissions/tree.ts';
import { isPublic } from '../../../src/permissions/rules.ts';
import { type Facts, mutationDocument, mutationInputs } from '../../contract/permission-matrix.inputs.ts';
import { harmless } from '../../contract/permission-matrix.people.ts';
import { type Actor, makeGroup, PASSWORD } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import {
  type Impersonating,
  impersonate,
  makeImpersonator,
  makePair,
  makeTarget,
} from '../../support/impersonation.ts';
import { recording } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const SUPPORT = [seeded.MEMBERS_GROUP_ID, seeded.SUPPORT_GROUP_ID];

const source = readFileSync(join(import.meta.dirname, '../../support/operations.graphql'), 'utf8');
const document = parse(source);
const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);

const spreadsOf = (text: string): readonly string[] => [...text.matchAll(/\.\.\.(\w+)/g)].map(([, name]) => name ?? '');

/** The operation with the fragments that it needs. */
const whole = (operation: OperationDefinitionNode): string => {
  const needed = new Set<string>();
  const add = (text: string): void => {
    for (const name of spreadsOf(text)) {
      const fragment = fragments.find((one) => 'name' in one && one.name?.value === name);
      if (needed.has(name) || fragment === undefined) continue;
      needed.add(name);
      add(print(fragment));
    }
  };
  add(print(operation));
  const used = fragments.filter((one) => 'name' in one && needed.has(one.name?.value ?? ''));
  return [operation, ...used].map((one) => print(one)).join('\n');
};

/** Every mutation of the operations, by the root field it asks for. */
const mutations = document.definitions.flatMap((one) => {
  if (one.kind !== Kind.OPERATION_DEFINITION || one.operation !== OperationTypeNode.MUTATION) return [];
  const [field] = one.selectionSet.selections;
  return field?.kind === Kind.FIELD
    ? [{ field: field.name.value as keyof typeof tree.Mutation, text: whole(one) }]
    : [];
});

const fields = Object.keys(tree.Mutation) as (keyof typeof tree.Mutation)[];
const closed = fields.filter((field) => !openWhileReadOnly.includes(`Mutation.${field}`));

/** Something to name in every input; what a refusal must not get to. */
const inputOf = (field: keyof typeof tree.Mutation, userId: string) =>
  mutationInputs[field]({
    ...harmless({} as Facts),
    userId,
    password: PASSWORD,
    setupToken: 'unknown',
    actionToken: 'unknown',
    later: new Date(app().clock.now().getTime() + 3_600_000).toISOString(),
  });

describe('in mode READ_ONLY', () => {
  let actor: Actor;
  let acting: Impersonating;
  beforeAll(async () => {
    // Somebody as whom nothing else would be refused.
    actor = await makeImpersonator(app(), ['admin:*', 'impersonate-admin:users']);
    const target = await makeTarget(app(), [seeded.ADMINISTRATORS_GROUP_ID]);
    acting = await impersonate(app(), actor, target.id);
  });

  test('every mutation of the tree is among the operations or has a document', () => {
    expect(closed.length).toBeGreaterThan(50);
    expect(mutations.length).toBeGreaterThan(40);
  });

  test.each(closed)('%s is refused, and changes nothing', async (field) => {
    const documents = [
      mutationDocument(field),
      ...mutations.filter((one) => one.field === field).map(({ text }) => text),
    ];
    const before = await databaseState(app());
    for (const text of documents) {
      const { status, data, errors } = await acting.run<Record<string, unknown> | null>(text, {
        input: inputOf(field, acting.targetId),
      });
      expect([status, errors.map(({ message, extensions }) => [message, extensions])]).toEqual([
        200,
        [['This impersonation is read-only.', { code: 'FORBIDDEN', missing: [], impersonation: 'READ_ONLY' }]],
      ]);
      expect(data?.[field] ?? null).toBeNull();
    }
    expect(await databaseState(app())).toEqual(before);
  });

  test('a second alias, a fragment, or another operation of the document goes no other way', async () => {
    const other = await makeTarget(app());
    const before = await databaseState(app());
    const answer = await acting.run(
      `mutation ($input: LockUsersInput!) { stay: __typename first: lockUsers(input: $input) { users { id } }
         ... on Mutation { second: lockUsers(input: $input) { users { id } } } }`,
      { input: { ids: [other.id], reason: 'No reason at all.' } },
    );
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    expect(await databaseState(app())).toEqual(before);
  });

  test('queries answer what the target may see', async () => {
    const { data } = await acting.run<{ users: { totalCount: number } }>('{ users { totalCount } }');
    expect(data.users.totalCount).toBeGreaterThan(2);
  });
});

describe('in mode ACT', () => {
  test('works what the target may do, within what both may, and the log names both', async () => {
    const { actor, target, acting } = await makePair(app(), { mode: 'ACT' }, SUPPORT);
    const other = await makeTarget(app());
    app().clock.advance(1);
    const [answer, records] = await recording(app(), () =>
      acting.send(LockUsersDocument, { input: { ids: [other.id], reason: 'Lost the laptop.' } }),
    );
    expect(answer.data.lockUsers?.errors).toEqual([]);
    const rows = await app().database.query<{ actor_id: string; on_behalf_of_id: string; label: string; id: string }>(
      `select e.actor_id, e.on_behalf_of_id, p.values ->> 'actorLabel' as label, e.metadata ->> 'impersonationId' as id
       from audit_events e join audit_personal_values p on p.event_id = e.id
       where e.action = 'user.locked' and e.target_id = $1`,
      [other.id],
    );
    expect(rows).toEqual([{ actor_id: actor.id, on_behalf_of_id: target.id, label: actor.email, id: acting.id }]);
    expect(records.audit.every(({ metadata }) => metadata['impersonationId'] === acting.id)).toBe(true);
    const { data } = await acting.send(BannerDocument, {});
    expect(data.viewer?.impersonation?.eventCount).toBe(records.audit.length);
  });

  const persons = fields.filter((field) => isPublic(tree.Mutation[field]));

  test.each(persons)('%s, open to anyone, is refused to somebody in disguise', async (field) => {
    const { acting } = await makePair(app(), { mode: 'ACT' }, SUPPORT);
    const before = await databaseState(app());
    const { errors } = await acting.run(mutationDocument(field), { input: inputOf(field, acting.targetId) });
    expect(errors.map(({ message, extensions }) => [message, extensions])).toEqual([
      ['This is not possible while impersonating.', { code: 'FORBIDDEN', missing: [], impersonation: 'ACT' }],
    ]);
    expect(await databaseState(app())).toEqual(before);
  });

  test('a code to confirm the identity is not sent to the person acted as', async () => {
    const { acting } = await makePair(app(), { mode: 'ACT' });
    const before = await databaseState(app());
    const answer = await acting.run(
      'mutation { requestSignInCode(input: { purpose: STEP_UP, identifier: null }) { verification { __typename } errors { code } } }',
    );
    expect(answer.code).toBe('FORBIDDEN');
    expect(await databaseState(app())).toEqual(before);
  });

  test('what belongs to the person alone is refused, and so is everything that asks for a proof', async () => {
    const { acting } = await makePair(app(), { mode: 'ACT' }, SUPPORT);
    const own = fields.filter((field) => {
      const text = JSON.stringify(tree.Mutation[field]);
      return /notImpersonating|freshly|aal2/.test(text) && !/"or"/.test(text);
    });
    expect(own.length).toBeGreaterThan(18);
    const before = await databaseState(app());
    for (const field of own) {
      const { errors } = await acting.run(mutationDocument(field), { input: inputOf(field, acting.targetId) });
      expect([field, errors.map(({ extensions }) => [extensions.code, extensions['impersonation']])]).toEqual([
        field,
        [['FORBIDDEN', 'ACT']],
      ]);
    }
    expect(await databaseState(app())).toEqual(before);
  });

  test('the account, sessions and devices of the person are out of reach, even by permissions over all', async () => {
    const actor = await makeImpersonator(app(), ['disable:users']);
    const group = await makeGroup(app(), 'Account administration', ['view:users', 'update:users', 'disable:users']);
    const target = await makeTarget(app(), [...SUPPORT, group]);
    const acting = await impersonate(app(), actor, target.id, { mode: 'ACT' });
    const before = await databaseState(app());
    const tries = [
      acting.send(UpdateUserDocument, { input: { id: target.id, email: 'mine@acting.example' } }),
      acting.run('mutation ($id: ID!) { requirePasswordChange(input: { ids: [$id] }) { errors { code } } }', {
        id: target.id,
      }),
      acting.run('mutation ($id: ID!) { disableUsers(input: { ids: [$id], reason: "None." }) { errors { code } } }', {
        id: target.id,
      }),
      acting.run('mutation ($id: ID!) { revokeUserSessions(input: { userId: $id }) { errors { code } } }', {
        id: target.id,
      }),
      acting.run('mutation ($id: ID!) { revokeSessions(input: { ids: [$id] }) { errors { code } } }', {
        id: acting.sessionId,
      }),
    ];
    for (const answer of await Promise.all(tries)) expect(answer.code).toBe('FORBIDDEN');
    expect(await databaseState(app())).toEqual(before);
  });
});

describe('what the grants are', () => {
  interface Permissions {
    readonly viewer: { readonly permissions: { permission: { action: string; resource: string } }[] };
  }
  const permissionsOf = async (client: Impersonating): Promise<readonly string[]> => {
    const { data } = await client.run<Permissions>('{ viewer { permissions { permission { action resource } } } }');
    return data.viewer.permissions.map(({ permission }) => `${permission.action}:${permission.resource}`).toSorted();
  };

  test('those of the target that can be used, wildcards written out', async () => {
    const { acting } = await makePair(app(), { mode: 'READ_ONLY' }, SUPPORT);
    expect(await permissionsOf(acting)).toEqual(['view:groups', 'view:organizations', 'view:sessions', 'view:users']);
    const { acting: acts } = await makePair(app(), { mode: 'ACT' }, SUPPORT);
    expect(await permissionsOf(acts)).toEqual([
      'lock:users',
      'retry:mail',
      'revoke:sessions',
      'view:groups',
      'view:mail',
      'view:organizations',
      'view:sessions',
      'view:users',
    ]);
    const admin = await makeImpersonator(app(), ['admin:*', 'impersonate-admin:users']);
    const administrator = await makeTarget(app(), [seeded.ADMINISTRATORS_GROUP_ID]);
    const asAdmin = await permissionsOf(await impersonate(app(), admin, administrator.id, { mode: 'ACT' }));
    expect(asAdmin).toContain('create:users');
    expect(asAdmin.filter((one) => /\*|^delete:users|grant|impersonate|assign:groups/.test(one))).toEqual([]);
  });

  test('the target loses and is given rights: both hold at once, but nothing that the actor lacks', async () => {
    const { target, acting } = await makePair(app(), { mode: 'ACT' }, SUPPORT);
    const remove = (groupId: string) =>
      app().database.query('delete from memberships where user_id = $1 and group_id = $2', [target.id, groupId]);
    const add = (groupId: string) =>
      app().database.query(
        'insert into memberships (id, user_id, group_id, added_at) values (gen_random_uuid(), $1, $2, now())',
        [target.id, groupId],
      );
    const see = async () => (await acting.run('{ groups { totalCount } }')).code;
    expect(await see()).toBe('OK');
    await remove(seeded.SUPPORT_GROUP_ID);
    expect(await see()).toBe('FORBIDDEN');
    await add(seeded.READ_ONLY_GROUP_ID);
    expect(await see()).toBe('OK');
    expect(await permissionsOf(acting)).not.toContain('view:stats');
    await add(seeded.ADMINISTRATORS_GROUP_ID);
    const permissions = await permissionsOf(acting);
    expect(permissions).toContain('lock:users');
    expect(permissions).not.toContain('create:groups');
    expect((await acting.run('{ health { version } }')).code).toBe('FORBIDDEN');
  });

  test('mail is for mode ACT, also on the way through other types', async () => {
    const { acting, target } = await makePair(app(), { mode: 'READ_ONLY' }, SUPPORT);
    expect((await acting.run('{ mailDeliveries { totalCount } }')).code).toBe('FORBIDDEN');
    const { data } = await acting.run<{ user: unknown }>('query ($id: ID!) { user(id: $id) { inviteEmail { id } } }', {
      id: target.id,
    });
    expect(data).toEqual({ user: { inviteEmail: null } });
  });

  test('references of a router show what the target may see', async () => {
    const { actor, target, acting } = await makePair(app());
    const { data } = await acting.run<{ _entities: unknown }>(
      'query ($all: [_Any!]!) { _entities(representations: $all) { ... on User { id email } } }',
      { all: [actor.id, target.id].map((id) => ({ __typename: 'User', id })) },
    );
    expect(data._entities).toEqual([null, { id: target.id, email: target.email }]);
  });
});
