import { describe, expect, test } from 'vitest';
import { ExplainPermissionDocument, type ExplainPermissionQueryVariables } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup } from '../../support/cast.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { impersonate, makeImpersonator, makeTarget } from '../../support/impersonation.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';
import { makeKey } from './keys.ts';
import { constrain, disable } from './people.ts';

const app = useTestApp();
const cast = useCast(app);

const VIEW_USERS = { action: 'view', resource: 'users' } as const;

const explain = async (client: TestClient, variables: ExplainPermissionQueryVariables) => {
  const { data, errors } = await client.send(ExplainPermissionDocument, variables);
  expect(errors).toEqual([]);
  if (data.explainPermission == null) throw new Error('There is no explanation.');
  return data.explainPermission;
};

const stepsOf = ({ steps }: Awaited<ReturnType<typeof explain>>): readonly string[] =>
  steps.map(({ kind, passed, message }) => `${kind} ${passed ? 'yes' : 'no'} ${message}`);

describe('explainPermission', () => {
  test('names the group and the grant that allow it', async () => {
    const { reader } = cast();
    const answer = await explain(reader, { ...VIEW_USERS, rowId: '7' });
    expect(answer.decision).toEqual({
      ...VIEW_USERS,
      rowId: '7',
      allowed: true,
      reason: 'GRANTED',
      missing: [],
      required: null,
    });
    expect(answer.grantingGroups).toEqual([{ name: 'Read-only' }]);
    expect([answer.failingConstraint, answer.protectedCarveOut]).toEqual([null, false]);
    const granting = answer.steps.find(({ kind }) => kind === 'PERMISSION');
    expect(granting).toMatchObject({ passed: true, group: { name: 'Read-only' }, permission: VIEW_USERS });
    expect(answer.steps.map(({ kind }) => kind)).toEqual(['SUBJECT', 'GROUP', 'PERMISSION']);
  });

  test('names what is missing where no group gives it', async () => {
    const { member } = cast();
    const answer = await explain(member, VIEW_USERS);
    expect(answer.decision).toMatchObject({ allowed: false, reason: 'NO_GRANT', missing: ['view:users'] });
    expect(answer.grantingGroups).toEqual([]);
    expect(stepsOf(answer)).toEqual([
      'SUBJECT yes The subject is active.',
      'GROUP no The group "Members" gives nothing that is about it.',
    ]);
  });

  test('says that admin:* does not cover what is protected', async () => {
    const admin = await holderOf(app(), ['admin:*']);
    const answer = await explain(admin, { action: 'erase', resource: 'users' });
    expect(answer.decision).toMatchObject({ allowed: false, reason: 'PROTECTED', missing: ['erase:users'] });
    expect(answer.protectedCarveOut).toBe(true);
    expect(stepsOf(answer).at(-1)).toBe('PERMISSION no erase:users is protected: admin:* does not cover it.');
    expect((await explain(admin, { action: 'update', resource: 'users' })).protectedCarveOut).toBe(false);
  });

  test('names the constraint that came closest and failed', async () => {
    const groupId = await makeGroup(app(), unique('constrained'), ['view:stats']);
    await constrain(app(), groupId, [
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' },
      { kind: 'NETWORKS', networks: ['10.9.0.0/16'] },
    ]);
    const person = await somebody(app(), [MEMBERS_GROUP_ID, groupId]);
    const answer = await explain(cast().admin, { userId: person, action: 'view', resource: 'stats' });
    expect(answer.decision).toMatchObject({ allowed: false, reason: 'CONSTRAINT_FAILED', missing: ['view:stats'] });
    expect(answer.failingConstraint).toMatchObject({ kind: 'NETWORKS', networks: ['10.9.0.0/16'] });
    const constraints = answer.steps.filter(({ kind }) => kind === 'CONSTRAINT');
    expect(constraints.map(({ passed, constraint }) => [constraint?.kind, passed])).toEqual([
      ['MINIMUM_ASSURANCE', true],
      ['NETWORKS', false],
    ]);
  });

  test('says how the session must be raised for what asks for two factors', async () => {
    const holder = await holderOf(app(), ['erase:users']);
    const answer = await explain(holder, { action: 'erase', resource: 'users' });
    expect(answer.decision).toMatchObject({ allowed: false, reason: 'STEP_UP_REQUIRED', missing: [] });
    expect(answer.decision.required).toEqual({ assuranceLevel: 'AAL2', withinMinutes: null });
    expect(stepsOf(answer).at(-1)).toMatch(/^ASSURANCE no It needs a session of AAL2/);
  });

  test('says that the catalogue does not know it', async () => {
    const { admin } = cast();
    for (const [action, resource] of [
      ['paint', 'users'],
      ['view', '*'],
      ['', ''],
      ['__proto__', 'constructor'],
    ] as const) {
      const answer = await explain(admin, { action, resource });
      expect([action, answer.decision.reason, answer.decision.missing]).toEqual([action, 'UNKNOWN_PERMISSION', []]);
    }
  });

  test('needs a session or a key, and one more statement for others', async () => {
    const { anonymous, admin, member } = cast();
    expect((await anonymous.send(ExplainPermissionDocument, VIEW_USERS)).code).toBe('UNAUTHENTICATED');
    const count = async (variables: object): Promise<number> => {
      const before = app().database.statements.count;
      await explain(admin, { ...VIEW_USERS, ...variables });
      return app().database.statements.count - before;
    };
    expect([await count({}), await count({ userId: member.id })]).toEqual([1, 2]);
  });
});

describe('explainPermission within organizations', () => {
  test('says that a grant holds elsewhere, and where it holds', async () => {
    const [here, elsewhere] = await Promise.all([makeOrganization(app()), makeOrganization(app())]);
    const groupId = await makeGroup(app(), unique('local'), ['view:users'], 'LISTED');
    const person = await holderOf(app(), ['view:organizations']);
    await joinOrganization(app(), person.id, here, [groupId]);
    const reason = async (organizationId?: string) =>
      (await explain(person, { ...VIEW_USERS, organizationId: organizationId ?? null })).decision.reason;
    expect(await reason(here)).toBe('GRANTED');
    expect(await reason(elsewhere)).toBe('OUT_OF_SCOPE');
    expect(await reason()).toBe('OUT_OF_SCOPE');
  });

  test('about others, an organization that the caller may not see is like none', async () => {
    const [here, hidden] = await Promise.all([makeOrganization(app()), makeOrganization(app())]);
    const seeing = await makeGroup(app(), unique('seeing'), ['view:users', 'view:groups'], 'LISTED');
    const [looker, person] = await Promise.all([holderOf(app(), ['view:mail']), holderOf(app(), ['view:stats'])]);
    await joinOrganization(app(), looker.id, here, [seeing]);
    await joinOrganization(app(), person.id, here);
    const ask = (organizationId: string) =>
      explain(looker, { userId: person.id, action: 'view', resource: 'stats', organizationId });
    const [known, one, none, nonsense] = await Promise.all([here, hidden, person.id, 'nonsense'].map(ask));
    expect(known?.decision.reason).toBe('GRANTED');
    expect(one?.decision.reason).toBe('OUT_OF_SCOPE');
    expect([none, nonsense]).toEqual([one, one]);
  });
});

describe('explainPermission about others', () => {
  test('needs view:groups, and sees only whom one may see', async () => {
    const { admin, member, reader } = cast();
    const blind = await holderOf(app(), ['view:groups']);
    const code = async (client: TestClient, variables: object) =>
      (await client.send(ExplainPermissionDocument, { ...VIEW_USERS, ...variables })).code;
    expect(await code(member, { userId: reader.id })).toBe('FORBIDDEN');
    expect(await code(member, { userId: member.id })).toBe('OK');
    expect(await code(blind, { userId: reader.id })).toBe('NOT_FOUND');
    expect(await code(blind, { userId: '01890000-0000-7000-8000-00000000ffff' })).toBe('NOT_FOUND');
    expect(await code(admin, { userId: reader.id, apiKeyId: reader.id })).toBe('BAD_USER_INPUT');
  });

  test('reaches as far as view:groups and view:users do together', async () => {
    const [here, elsewhere] = await Promise.all([makeOrganization(app()), makeOrganization(app())]);
    const seeing = await makeGroup(app(), unique('seeing'), ['view:users', 'view:groups'], 'LISTED');
    const looker = await holderOf(app(), ['view:users']);
    await joinOrganization(app(), looker.id, here, [seeing]);
    const [inside, outside] = await Promise.all([somebody(app()), somebody(app())]);
    await joinOrganization(app(), inside, here);
    await joinOrganization(app(), outside, elsewhere);
    const code = async (userId: string) =>
      (await looker.send(ExplainPermissionDocument, { ...VIEW_USERS, userId })).code;
    expect([await code(inside), await code(outside)]).toEqual(['OK', 'NOT_FOUND']);
  });

  test('a subject that is not active may do nothing', async () => {
    const { admin } = cast();
    const groupId = await makeGroup(app(), unique('strong'), ['view:users']);
    const id = await somebody(app(), [groupId]);
    await disable(app(), id);
    const answer = await explain(admin, { ...VIEW_USERS, userId: id });
    expect(answer.decision).toMatchObject({ allowed: false, reason: 'SUBJECT_INACTIVE', missing: [] });
    expect(answer.steps[0]).toMatchObject({ kind: 'SUBJECT', passed: false });
  });
});

describe('explainPermission about keys', () => {
  test('tells what the key carries of what its owner holds', async () => {
    const { admin, support } = cast();
    const key = await makeKey(app(), support.id, ['view:users']);
    const carried = await explain(admin, { ...VIEW_USERS, apiKeyId: key.id });
    expect(carried.decision).toMatchObject({ allowed: true, reason: 'GRANTED' });
    expect(stepsOf(carried).at(-1)).toBe('API_KEY yes The API key carries view:users.');
    const narrowed = await explain(admin, { action: 'lock', resource: 'users', apiKeyId: key.id });
    expect(narrowed.decision).toMatchObject({ allowed: false, reason: 'NARROWED_BY_API_KEY' });
    expect(narrowed.steps.at(-1)).toMatchObject({ kind: 'API_KEY', passed: false });
    expect(await explain(key.client, VIEW_USERS)).toEqual(carried);
  });

  test('a key never gets what its owner lost, and none works for an owner who is not active', async () => {
    const { admin } = cast();
    const id = await somebody(app());
    const key = await makeKey(app(), id, ['view:users']);
    expect((await explain(admin, { ...VIEW_USERS, apiKeyId: key.id })).decision.reason).toBe('NO_GRANT');
    await app().database.query('update api_keys set revoked_at = now() where id = $1', [key.id]);
    expect((await explain(admin, { ...VIEW_USERS, apiKeyId: key.id })).decision.reason).toBe('SUBJECT_INACTIVE');
    const other = await makeKey(app(), id, ['view:users']);
    await disable(app(), id);
    expect((await explain(admin, { ...VIEW_USERS, apiKeyId: other.id })).decision.reason).toBe('SUBJECT_INACTIVE');
  });

  test('its owner sees it without any permission, others only with view:api-keys', async () => {
    const { member, reader } = cast();
    const key = await makeKey(app(), member.id, []);
    expect((await explain(member, { ...VIEW_USERS, apiKeyId: key.id })).decision.reason).toBe('NO_GRANT');
    const answer = await reader.send(ExplainPermissionDocument, { ...VIEW_USERS, apiKeyId: key.id });
    expect(answer.code).toBe('NOT_FOUND');
  });
});

describe('explainPermission while impersonating', () => {
  test('says what does not work in this mode, though the person acted as holds it', async () => {
    const actor = await makeImpersonator(app(), ['grant:groups', 'view:groups', 'view:users']);
    const groupId = await makeGroup(app(), unique('granting'), ['grant:groups', 'view:users']);
    const target = await makeTarget(app(), [MEMBERS_GROUP_ID, groupId]);
    const acting = await impersonate(app(), actor, target.id, { mode: 'ACT' });
    const refused = await explain(acting, { action: 'grant', resource: 'groups' });
    expect(refused.decision).toMatchObject({ allowed: false, reason: 'IMPERSONATING', missing: [] });
    expect(refused.steps.at(-1)).toMatchObject({ kind: 'IMPERSONATION', passed: false });
    expect((await explain(acting, VIEW_USERS)).decision.reason).toBe('GRANTED');
    const person = await explain(acting, { action: 'grant', resource: 'groups', userId: target.id });
    expect(person.decision.reason).toBe('GRANTED');
  });
});
