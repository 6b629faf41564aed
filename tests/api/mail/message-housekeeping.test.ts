import { describe, expect, test } from 'vitest';
import { resetMessage } from '../../support/messaging.ts';
import { useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;

describe('housekeeping of messages', () => {
  const app = useTestApp();

  const write = async (name: string, state: string, expiresInDays: number | null = null): Promise<void> => {
    const { clock, database, services } = app();
    const expiresAt = expiresInDays === null ? null : new Date(clock.now().getTime() + expiresInDays * DAY * 1000);
    const id = await database.transaction((em) =>
      services.messages.enqueue(em, resetMessage(`${name}@example.com`, expiresAt)),
    );
    const sentAt = state === 'SENT' ? clock.now().toISOString() : null;
    await database.query(
      `update messages set state = $2, sent_at = $3, sealed_variables = case when $2 = 'SENT' then null else sealed_variables end
       where id = $1`,
      [id, state, sentAt],
    );
  };
  const left = async (): Promise<readonly string[]> => {
    const rows = await app().database.query<{ name: string }>(
      `select split_part(recipient, '@', 1) || case when sealed_variables is null then '' else ' sealed' end as name
       from messages order by 1`,
    );
    return rows.map(({ name }) => name);
  };

  test('removes messages a month after they were sent or given up, never those that wait', async () => {
    await write('sent', 'SENT');
    await write('failed', 'FAILED');
    await write('waiting', 'QUEUED');
    app().clock.advance(29 * DAY);
    await write('young', 'SENT');
    await app().services.housekeeping.run();
    expect(await left()).toEqual(['failed sealed', 'sent', 'waiting sealed', 'young']);
    app().clock.advance(DAY);
    await app().services.housekeeping.run();
    expect(await left()).toEqual(['waiting sealed', 'young']);
    await app().database.query('delete from messages');
  });

  test('forgets the content of messages that were given up, once their link is over', async () => {
    await write('failed', 'FAILED', 1);
    await write('unconfigured', 'NOT_CONFIGURED', 1);
    await write('later', 'FAILED', 3);
    await write('waiting', 'QUEUED', 1);
    app().clock.advance(DAY);
    await app().services.housekeeping.run();
    expect(await left()).toEqual(['failed', 'later sealed', 'unconfigured', 'waiting sealed']);
    await app().database.query('delete from messages');
  });

  test('works in batches, and through more than one of them', async () => {
    await app().database.query(
      `insert into messages (id, channel, template, recipient, locale, state, created_at, sent_at)
       select gen_random_uuid(), 'EMAIL', 'reset', 'many@example.com', 'en', 'SENT', $1, $1 from generate_series(1, 2500)`,
      [new Date(app().clock.now().getTime() - 31 * DAY * 1000).toISOString()],
    );
    await app().services.housekeeping.run();
    expect(await left()).toEqual([]);
  });
});
