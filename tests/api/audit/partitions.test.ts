import { expect, test } from 'vitest';
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

test('lines of several months keep the partitions of later months from nobody', async () => {
  app().clock.advance(200 * DAY);
  await write();
  app().clock.advance(40 * DAY);
  await write();
  // The present month cannot have its own, which is told; the next ones can.
  expect(await app().services.housekeeping.run()).toBe(false);
  expect(await partitions('audit_events')).toEqual(
    expect.arrayContaining([1, 2, 3].map((months) => `audit_events_${monthAfter(months)}`)),
  );
});
