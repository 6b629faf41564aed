import { expect, test } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { ensureAuditPartitions } from '../../../src/services/audit-partitions.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import { useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;
const app = useTestApp({ settings: { 'audit.retentionMonths': '1' } });

const write = () =>
  app().services.recorder.recordAlone(app().database, systemOrigin('test'), [{ action: 'thing.done' }]);

const partitions = async (parent: string): Promise<readonly string[]> => {
  const rows = await app().database.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = '${parent}'::regclass order by 1`,
  );
  return rows.map(({ name }) => name);
};

const monthAfter = (months: number): string => {
  const now = app().clock.now();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1));
  return month.toISOString().slice(0, 7).replace('-', '_');
};

const heldByDefault = async (): Promise<number> => {
  const [row] = await app().database.query<{ count: number }>(
    'select ((select count(*) from audit_events_default) + (select count(*) from audit_personal_values_default))::int as count',
  );
  return row?.count ?? -1;
};

test('a server that was away for a year gives the month of its first lines a partition, and those that follow', async () => {
  app().clock.advance(365 * DAY);
  await write();
  expect(await heldByDefault()).toBeGreaterThan(0);
  expect(await app().services.housekeeping.run()).toBe(true);
  for (const parent of ['audit_events', 'audit_personal_values']) {
    const names = await partitions(parent);
    expect(names).toEqual(expect.arrayContaining([0, 1, 2, 3].map((months) => `${parent}_${monthAfter(months)}`)));
    expect(names).toContain(`${parent}_default`);
  }
  expect(await heldByDefault()).toBe(0);
  const verified = async () => {
    await app().services.auditChain.run({ sign: true });
    return app().services.auditVerification.verify();
  };
  expect((await verified()).broken).toBeNull();
  // What became a month's is as append-only as before, and so is the new default.
  for (const name of [`audit_events_${monthAfter(0)}`, 'audit_events_default', 'audit_personal_values_default'])
    await expect(app().database.query(`truncate ${name}`)).rejects.toThrow('append-only');
  await expect(app().database.query(`delete from audit_events_${monthAfter(0)}`)).rejects.toThrow('append-only');

  const adopted = `audit_events_${monthAfter(0)}`;
  app().clock.advance(70 * DAY);
  expect(await app().services.housekeeping.run()).toBe(true);
  expect(await partitions('audit_events')).not.toContain(adopted);
  expect((await verified()).broken).toBeNull();
});

/** Writes many at once at an instant, as no recorder does. */
const writeMany = (count: number): Promise<unknown> =>
  app().database.query(
    `with lines as (insert into audit_events (at, id, action, result, metadata, personal_commitment)
       select $1::timestamptz + make_interval(secs => n), gen_random_uuid(), 'thing.done', 'SUCCESS', '{}', '\\x00'
       from generate_series(1, $2::int) n returning at, id)
     insert into audit_personal_values (at, event_id, salt, values) select at, id, '', '{}' from lines`,
    [app().clock.now().toISOString(), count],
  );

const countIn = async (table: string): Promise<number> => {
  const [row] = await app().database.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return row?.count ?? -1;
};

test('lines of several months are moved into the partitions of their months, where retention finds them', async () => {
  app().clock.advance(200 * DAY);
  await write();
  const [first, between, last] = [0, 1, 2].map(monthAfter);
  // A month between them has its partition already, so that one partition could not be made of them.
  await app().database.query(`select ensure_audit_partitions($1::date, 1)`, [`${between?.replace('_', '-')}-01`]);
  app().clock.advance(62 * DAY);
  await write();
  await app().services.auditChain.run({ sign: true });
  expect(await app().services.housekeeping.run()).toBe(true);
  expect(await heldByDefault()).toBe(0);
  for (const month of [last, ...[1, 2, 3].map(monthAfter)])
    expect(await partitions('audit_events')).toContain(`audit_events_${month}`);
  expect(await countIn(`audit_events_${last} where action = 'thing.done'`)).toBe(1);
  // The first of the moved months is dropped like any other.
  expect(await partitions('audit_events')).not.toContain(`audit_events_${first}`);
  await app().services.auditChain.run({ sign: true });
  expect((await app().services.auditVerification.verify()).broken).toBeNull();
  await expect(app().database.query(`delete from audit_events_${last}`)).rejects.toThrow('append-only');
  await expect(app().database.query(`truncate audit_events_${last}`)).rejects.toThrow('append-only');
});

test('many lines are moved in several steps, and writers go on in between', async () => {
  app().clock.advance(200 * DAY);
  const [first, second] = [0, 1].map(monthAfter);
  await writeMany(20_500);
  app().clock.advance(31 * DAY);
  await writeMany(10);
  const { database } = app();
  await ensureAuditPartitions(
    {
      transaction: async (work) => {
        const result = await database.transaction(work);
        await write();
        return result;
      },
      query: (text, values) => database.query(text, values),
    } as Database,
    app().clock.now(),
  );
  expect(await heldByDefault()).toBe(0);
  for (const parent of ['audit_events', 'audit_personal_values']) {
    expect(await countIn(`${parent}_${first}`)).toBe(20_500);
    // Three steps that moved lines and one that made the rest a month's; a writer came after each.
    expect(await countIn(`${parent}_${second}`)).toBe(14);
  }
});
