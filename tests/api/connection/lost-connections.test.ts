import { expect, onTestFinished, test } from 'vitest';
import { Client } from 'pg';
import { Database } from '../../../src/database/database.ts';
import { sql } from '../../../src/database/sql.ts';
import { createTestDatabase } from '../../support/test-database.ts';

test('a transaction whose connection is lost gives its place in the pool back', async () => {
  const created = await createTestDatabase();
  const database = await Database.connect({ url: created.url, poolSize: 2 });
  const killer = new Client({ connectionString: created.url });
  await killer.connect();
  onTestFinished(async () => {
    await killer.end();
    await database.close();
    await created.drop();
  });
  // More of them than the pool has places.
  for (let round = 0; round < 3; round += 1) {
    const work = database.transaction(async (em) => {
      const [own] = await sql<{ pid: number }>(em, 'select pg_backend_pid() as pid');
      await killer.query('select pg_terminate_backend($1)', [own?.pid]);
      await sql(em, 'select 1');
    });
    // The driver may learn of the end before or after it sends the next statement.
    await expect(work).rejects.toThrow(/terminat|not queryable/);
  }
  expect(await database.query<{ one: number }>('select 1 as one')).toEqual([{ one: 1 }]);
}, 15_000);
