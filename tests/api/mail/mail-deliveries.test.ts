import { beforeAll, describe, expect, test } from 'vitest';
import { MailDeliveriesDocument } from '../../../generated/client/graphql.ts';
import type { MessageId, UserId } from '../../../src/ids.ts';
import type { Actor } from '../../support/cast.ts';
import { holderOf, somebody, unique, useCast } from '../../support/holder.ts';
import { addFailedMail } from '../../support/messages.ts';
import { statementsOf } from '../../support/evidence.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('mailDeliveries', () => {
  const app = useTestApp();
  const cast = useCast(app);
  let userId: UserId;
  let recipient: string;
  const ids: MessageId[] = [];

  const read = async (actor: Actor, variables: Parameters<typeof actor.send>[1] = {}) =>
    actor.send(MailDeliveriesDocument, variables);

  beforeAll(async () => {
    userId = await somebody(app());
    recipient = `${unique('reader')}@example.com`;
    for (let made = 0; made < 5; made += 1) {
      ids.push(await addFailedMail(app(), { recipient, userId }));
      app().clock.advance(60);
    }
    const [sent] = ids;
    await app().database.query(`update messages set state = 'SENT', sent_at = $2, failure = null where id = $1`, [
      sent,
      app().clock.now().toISOString(),
    ]);
  });

  test('shows what became of each mail, newest first, never its text', async () => {
    const { data, errors } = await read(cast().support, { filter: { userId } });
    expect(errors).toEqual([]);
    const nodes = data.mailDeliveries?.nodes ?? [];
    expect(nodes.map(({ id }) => id)).toEqual(ids.toReversed());
    expect(nodes[0]).toMatchObject({
      template: 'reset',
      recipient,
      state: 'FAILED',
      attempts: 16,
      nextAttemptAt: null,
      failure: '451 try later',
      sentAt: null,
      previous: null,
      user: { id: userId },
    });
    expect(nodes.at(-1)).toMatchObject({ state: 'SENT', failure: null });
    expect(JSON.stringify(data)).not.toMatch(/ght_|token=/);
  });

  test('filters by state, account, kind and time, and-ed; an empty list of states is none', async () => {
    const idsOf = async (filter: object): Promise<readonly string[]> => {
      const { data } = await read(cast().support, { filter: { userId, ...filter } });
      return data.mailDeliveries?.nodes.map(({ id }) => id) ?? [];
    };
    expect(await idsOf({ stateIn: ['SENT'] })).toEqual([ids[0]]);
    expect(await idsOf({ stateIn: ['SENT', 'FAILED'], template: 'reset' })).toHaveLength(5);
    expect(await idsOf({ stateIn: [] })).toEqual([]);
    expect(await idsOf({ template: 'invite' })).toEqual([]);
    expect(await idsOf({ userId: 'no id' })).toEqual([]);
    const from = new Date(app().clock.now().getTime() - 150_000);
    expect(await idsOf({ createdAt: { from } })).toEqual([ids[4], ids[3]]);
    expect(await idsOf({ createdAt: { until: from } })).toEqual([ids[2], ids[1], ids[0]]);
  });

  test('is paged both ways by position, in one statement a page and one for the total', async () => {
    const { data: first } = await read(cast().support, { filter: { userId }, first: 2 });
    const page = first.mailDeliveries;
    expect(page).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    const { data: second } = await read(cast().support, {
      filter: { userId },
      first: 2,
      after: page?.pageInfo.endCursor ?? null,
    });
    expect(second.mailDeliveries?.nodes.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const { data: last } = await read(cast().support, { filter: { userId }, last: 1 });
    expect(last.mailDeliveries?.nodes.map(({ id }) => id)).toEqual([ids[0]]);
    const foreign = await read(cast().support, { filter: null, first: 2, after: page?.pageInfo.endCursor ?? null });
    expect(foreign.code).toBe('BAD_USER_INPUT');
    const { statements } = await statementsOf(app(), () => read(cast().support, { filter: { userId }, first: 2 }));
    expect(statements).toBe(4); // who calls, the page, the total, the users
  });

  test('leaves out text messages', async () => {
    await app().database.query(`update messages set channel = 'SMS', recipient = '+15550100' where id = $1`, [ids[4]]);
    const { data } = await read(cast().support, { filter: { userId } });
    expect(data.mailDeliveries?.nodes.map(({ id }) => id)).toEqual(ids.slice(0, 4).toReversed());
    await app().database.query(`update messages set channel = 'EMAIL', recipient = $2 where id = $1`, [
      ids[4],
      recipient,
    ]);
  });

  test('who may not see users sees only mails about themselves, and none about nobody', async () => {
    const narrow = await holderOf(app(), ['view:mail']);
    const own = await addFailedMail(app(), { recipient: narrow.email, userId: narrow.id });
    await addFailedMail(app(), { recipient: 'stranger@example.com', userId: null });
    const { data } = await read(narrow, {});
    expect(data.mailDeliveries).toMatchObject({
      nodes: [{ id: own, recipient: narrow.email, user: { id: narrow.id } }],
      totalCount: 1,
    });
    const all = await read(cast().support, {});
    expect(all.data.mailDeliveries?.nodes.map((node) => node.recipient)).toContain('stranger@example.com');
  });

  test('is refused without view:mail', async () => {
    const { code, data } = await read(cast().reader, {});
    expect([code, data?.mailDeliveries ?? null]).toEqual(['FORBIDDEN', null]);
  });
});
