import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { Database } from '../../../src/database/database.ts';
import { FrequentTexts, prepared } from '../../../src/database/prepared.ts';
import { sql } from '../../../src/database/sql.ts';
import { createTestDatabase } from '../../support/test-database.ts';

const ONE = prepared('select $1::int + 1 as sum');
const ROWS = prepared('select * from prepared_rows order by 1');
const NAMED = `select count(*)::int as count from pg_prepared_statements where name like 'gatehouse%' and statement = $1`;

describe('statements that are sent by name', () => {
  let created: Awaited<ReturnType<typeof createTestDatabase>>;
  let database: Database;
  beforeAll(async () => {
    created = await createTestDatabase();
    // One connection, so that its statements can be asked for.
    database = await Database.connect({ url: created.url, poolSize: 1 });
  });
  afterAll(async () => {
    await database.close();
    await created.drop();
  });

  const named = async (text: string, of = database): Promise<number> => {
    const [row] = await of.query<{ count: number }>(NAMED, [text]);
    return row?.count ?? 0;
  };
  const sum = async (of = database): Promise<unknown> => (await of.query<{ sum: number }>(ONE, [1]))[0]?.sum;

  test('are known to the connection once they were sent, in and out of transactions', async () => {
    await database.query('select 1');
    expect(await named(ONE)).toBe(0);
    expect(await sum()).toBe(2);
    expect(await database.transaction(async (em) => sql(em, ONE, [2]))).toEqual([{ sum: 3 }]);
    expect(await named(ONE)).toBe(1);
  });

  test('are prepared anew when the server has forgotten them', async () => {
    await sum();
    await database.query('deallocate all');
    expect(await sum()).toBe(2);
    await database.query('deallocate all');
    expect(await database.transaction(async (em) => sql(em, ONE, [4]))).toEqual([{ sum: 5 }]);
  });

  test('give the columns of today after a migration has added one, in and out of transactions', async () => {
    await database.query('create table prepared_rows (a int)');
    await database.query('insert into prepared_rows values (1)');
    expect(await database.query(ROWS)).toEqual([{ a: 1 }]);
    await database.query('alter table prepared_rows add b int default 2');
    expect(await database.query(ROWS)).toEqual([{ a: 1, b: 2 }]);
    await database.query('alter table prepared_rows add c int default 3');
    expect(await database.transaction(async (em) => sql(em, ROWS))).toEqual([{ a: 1, b: 2, c: 3 }]);
  });

  test('have no name behind a pooler, where the next one may go to another server', async () => {
    const pooled = await Database.connect({ url: created.url, poolSize: 1, pooler: 'transaction' });
    expect(await sum(pooled)).toBe(2);
    expect(await named(ONE, pooled)).toBe(0);
    await pooled.close();
  });

  test('have no name any more where the server forgets them again and again, as behind a pooler that nobody told us of', async () => {
    let told = 0;
    const undeclared = await Database.connect({ url: created.url, poolSize: 1, onPooled: () => (told += 1) });
    for (let round = 0; round < 3; round += 1) {
      await sum(undeclared);
      await undeclared.query('deallocate all');
      expect(await sum(undeclared)).toBe(2);
    }
    expect(told).toBe(1);
    await undeclared.query('deallocate all');
    expect(await sum(undeclared)).toBe(2);
    expect(await named(ONE, undeclared)).toBe(0);
    expect(told).toBe(1);
    await undeclared.close();
  });

  test('are those that proved to be frequent, and of these a hundred at most', async () => {
    const frequent = new FrequentTexts();
    const once = 'select 1 as sent_once';
    await database.query(frequent.count(once));
    expect(await named(once)).toBe(0);
    const texts = Array.from({ length: 120 }, (_, index) => `select ${index} as of_many`);
    for (const text of texts) for (let round = 0; round < 10; round += 1) frequent.count(text);
    for (const text of texts) await database.query(text);
    const known = await database.query<{ count: number }>(
      `select count(*)::int as count from pg_prepared_statements where statement like 'select % as of_many'`,
    );
    expect(known).toEqual([{ count: 100 }]);
    // Rare ones between frequent ones cost nothing but a count.
    for (let index = 0; index < 2000; index += 1) frequent.count(`select ${index} as rare`);
    expect(await named('select 7 as rare')).toBe(0);
  });
});
