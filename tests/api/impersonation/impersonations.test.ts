import { describe, expect, test } from 'vitest';
import {
  BannerDocument,
  ImpersonationsDocument,
  StartImpersonationDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import * as seeded from '../../../src/permissions/seeded-groups.ts';
import { makeGroup, makePerson, signIn } from '../../support/cast.ts';
import { impersonate, makeImpersonator, makePair, makeTarget, startInput, stop } from '../../support/impersonation.ts';
import { messagesTo } from '../../support/messages.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { recording, statementsOf } from '../../support/records.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();

type Filter = Readonly<{ userId?: string; active?: boolean; startedAt?: { from?: string; until?: string } }>;

const idsOf = async (client: TestClient, filter: Filter = {}): Promise<readonly string[]> => {
  const { data } = await client.send(ImpersonationsDocument, { filter, first: 100 });
  return data.impersonations?.nodes.map(({ id }) => id) ?? [];
};

describe('the list', () => {
  test('shows the person who acted as them, by name and address and nothing else', async () => {
    const { actor, target, acting } = await makePair(app());
    const person = await signIn(app(), target.email);
    const { data, errors } = await person.run(
      `{ impersonations { totalCount nodes { id reason mode actor { id displayName email phone username lastSignInAt groups { id } }
         target { id } } } sessions { nodes { id signInMethod current impersonator { id displayName } } } }`,
    );
    expect(data['impersonations']).toEqual({
      totalCount: 1,
      nodes: [
        {
          id: acting.id,
          reason: 'Invoice 4711 does not show.',
          mode: 'READ_ONLY',
          actor: {
            id: actor.id,
            displayName: 'Grace',
            email: actor.email,
            phone: null,
            username: null,
            lastSignInAt: null,
            groups: null,
          },
          target: { id: target.id },
        },
      ],
    });
    expect(errors.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual([
      ['impersonations.nodes.0.actor.groups', 'FORBIDDEN'],
    ]);
    const sessions = (data['sessions'] as { nodes: { id: string }[] }).nodes;
    expect(sessions.find(({ id }) => id === acting.sessionId)).toEqual({
      id: acting.sessionId,
      signInMethod: 'IMPERSONATION',
      current: false,
      impersonator: { id: actor.id, displayName: 'Grace' },
    });
    expect(sessions.filter((one) => 'impersonator' in one && one.impersonator !== null)).toHaveLength(1);
  });

  test('holds what somebody took part in, and all others for those who may see them', async () => {
    const { actor, target, acting } = await makePair(app());
    const { acting: other } = await makePair(app());
    const { auditor, admin, member, support } = await app().cast();
    const person = await signIn(app(), target.email);
    expect(await idsOf(person)).toEqual([acting.id]);
    expect(await idsOf(actor)).toEqual([acting.id]);
    expect(await idsOf(acting), 'the history of the person acted as').toEqual([acting.id]);
    for (const client of [member, support]) expect(await idsOf(client)).toEqual([]);
    for (const client of [auditor, admin]) {
      expect(await idsOf(client)).toEqual(expect.arrayContaining([acting.id, other.id]));
    }
    expect((await app().anonymous().send(ImpersonationsDocument, {})).code).toBe('UNAUTHENTICATED');
  });

  test('ends where the permission ends', async () => {
    const organizationId = await makeOrganization(app());
    const actor = await makeImpersonator(app());
    const inside = await makeTarget(app());
    await joinOrganization(app(), inside.id, organizationId);
    const seen = await impersonate(app(), actor, inside.id);
    await makePair(app());
    const group = await makeGroup(app(), 'Local view', ['view:impersonations', 'view:users'], 'LISTED');
    const id = await makePerson(app(), { email: 'local-view@acting.example', groupIds: [seeded.MEMBERS_GROUP_ID] });
    await joinOrganization(app(), id, organizationId, [group]);
    const local = await signIn(app(), 'local-view@acting.example');
    const { data } = await local.send(ImpersonationsDocument, {});
    expect(data.impersonations).toMatchObject({
      totalCount: 1,
      nodes: [{ id: seen.id, actor: null, target: { id: inside.id } }],
    });
  });

  test('is filtered by person, by going on, and by its beginning; newest first, in pages', async () => {
    const { auditor } = await app().cast();
    const actor = await makeImpersonator(app());
    const target = await makeTarget(app());
    const first = await impersonate(app(), actor, target.id);
    await stop(first);
    app().clock.advance(60);
    const from = app().clock.now().toISOString();
    const second = await impersonate(app(), actor, target.id, { minutes: 1 });
    app().clock.advance(61);
    const third = await impersonate(app(), actor, target.id);
    const about = { userId: target.id };
    expect(await idsOf(auditor, about)).toEqual([third.id, second.id, first.id]);
    expect(await idsOf(auditor, { userId: actor.id })).toEqual([third.id, second.id, first.id]);
    expect(await idsOf(auditor, { ...about, active: true })).toEqual([third.id]);
    expect(await idsOf(auditor, { ...about, active: false })).toEqual([second.id, first.id]);
    expect(await idsOf(auditor, { ...about, startedAt: { from } })).toEqual([third.id, second.id]);
    expect(await idsOf(auditor, { ...about, startedAt: { until: from } })).toEqual([first.id]);
    expect(await idsOf(auditor, { userId: 'nobody' })).toEqual([]);
    const page = await auditor.send(ImpersonationsDocument, { filter: about, first: 2 });
    expect(page.data.impersonations?.totalCount).toBe(3);
    const after = page.data.impersonations?.pageInfo.endCursor ?? null;
    const rest = await auditor.send(ImpersonationsDocument, { filter: about, first: 2, after });
    expect(rest.data.impersonations?.nodes.map(({ id }) => id)).toEqual([first.id]);
    const wrong = await auditor.send(ImpersonationsDocument, { filter: {}, first: 2, after });
    expect(wrong.code).toBe('BAD_USER_INPUT');
  });

  test('costs one statement for the page, one each for people and counts', async () => {
    const { auditor } = await app().cast();
    for (let count = 0; count < 2; count += 1) await stop((await makePair(app())).acting);
    const query = '{ impersonations(first: 50) { nodes { id actor { id } target { id } endedBy { id } eventCount } } }';
    await auditor.run(query);
    await app().services.activity.flush();
    expect(await statementsOf(app(), () => auditor.run(query))).toBe(4);
  });
});

test('viewer says that somebody acts, for a banner', async () => {
  const { actor, target, acting } = await makePair(app(), { mode: 'ACT', minutes: 5 });
  const { data } = await acting.send(BannerDocument, {});
  expect(data.viewer).toMatchObject({
    user: { id: target.id },
    actor: { id: actor.id, displayName: 'Grace', email: actor.email, phone: null },
    impersonation: { id: acting.id, mode: 'ACT', actor: { id: actor.id }, target: { id: target.id }, endedAt: null },
    session: { impersonator: { id: actor.id } },
    freshUntil: null,
  });
  const own = await actor.send(BannerDocument, {});
  expect(own.data.viewer).toMatchObject({ actor: null, impersonation: null, session: { impersonator: null } });
  expect((await acting.send(ViewerDocument, {})).data.viewer?.user.id).toBe(target.id);
});

describe('housekeeping', () => {
  test('marks what is over as ended, its session with it, and tells of it; nobody is let in meanwhile', async () => {
    const expired = await makePair(app(), { minutes: 1 });
    const orphaned = await makePair(app());
    await app().database.query(`update sessions set ended_at = $2, end_reason = 'SIGNED_OUT' where user_id = $1`, [
      orphaned.actor.id,
      app().clock.now().toISOString(),
    ]);
    const orphanedAt = app().clock.now().toISOString();
    const running = await makePair(app());
    const due = new Date(app().clock.now().getTime() + 60_000).toISOString();
    app().clock.advance(120);
    const { auditor } = await app().cast();
    const endsOf = async (): Promise<unknown> => {
      const { data } = await auditor.send(ImpersonationsDocument, { first: 3 });
      return data.impersonations?.nodes.map(({ endedAt, endedBy }) => [endedAt, endedBy]);
    };
    const ends = [
      [null, null],
      [orphanedAt, null],
      [due, null],
    ];
    expect(await endsOf()).toEqual(ends);
    const [, records] = await recording(app(), () => app().services.housekeeping.run());
    expect(await endsOf()).toEqual(ends);
    const rows = await app().database.query<{ id: string; end_reason: string | null }>(
      'select id, end_reason from sessions where id = any($1::uuid[])',
      [[expired, orphaned, running].map(({ acting }) => acting.sessionId)],
    );
    const reasons = new Map(rows.map((row) => [row.id, row.end_reason]));
    expect([expired, orphaned, running].map(({ acting }) => reasons.get(acting.sessionId))).toEqual([
      'EXPIRED',
      'IMPERSONATION_ENDED',
      null,
    ]);
    const told = records.audit.filter(({ action }) => action === 'impersonation.ended');
    expect(told.map(({ target_id }) => target_id)).toEqual(
      expect.arrayContaining([expired.acting.id, orphaned.acting.id]),
    );
    expect(told.every(({ metadata, actor_id }) => metadata['how'] === 'OVERDUE' && actor_id === null)).toBe(true);
    const [, again] = await recording(app(), () => app().services.housekeeping.run());
    expect(again.audit.filter(({ action }) => action === 'impersonation.ended')).toEqual([]);
  });
});

describe('a mail to the person', () => {
  test('is sent where the settings say so, and only to an address that is known to be theirs', async () => {
    const telling = await startTestApp({ settings: { 'impersonation.tellTarget': 'true' } });
    try {
      const actor = await makeImpersonator(telling);
      const target = await makeTarget(telling);
      await stop(await impersonate(telling, actor, target.id, { mode: 'ACT' }));
      const [mail] = await messagesTo(telling, target.email);
      expect(mail).toMatchObject({
        template: 'impersonation-notice',
        variables: { actor: 'Grace', mode: 'ACT', userName: 'Alan' },
      });
      const unproved = await makeTarget(telling);
      await telling.database.query('update users set email_verified_at = null where id = $1', [unproved.id]);
      await impersonate(telling, actor, unproved.id);
      expect(await messagesTo(telling, unproved.email)).toEqual([]);
    } finally {
      await telling.close();
    }
  });

  test('is not sent otherwise, and the longest life is a setting', async () => {
    const { target } = await makePair(app());
    expect(await messagesTo(app(), target.email)).toEqual([]);
    const short = await startTestApp({ settings: { 'impersonation.maximumSeconds': '15m' } });
    try {
      const actor = await makeImpersonator(short);
      const other = await makeTarget(short);
      const { data } = await actor.send(StartImpersonationDocument, startInput(other.id));
      const { startedAt = '', expiresAt = '' } = data.startImpersonation?.impersonation ?? {};
      expect(Date.parse(expiresAt) - Date.parse(startedAt)).toBe(15 * 60_000);
    } finally {
      await short.close();
    }
  });
});
