import { describe, expect, test } from 'vitest';
import {
  BannerDocument,
  StartImpersonationDocument,
  StopImpersonationDocument,
} from '../../../generated/client/graphql.ts';
import * as seeded from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import {
  impersonate,
  makeImpersonator,
  makePair,
  makeTarget,
  REASON,
  startInput,
} from '../../support/impersonation.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { jwtParts, recording, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();

const start = (client: TestClient, ...input: Parameters<typeof startInput>) =>
  client.send(StartImpersonationDocument, startInput(...input));

const codesOf = async (answer: ReturnType<typeof start>): Promise<readonly string[]> => {
  const { data, errors } = await answer;
  return [
    ...errors.map(({ extensions }) => extensions.code),
    ...(data?.startImpersonation?.errors ?? []).map(({ code, field }) => `${code} ${(field ?? []).join('.')}`.trim()),
  ];
};

describe('a start', () => {
  test('answers the impersonation and an access token with `act`, and nothing to refresh it by', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const now = app().clock.now();
    const [answer, records] = await recording(app(), () => start(actor, target.id, { ticket: 'T-815', minutes: 30 }));
    const { impersonation, tokens, errors } = answer.data.startImpersonation ?? {};
    const end = new Date(now.getTime() + 30 * 60_000).toISOString();
    expect(errors).toEqual([]);
    expect(impersonation).toMatchObject({
      actor: { id: actor.id },
      target: { id: target.id },
      mode: 'READ_ONLY',
      reason: REASON,
      ticket: 'T-815',
      startedAt: now.toISOString(),
      expiresAt: end,
      endedAt: null,
      endedBy: null,
      eventCount: 0,
    });
    expect(tokens).toMatchObject({ refreshToken: null, refreshTokenExpiresAt: null, csrfToken: null });
    const { claims } = jwtParts(tokens?.accessToken ?? '');
    expect(claims).toMatchObject({
      sub: target.id,
      act: { sub: actor.id },
      acr: 'aal2',
      email: target.email,
      groups: ['Members'],
    });
    expect(claims['sid']).not.toBe(jwtParts(actor.accessToken).claims['sid']);
    expect(Number(claims['exp']) * 1000).toBeLessThanOrEqual(Date.parse(end));
    expect(records.audit.map(({ action, actor_id, target_id }) => [action, actor_id, target_id])).toEqual([
      ['impersonation.started', actor.id, impersonation?.id],
      ['session.started', actor.id, claims['sid']],
    ]);
    expect(records.audit[0]?.metadata).toEqual({
      targetId: target.id,
      reason: REASON,
      ticket: 'T-815',
      mode: 'READ_ONLY',
      expiresAt: end,
      sessionId: claims['sid'],
    });
    expect(records.events.map(({ type }) => type)).toEqual(['ImpersonationStarted', 'SessionStarted']);
    expect(records.events[0]?.payload).toEqual({
      impersonationId: impersonation?.id,
      actorId: actor.id,
      targetId: target.id,
      mode: 'READ_ONLY',
      expiresAt: end,
      sessionId: claims['sid'],
    });
  });

  test('costs a known number of statements, its own authentication included', async () => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const document = `mutation ($input: StartImpersonationInput!) {
      startImpersonation(input: $input) { tokens { accessToken } errors { code } } }`;
    expect(await statementsOf(app(), () => actor.run(document, startInput(target.id)))).toBe(8);
  });

  test('a session has the level of the actor, is as old as their proof, and cannot be confirmed', async () => {
    const { acting } = await makePair(app());
    const { data } = await acting.send(BannerDocument, {});
    expect(data.viewer).toMatchObject({
      session: { signInMethod: 'IMPERSONATION', assuranceLevel: 'AAL2' },
      freshUntil: null,
    });
  });
});

describe('what is refused before anything is looked at', () => {
  test.each<readonly [string, Parameters<typeof startInput>[1], readonly string[]]>([
    ['a reason of blanks', { reason: ' \t ' }, ['REQUIRED reason']],
    ['a reason of nine characters', { reason: ' 123456789 ' }, ['INVALID_VALUE reason']],
    ['a reason of 501 characters', { reason: 'x'.repeat(501) }, ['TOO_LONG reason']],
    ['a reason that a log could not take', { reason: 'ten letters\u0000' }, ['INVALID_VALUE reason']],
    ['a long ticket', { ticket: 'x'.repeat(101) }, ['TOO_LONG ticket']],
    ['no time at all', { minutes: 0 }, ['INVALID_VALUE minutes']],
    ['more than an hour', { minutes: 61 }, ['INVALID_VALUE minutes']],
    ['an id that is none', { userId: 'somebody' }, ['TARGET_NOT_FOUND userId']],
    [
      'several at once',
      { reason: '', minutes: -1, userId: '' },
      ['REQUIRED reason', 'INVALID_VALUE minutes', 'TARGET_NOT_FOUND userId'],
    ],
  ])('%s', async (_what, more, expected) => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const before = await databaseState(app());
    expect(await codesOf(start(actor, target.id, more))).toEqual(expected);
    expect(await databaseState(app())).toEqual(before);
  });

  test('a reason of 10 and of 500 characters is taken, in characters and not in bytes', async () => {
    for (const reason of ['1234567890', '😀'.repeat(500)]) {
      const actor = await makeImpersonator(app());
      const target = await makeTarget(app());
      expect(await codesOf(start(actor, target.id, { reason }))).toEqual([]);
    }
  });
});

describe('whom nobody acts as', () => {
  test('oneself', async () => {
    const actor = await makeImpersonator(app());
    expect(await codesOf(start(actor, actor.id))).toEqual(['SELF_IMPERSONATION userId']);
    expect(await codesOf(start(actor, actor.id.toUpperCase()))).toEqual(['SELF_IMPERSONATION userId']);
  });

  test('nobody, and somebody who is not wholly where the actor may act as people', async () => {
    const organizationId = await makeOrganization(app());
    const otherId = await makeOrganization(app());
    const group = await makeGroup(app(), 'Here', ['impersonate:users', 'view:users', 'create-own:api-keys'], 'LISTED');
    const admins = await makeGroup(app(), 'Admins here', ['admin:*'], 'LISTED');
    const email = 'local@acting.example';
    const actorId = await makePerson(app(), { email, groupIds: [seeded.MEMBERS_GROUP_ID] });
    await joinOrganization(app(), actorId, organizationId, [group]);
    const actor = await raiseToAal2(app(), await signIn(app(), email));
    const inside = await makeTarget(app());
    const partly = await makeTarget(app());
    const outside = await makeTarget(app());
    const local = await makeTarget(app());
    await joinOrganization(app(), inside.id, organizationId);
    await joinOrganization(app(), local.id, organizationId, [admins]);
    for (const id of [organizationId, otherId]) await joinOrganization(app(), partly.id, id);
    await joinOrganization(app(), outside.id, otherId);
    for (const id of ['01890000-0000-7000-8000-00000000dead', partly.id, outside.id]) {
      expect(await codesOf(start(actor, id))).toEqual(['TARGET_NOT_FOUND userId']);
    }
    expect(await codesOf(start(actor, local.id))).toEqual(['NOT_IMPERSONABLE userId']);
    expect(await codesOf(start(actor, inside.id))).toEqual([]);
  });

  test.each<readonly [string, string]>([
    ['disabled', `status = 'DISABLED'`],
    ['invited', `status = 'INVITED'`],
    ['waiting for a proof', `status = 'PENDING'`],
    ['locked by hand', `locked_until = '2099-01-01', status_reason = 'Lost'`],
    ['locked automatically', `locked_until = '2099-01-01'`],
    ['a service account', `kind = 'SERVICE'`],
  ])('somebody %s', async (_what, change) => {
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    await app().database.query(`update users set ${change} where id = $1`, [target.id]);
    const before = await databaseState(app());
    expect(await codesOf(start(actor, target.id))).toEqual(['NOT_IMPERSONABLE userId']);
    expect(await databaseState(app())).toEqual(before);
  });

  test('somebody who holds what the actor lacks, be it one grant, one without its constraint, or a protected one', async () => {
    const actor = await makeImpersonator(app());
    for (const permissions of [['disable:users'], ['view:*'], ['export:users'], ['cancel:everything']]) {
      const group = await makeGroup(app(), `Lacking ${permissions.join()}`, permissions);
      const target = await makeTarget(app(), [seeded.MEMBERS_GROUP_ID, group]);
      expect(await codesOf(start(actor, target.id))).toEqual(['NOT_IMPERSONABLE userId']);
    }
    const constrained = await makeGroup(app(), 'Constrained', ['disable:users']);
    await app().database.query('update group_grants set constraints = $2 where group_id = $1', [
      constrained,
      JSON.stringify([{ kind: 'NETWORKS', networks: ['127.0.0.0/8'] }]),
    ]);
    const email = 'constrained@acting.example';
    await makePerson(app(), {
      email,
      groupIds: [seeded.MEMBERS_GROUP_ID, seeded.IMPERSONATORS_GROUP_ID, constrained],
    });
    const narrow = await raiseToAal2(app(), await signIn(app(), email));
    const open = await makeGroup(app(), 'Open', ['disable:users']);
    const target = await makeTarget(app(), [seeded.MEMBERS_GROUP_ID, open]);
    expect(await codesOf(start(narrow, target.id))).toEqual(['NOT_IMPERSONABLE userId']);
    const alike = await makeTarget(app(), [seeded.MEMBERS_GROUP_ID, constrained]);
    expect(await codesOf(start(narrow, alike.id))).toEqual([]);
  });

  test('an administrator, unless the actor may act as administrators, and is one', async () => {
    const administrator = await makeTarget(app(), [seeded.ADMINISTRATORS_GROUP_ID]);
    const alike = await makeImpersonator(app(), ['admin:*']);
    expect(await codesOf(start(alike, administrator.id))).toEqual(['NOT_IMPERSONABLE userId']);
    const less = await makeImpersonator(app(), ['impersonate-admin:users']);
    expect(await codesOf(start(less, administrator.id))).toEqual(['NOT_IMPERSONABLE userId']);
    const both = await makeImpersonator(app(), ['admin:*', 'impersonate-admin:users']);
    expect(await codesOf(start(both, administrator.id))).toEqual([]);
  });
});

describe('who cannot begin', () => {
  test('nobody who is not signed in, lacks the permission, has one factor, or confirmed too long ago', async () => {
    const target = await makeTarget(app());
    const cast = await app().cast();
    expect(await codesOf(start(cast.anonymous, target.id))).toEqual(['UNAUTHENTICATED']);
    const refused = await start(cast.support, target.id);
    expect([refused.code, refused.errors[0]?.extensions.missing]).toEqual(['FORBIDDEN', ['impersonate:users']]);
    const actor = await makeImpersonator(app());
    const weak = await signIn(app(), actor.email);
    expect((await start(weak, target.id)).errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { assuranceLevel: 'AAL2' },
    });
    await app().database.query(
      `update sessions set authenticated_at = authenticated_at - interval '11 minutes'
      where user_id = $1 and assurance_level = 'AAL2'`,
      [actor.id],
    );
    expect((await start(actor, target.id)).errors[0]?.extensions).toMatchObject({
      code: 'STEP_UP_REQUIRED',
      required: { withinMinutes: 10 },
    });
  });

  test('nobody who acts as somebody else, whatever the person acted as may do', async () => {
    const admin = await makeImpersonator(app(), ['admin:*', 'impersonate-admin:users']);
    const both = await makeGroup(app(), 'Chain', ['impersonate:users', 'view:users']);
    const middle = await makeTarget(app(), [seeded.MEMBERS_GROUP_ID, both]);
    const last = await makeTarget(app());
    for (const mode of ['READ_ONLY', 'ACT'] as const) {
      const acting = await impersonate(app(), admin, middle.id, { mode });
      const before = await databaseState(app());
      expect(await codesOf(start(acting, last.id))).toEqual(['FORBIDDEN']);
      expect(await codesOf(start(acting, admin.id))).toEqual(['FORBIDDEN']);
      expect(await databaseState(app())).toEqual(before);
      await acting.send(StopImpersonationDocument, { input: {} });
    }
  });

  test('nobody twice from one session, be it fifty times at once', async () => {
    const actor = await makeImpersonator(app());
    const targets = await Promise.all([makeTarget(app()), makeTarget(app())]);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => codesOf(start(actor, targets[index % 2]?.id ?? ''))),
    );
    expect(answers.filter((codes) => codes.length === 0)).toHaveLength(1);
    expect(answers.filter((codes) => codes.join() === 'IMPERSONATION_CHAIN')).toHaveLength(49);
    const rows = await app().database.query('select from impersonations where actor_id = $1', [actor.id]);
    expect(rows).toHaveLength(1);
    const elsewhere = await raiseToAal2(app(), await signIn(app(), actor.email));
    expect(await codesOf(start(elsewhere, targets[0].id))).toEqual([]);
  });
});
