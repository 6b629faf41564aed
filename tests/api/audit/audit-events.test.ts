import { describe, expect, test } from 'vitest';
import {
  AuditEventDocument,
  AuditEventsDocument,
  type AuditEventsQueryVariables,
  LockUsersDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import type { Origin, Reference } from '../../../src/events/recorder.ts';
import { makePerson, signIn } from '../../support/cast.ts';
import { statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const pageOf = async (client: TestClient, variables: AuditEventsQueryVariables) => {
  const { data, errors } = await client.send(AuditEventsDocument, variables);
  expect(errors).toEqual([]);
  if (data.auditEvents == null) throw new Error('There is no page.');
  return data.auditEvents;
};

const actionsOf = async (client: TestClient, variables: AuditEventsQueryVariables) =>
  (await pageOf(client, variables)).nodes.map(({ action }) => action);

const person = async () => {
  const email = `${unique('person')}@audit.example`;
  return { email, id: await makePerson(app(), { email, displayName: 'Ada' }) };
};

const user = (id: string, label: string | null = null): Reference => ({ type: 'User', id, label });

/** Writes lines as services do. */
const write = async (origin: Partial<Origin>, actions: readonly string[], target?: Reference): Promise<void> => {
  const { database, services } = app();
  const whole = { actor: null, onBehalfOfId: null, ipAddress: null, userAgent: null, requestId: null, ...origin };
  const happenings = actions.map((action) => ({ action, ...(target === undefined ? {} : { target }) }));
  await services.recorder.recordAlone(database, whole, happenings);
};

describe('auditEvents', () => {
  test('show one’s own doings with address, program and request, newest first', async () => {
    const { email, id } = await person();
    const actor = await signIn(app(), email);
    const [line, ...rest] = (await pageOf(actor, { filter: { actionIn: ['session.started'] } })).nodes;
    expect(rest).toEqual([]);
    expect(line).toMatchObject({
      action: 'session.started',
      result: 'SUCCESS',
      actor: { type: 'User', id, label: email },
      onBehalfOf: null,
      ipAddress: '127.0.0.1',
      at: app().clock.now().toISOString(),
    });
    expect(line?.requestId).toMatch(/^[\w-]{36}$/);
    const { data } = await actor.send(AuditEventDocument, { id: line?.id ?? '' });
    expect(data.auditEvent).toEqual(line);
  });

  test('show what somebody else did to one, without their address, program, request and reason; the log itself has them', async () => {
    const { email, id } = await person();
    const { support, auditor } = cast();
    const input = { ids: [id], reason: 'Suspicious.' };
    await support.with({ 'user-agent': 'Desk/1' }).send(LockUsersDocument, { input });
    await app().database.query('update users set locked_until = null where id = $1', [id]);
    const actor = await signIn(app(), email);
    const filter = { targetId: id, actionIn: ['user.locked'] };
    const [own] = (await pageOf(actor, { filter })).nodes;
    expect(own).toMatchObject({ actor: { id: support.id, label: support.email }, target: { id, label: email } });
    expect([own?.ipAddress, own?.userAgent, own?.requestId, own?.metadata]).toEqual([null, null, null, {}]);
    const [whole] = (await pageOf(auditor, { filter })).nodes;
    expect(whole).toMatchObject({ id: own?.id, ipAddress: '127.0.0.1', userAgent: 'Desk/1' });
    expect(whole?.metadata).toEqual({ reason: 'Suspicious.' });
    const guess = { ...filter, ipAddress: '127.0.0.1' };
    expect(await pageOf(actor, { filter: guess })).toMatchObject({ nodes: [], totalCount: 0 });
    expect(await actionsOf(auditor, { filter: guess })).toEqual(['user.locked']);
  });

  test('show wrong tries at one’s own account with the address they came from', async () => {
    const { email } = await person();
    await app()
      .anonymous()
      .send(SignInDocument, { input: { identifier: email, password: 'wrong', delivery: 'BODY' } });
    const actor = await signIn(app(), email);
    const [line] = (await pageOf(actor, { filter: { resultIn: ['FAILURE'] } })).nodes;
    expect(line).toMatchObject({ actor: null, ipAddress: '127.0.0.1', target: { label: email } });
  });

  test('count what one’s API keys and whoever acts as one did as one’s own', async () => {
    const { email, id } = await person();
    const [stranger, key] = [newId<UserId>(), newId<UserId>()];
    await write({ actor: { type: 'ApiKey', id: key, label: 'ci' }, onBehalfOfId: id, ipAddress: '192.0.2.1' }, [
      'a.keyed',
    ]);
    await write({ actor: user(stranger, 'Eve'), onBehalfOfId: id, ipAddress: '192.0.2.2' }, ['a.impersonated']);
    const actor = await signIn(app(), email);
    const { nodes } = await pageOf(actor, { filter: { actionIn: ['a.keyed', 'a.impersonated'] } });
    expect(nodes.map((node) => `${node.action} ${node.ipAddress} ${node.onBehalfOf?.id}`).toSorted()).toEqual([
      `a.impersonated null ${id}`,
      `a.keyed 192.0.2.1 ${id}`,
    ]);
    expect(await actionsOf(actor, { filter: { actorId: key } })).toEqual(['a.keyed']);
  });

  test('tell a member nothing of others: not by id, filter, count or cursor', async () => {
    const { member, auditor } = cast();
    const other = await person();
    await write({ actor: user(other.id), ipAddress: '203.0.113.77' }, ['a.secret'], user(other.id));
    const filters = [
      { actorId: other.id },
      { targetId: other.id },
      { actionIn: ['a.secret'] },
      { ipAddress: '203.0.113.77' },
      { ipAddress: '203.0.113.0/24' },
      { actorId: 'nonsense' },
      { targetId: '\0' },
      { actionIn: ['\0'] },
      { actionIn: [] },
      { resultIn: [] },
    ];
    for (const filter of filters) {
      expect(await pageOf(member, { filter })).toMatchObject({ nodes: [], totalCount: 0 });
    }
    const [secret] = (await pageOf(auditor, { filter: { actionIn: ['a.secret'] } })).nodes;
    const { data, errors } = await member.send(AuditEventDocument, { id: secret?.id ?? '' });
    expect([data, errors]).toEqual([{ auditEvent: null }, []]);
    const all = await pageOf(member, { first: 100 });
    expect(all.totalCount).toBe(all.nodes.length);
    const concerned = all.nodes.every((one) => [one.actor?.id, one.onBehalfOf?.id, one.target?.id].includes(member.id));
    expect(concerned).toBe(true);
  });

  test('tell who it is now to those who may see users, and of oneself', async () => {
    const { email, id } = await person();
    await write({ actor: user(id) }, ['w.one'], user(id));
    const document = `{ auditEvents(filter: { actionIn: ["w.one"] }) { nodes { actor { user { id displayName } } } } }`;
    const seen = { auditEvents: { nodes: [{ actor: { user: { id, displayName: 'Ada' } } }] } };
    for (const client of [await signIn(app(), email), cast().auditor]) {
      const { data, errors } = await client.run(document);
      expect([errors, data]).toEqual([[], seen]);
    }
    const blind = await holderOf(app(), ['view:audit']);
    const { data, code } = await blind.run(document);
    expect([code, data]).toEqual(['FORBIDDEN', { auditEvents: { nodes: [{ actor: { user: null } }] } }]);
    await app().database.query('delete from users where id = $1', [id]);
    expect((await cast().auditor.run(document)).data).toEqual({ auditEvents: { nodes: [{ actor: { user: null } }] } });
  });

  test('of a user are on the user: for oneself, and with view:audit', async () => {
    const { id, email } = await person();
    await write({ actor: user(id) }, ['a.first'], user(id));
    app().clock.advance(1);
    await write({ actor: user(id) }, ['a.second'], user(id));
    const document = `query ($id: ID!) { user(id: $id) { auditEvents(first: 1, filter: { actionIn: ["a.first", "a.second"] }) {
      nodes { action } totalCount pageInfo { hasNextPage } } } }`;
    const page = { nodes: [{ action: 'a.second' }], totalCount: 2, pageInfo: { hasNextPage: true } };
    const actor = await signIn(app(), email);
    for (const client of [actor, cast().auditor]) {
      const { data, errors } = await client.run(document, { id });
      expect([errors, data]).toEqual([[], { user: { auditEvents: page } }]);
    }
    const { code, data } = await cast().reader.run(document, { id });
    expect([code, data]).toEqual(['FORBIDDEN', { user: { auditEvents: null } }]);
  });

  test('view:audit held through a group that reaches a few organizations gives nothing', async () => {
    const holder = await holderOf(app(), ['view:audit']);
    expect((await pageOf(holder, {})).totalCount).toBeGreaterThan(1);
    await app().database.query(`update groups set scope_mode = 'LISTED' where id = $1`, [holder.groupId]);
    await app().database.query('update permission_epoch set epoch = epoch + 1');
    await app().database.query('update groups set changed_epoch = (select epoch from permission_epoch) where id = $1', [
      holder.groupId,
    ]);
    const { nodes } = await pageOf(holder, {});
    expect(nodes.every((one) => one.actor?.id === holder.id || one.target?.id === holder.id)).toBe(true);
  });

  test('need somebody signed in', async () => {
    const { data, code } = await cast().anonymous.send(AuditEventsDocument, {});
    expect([data, code]).toEqual([{ auditEvents: null }, 'UNAUTHENTICATED']);
  });
});

describe('filters', () => {
  test('are and-ed: actor, target, action, result, address, range and time', async () => {
    const { auditor } = cast();
    const [actor, target] = [await somebody(app()), await somebody(app())];
    await write({ actor: user(actor), ipAddress: '198.51.100.7' }, ['f.one', 'f.two'], user(target));
    await write({ actor: user(actor), ipAddress: '2001:db8::7' }, ['f.three'], user(actor));
    const cases = [
      [{ actorId: actor }, ['f.one', 'f.three', 'f.two']],
      [{ actorId: actor.toUpperCase(), targetId: target }, ['f.one', 'f.two']],
      [{ targetId: target, actionIn: ['f.two', 'f.three', 'f.two'] }, ['f.two']],
      [{ actionIn: ['f.three', 'f.one'] }, ['f.one', 'f.three']],
      [{ actorId: actor, resultIn: ['SUCCESS' as const] }, ['f.one', 'f.three', 'f.two']],
      [{ actorId: actor, resultIn: ['DENIED' as const, 'FAILURE' as const] }, []],
      [{ ipAddress: '198.51.100.7' }, ['f.one', 'f.two']],
      [{ ipAddress: '::ffff:198.51.100.7' }, ['f.one', 'f.two']],
      [{ ipAddress: '198.51.100.0/24' }, ['f.one', 'f.two']],
      [{ ipAddress: '198.51.100.200/24' }, ['f.one', 'f.two']],
      [{ ipAddress: '2001:DB8::/32' }, ['f.three']],
      [{ ipAddress: '2001:db8::/32', targetId: target }, []],
    ] as const;
    for (const [filter, wanted] of cases) {
      const page = await pageOf(auditor, { filter: filter as never });
      expect([filter, page.nodes.map(({ action }) => action).toSorted()]).toEqual([filter, wanted]);
      expect([filter, page.totalCount]).toEqual([filter, wanted.length]);
    }
  });

  test('by time are half open', async () => {
    const actorId = await somebody(app());
    const from = app().clock.now();
    await write({ actor: user(actorId) }, ['t.now']);
    const within = (at: object) => actionsOf(cast().auditor, { filter: { actorId, at } });
    const later = new Date(from.getTime() + 1).toISOString();
    expect(await within({ from: from.toISOString(), until: later })).toEqual(['t.now']);
    expect(await within({ until: from.toISOString() })).toEqual([]);
    expect(await within({ from: later })).toEqual([]);
  });

  test.each(['nonsense', '300.1.1.1', '10.0.0.0/33', '', "1.1.1.1' or true --"])(
    'by an address that is none are refused: %s',
    async (ipAddress) => {
      const { code } = await cast().auditor.send(AuditEventsDocument, { filter: { ipAddress } });
      expect(code).toBe('BAD_USER_INPUT');
    },
  );

  test('take 100 actions and no more', async () => {
    const actions = (count: number) => Array.from({ length: count }, (_, index) => `many.${index}`);
    expect(await actionsOf(cast().auditor, { filter: { actionIn: actions(100) } })).toEqual([]);
    const { code } = await cast().auditor.send(AuditEventsDocument, { filter: { actionIn: actions(101) } });
    expect(code).toBe('BAD_USER_INPUT');
  });
});

describe('pages', () => {
  test('walk every event once, both ways, over months and equal instants, by every kind of filter', async () => {
    const { auditor } = cast();
    const actorId = await somebody(app());
    const now = app().clock.now().getTime();
    const wanted: string[] = [];
    for (const days of [35, 20, 20, 0]) {
      const at = new Date(now - days * 86_400_000).toISOString();
      const rows = JSON.stringify(
        ['p.a', 'p.b', 'p.a'].map((action) => ({ action, id: newId<UserId>(), actor_id: actorId })),
      );
      await app().database.query(
        `with e as (select * from jsonb_to_recordset($1::jsonb) as r(id uuid, action text, actor_id uuid)),
         l as (insert into audit_events (at, id, action, result, actor_type, actor_id, metadata, personal_commitment)
           select $2::timestamptz, id, action, 'SUCCESS', 'User', actor_id, '{}', '' from e)
         insert into audit_personal_values (at, event_id, salt, "values")
         select $2::timestamptz, id, 'x', '{"ipAddress": "192.0.2.99", "changes": []}' from e`,
        [rows, at],
      );
      wanted.push(...(JSON.parse(rows) as { id: string }[]).map(({ id }) => id));
    }
    for (const filter of [
      { actorId },
      { actionIn: ['p.a', 'p.b'] },
      { ipAddress: '192.0.2.99' },
      { ipAddress: '192.0.2.98/31' },
    ]) {
      const forward: string[] = [];
      for (let after: string | null = null; ;) {
        const page = await pageOf(auditor, { filter, first: 5, after });
        forward.push(...page.nodes.map(({ id }) => id));
        after = page.pageInfo.endCursor ?? null;
        if (!page.pageInfo.hasNextPage) break;
      }
      expect(forward.toSorted()).toEqual(wanted.toSorted());
      const backward: string[] = [];
      for (let before: string | null = null; ;) {
        const page = await pageOf(auditor, { filter, last: 5, before });
        backward.unshift(...page.nodes.map(({ id }) => id));
        before = page.pageInfo.startCursor ?? null;
        if (!page.pageInfo.hasPreviousPage) break;
      }
      expect(backward).toEqual(forward);
    }
  });

  test('refuse cursors that are forged or belong to another filter', async () => {
    const { auditor } = cast();
    const { pageInfo } = await pageOf(auditor, { first: 1 });
    const cursor = pageInfo.endCursor ?? '';
    const [body = '', signature = ''] = cursor.split('.');
    const forged = Buffer.from(JSON.stringify([1, '2026-01-01', newId<UserId>()])).toString('base64url');
    for (const after of ['', 'x', body, `${forged}.${signature}`, `${cursor}x`]) {
      expect((await auditor.send(AuditEventsDocument, { after })).code).toBe('BAD_USER_INPUT');
    }
    const other = await auditor.send(AuditEventsDocument, { after: cursor, filter: { resultIn: ['DENIED'] } });
    expect(other.code).toBe('BAD_USER_INPUT');
    const { nodes } = await pageOf(cast().member, { after: cursor, first: 100 });
    expect(nodes.every((one) => [one.actor?.id, one.target?.id].includes(cast().member.id))).toBe(true);
  });

  test('cost one statement besides that of the caller, whoever asks; the total and the users one each', async () => {
    const document =
      'query ($filter: AuditEventFilter) { auditEvents(first: 100, filter: $filter) { nodes { action changes { field } } } }';
    for (const client of [cast().auditor, cast().member]) {
      await client.run(document);
      for (const filter of [null, { actionIn: ['session.started', 'x.y'] }, { ipAddress: '127.0.0.0/8' }]) {
        expect((await statementsOf(app(), () => client.run(document, { filter }))).statements).toBe(2);
      }
    }
    const total = '{ auditEvents(first: 100) { nodes { actor { user { id } } target { user { id } } } totalCount } }';
    expect((await statementsOf(app(), () => cast().auditor.run(total))).statements).toBe(4);
  });
});
