import { describe, expect, test } from 'vitest';
import { EndImpersonationDocument, SessionsDocument, SignOutDocument } from '../../../generated/client/graphql.ts';
import * as seeded from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { databaseState } from '../../support/database-state.ts';
import { codeOfUse, impersonate, makePair, makeTarget } from '../../support/impersonation.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { jwtParts, recording, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();

const end = (client: TestClient, id: string, reason: string | null = null) =>
  client.send(EndImpersonationDocument, { input: { id, reason } });

describe('endImpersonation', () => {
  test('is felt at the next request, once, and says who', async () => {
    const { actor, target, acting } = await makePair(app());
    const { admin } = await app().cast();
    const now = app().clock.now().toISOString();
    const [answer, records] = await recording(app(), () => end(admin, acting.id, 'Not agreed.'));
    expect(answer.data.endImpersonation).toMatchObject({
      impersonation: { id: acting.id, endedAt: now, endedBy: { id: admin.id } },
      errors: [],
    });
    expect(await codeOfUse(acting)).toBe('UNAUTHENTICATED');
    expect(await codeOfUse(actor)).toBe('OK');
    expect(records.audit.map(({ action, actor_id, metadata }) => [action, actor_id, metadata])).toEqual([
      [
        'impersonation.ended',
        admin.id,
        { actorId: actor.id, targetId: target.id, how: 'ENDED_BY_ANOTHER', reason: 'Not agreed.' },
      ],
      ['session.ended', admin.id, { reason: 'IMPERSONATION_ENDED', userId: target.id }],
    ]);
    expect(records.events[0]?.payload).toMatchObject({ impersonationId: acting.id, endedById: admin.id });
    const again = await end(admin, acting.id);
    expect(again.data.endImpersonation?.errors).toMatchObject([{ code: 'IMPERSONATION_ENDED', targetId: acting.id }]);
  });

  test('of fifty at once one ends it', async () => {
    const { acting } = await makePair(app());
    const { admin } = await app().cast();
    const answers = await Promise.all(Array.from({ length: 50 }, () => end(admin, acting.id)));
    const codes = answers.map(({ data }) => data.endImpersonation?.errors[0]?.code ?? 'OK');
    expect(codes.filter((code) => code === 'OK')).toHaveLength(1);
    expect(codes.filter((code) => code === 'IMPERSONATION_ENDED')).toHaveLength(49);
  });

  test('needs the permission where the target is; hidden ones are as if they were not', async () => {
    const organizationId = await makeOrganization(app());
    const inside = await makeTarget(app());
    await joinOrganization(app(), inside.id, organizationId);
    const { actor, target, acting } = await makePair(app());
    const { acting: other } = await makePair(app());
    const watched = await impersonate(app(), await signInAnew(actor.email), inside.id);
    const local = await makeGroup(
      app(),
      'Watch',
      ['view:impersonations', 'end:impersonations', 'view:users'],
      'LISTED',
    );
    const watcherId = await makePerson(app(), { email: 'watcher@acting.example', groupIds: [seeded.MEMBERS_GROUP_ID] });
    await joinOrganization(app(), watcherId, organizationId, [local]);
    const watcher = await signIn(app(), 'watcher@acting.example');
    const person = await signIn(app(), target.email);
    const { auditor } = await app().cast();
    const before = await databaseState(app());
    for (const id of [other.id, 'nothing', '01890000-0000-7000-8000-00000000dead']) {
      const { data } = await end(watcher, id);
      expect(data.endImpersonation?.errors).toMatchObject([{ code: 'TARGET_NOT_FOUND', field: ['id'] }]);
    }
    // The person themselves sees it, and may not end it this way; they revoke the session.
    expect((await end(person, acting.id)).errors[0]?.extensions.missing).toEqual(['end:impersonations']);
    expect((await end(auditor, acting.id)).errors[0]?.extensions.missing).toEqual(['end:impersonations']);
    expect((await end(acting, acting.id)).code).toBe('FORBIDDEN');
    expect((await end(app().anonymous(), acting.id)).code).toBe('UNAUTHENTICATED');
    const { data } = await end(watcher, other.id, 'x'.repeat(501));
    expect(data.endImpersonation?.errors).toMatchObject([{ code: 'TOO_LONG', field: ['reason'] }]);
    expect(await databaseState(app())).toEqual(before);
    expect((await end(watcher, watched.id)).data.endImpersonation?.errors).toEqual([]);
    expect(await codeOfUse(watched)).toBe('UNAUTHENTICATED');
  });

  const signInAnew = async (email: string) => {
    const actor = await signIn(app(), email);
    await app().database.query(`update sessions set assurance_level = 'AAL2' where id = $1`, [
      jwtParts(actor.accessToken).claims['sid'],
    ]);
    return actor;
  };
});

describe('what else ends an impersonation, at the next request', () => {
  const change = (text: string) => async (id: string) => void (await app().database.query(text, [id]));

  test.each<readonly [string, 'actor' | 'target', (id: string) => Promise<void>]>([
    [
      'the actor is locked by hand',
      'actor',
      change(`update users set locked_until = '2099-01-01', status_reason = 'x' where id = $1`),
    ],
    ['the actor is disabled', 'actor', change(`update users set status = 'DISABLED' where id = $1`)],
    ['the actor is deleted', 'actor', change('delete from users where id = $1')],
    ['the actor’s session is over', 'actor', change('update sessions set ended_at = now() where user_id = $1')],
    [
      'the target is locked by hand',
      'target',
      change(`update users set locked_until = '2099-01-01', status_reason = 'x' where id = $1`),
    ],
    ['the target is disabled', 'target', change(`update users set status = 'DISABLED' where id = $1`)],
    ['the target is deleted', 'target', change('delete from users where id = $1')],
    [
      'the sessions of the target are over',
      'target',
      change('update sessions set ended_at = now() where user_id = $1'),
    ],
    [
      'impersonate:users is taken away',
      'actor',
      change(`delete from memberships m using group_grants g
       where m.user_id = $1 and g.group_id = m.group_id and g.action = 'impersonate'`),
    ],
  ])('%s', async (_what, who, happens) => {
    const { actor, target, acting } = await makePair(app());
    expect(await codeOfUse(acting)).toBe('OK');
    await happens(who === 'actor' ? actor.id : target.id);
    expect(await codeOfUse(acting)).toBe('UNAUTHENTICATED');
  });

  test('over HTTP: the actor signs out, an administrator locks either, the person revokes the session', async () => {
    const { admin } = await app().cast();
    const lock = (id: string) =>
      admin.run('mutation ($id: ID!) { lockUsers(input: { ids: [$id], reason: "Lost." }) { errors { code } } }', {
        id,
      });
    const out = await makePair(app());
    await out.actor.send(SignOutDocument, { input: {} });
    expect(await codeOfUse(out.acting)).toBe('UNAUTHENTICATED');
    for (const who of ['actor', 'target'] as const) {
      const pair = await makePair(app());
      await lock(pair[who].id);
      expect(await codeOfUse(pair.acting)).toBe('UNAUTHENTICATED');
    }
    const pair = await makePair(app());
    const person = await signIn(app(), pair.target.email);
    const { data } = await person.send(SessionsDocument, { filter: { active: true } });
    expect(data.sessions?.nodes.map(({ id }) => id)).toContain(pair.acting.sessionId);
    await person.run('mutation ($id: ID!) { revokeSessions(input: { ids: [$id] }) { errors { code } } }', {
      id: pair.acting.sessionId,
    });
    expect(await codeOfUse(pair.acting)).toBe('UNAUTHENTICATED');
  });

  test('the time that was asked for, whatever the token says', async () => {
    const { acting } = await makePair(app(), { minutes: 1 });
    app().clock.advance(59);
    expect(await codeOfUse(acting)).toBe('OK');
    app().clock.advance(2);
    expect(await codeOfUse(acting)).toBe('UNAUTHENTICATED');
  });

  test('one statement authenticates an impersonated session, as any other', async () => {
    const { acting } = await makePair(app());
    await codeOfUse(acting);
    expect(await statementsOf(app(), () => codeOfUse(acting))).toBe(1);
  });
});
