import type { TestApp } from '../../support/test-app.ts';

/**
 * Sixty people made to be awkward to page through: five of each name, every third without an address, half of them never
 * signed in, three of them at each instant.
 */
export const addCrowd = (app: TestApp): Promise<unknown> =>
  app.database.query(
    `insert into users (id, display_name, email, username, status, last_sign_in_at, created_at, updated_at)
     select gen_random_uuid(), (array['Ada', 'ada', 'Zoë', '', 'émile', 'Bob', '名', 'B', 'Z', '0', '_', 'Ädä'])[1 + n % 12],
       case when n % 3 > 0 then 'crowd' || n || '@example.com' end, 'crowd' || n, 'ACTIVE',
       case when n % 2 = 0 then $1::timestamptz - make_interval(mins => n / 4, secs => 0.000001 * n) end,
       $1::timestamptz - make_interval(hours => n / 3), $1::timestamptz
     from generate_series(1, 60) n`,
    [app.clock.now().toISOString()],
  );
