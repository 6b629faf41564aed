import type { Database } from '../src/database/database.ts';
import { sql } from '../src/database/sql.ts';
import { loadWithoutIndexes } from './bulk-load.ts';

const DISTRIBUTORS = 10;
const RESELLERS = 300;

/** Number of an organization of each level, the first of its level. */
export const PLACES = {
  owner: 0,
  distributor: 1,
  reseller: DISTRIBUTORS + 1,
  customer: DISTRIBUTORS + RESELLERS + 1,
} as const;

/** Numbered from 0: the owner, then distributors, resellers and customers, each below those before in turn. `$1` how many. */
const insertOrganizations = `
with numbered as (
  select n, gen_random_uuid() as id,
    case when n = 0 then 0 when n <= ${DISTRIBUTORS} then 1 when n <= ${DISTRIBUTORS + RESELLERS} then 2 else 3 end as level,
    case when n = 0 then null when n <= ${DISTRIBUTORS} then 0
      when n <= ${DISTRIBUTORS + RESELLERS} then 1 + n % ${DISTRIBUTORS} else ${DISTRIBUTORS + 1} + n % ${RESELLERS} end as parent
  from generate_series(0, $1::int - 1) n
), made as (
  insert into organizations (id, version, name, name_key, level, parent_id, created_at, updated_at)
  select o.id, 1, 'Organization ' || o.n, 'organization ' || o.n, o.level, p.id, now(), now()
  from numbered o left join numbered p on p.n = o.parent order by o.level
)
select array_agg(id::text order by n) as ids from numbered`;

const insertClosure = `
with recursive up as (
  select id as descendant_id, id as ancestor_id, 0 as depth from organizations
  union all
  select up.descendant_id, o.parent_id, up.depth + 1 from up join organizations o on o.id = up.ancestor_id where o.parent_id is not null
)
insert into organization_closure (ancestor_id, descendant_id, depth) select ancestor_id, descendant_id, depth from up`;

/** Spread over the customers in an order that has nothing to do with when the accounts were made. */
const insertMembers = `
with customers as (
  select id, row_number() over (order by name) - 1 as n from organizations where level = 3
), people as (
  select id, created_at, row_number() over (order by md5(id::text)) - 1 as n from users
)
insert into organization_members (user_id, organization_id, joined_at, account_created_at)
select p.id, c.id, now(), p.created_at from people p join customers c on c.n = p.n % (select count(*) from customers)`;

/** Somebody with the password of all, who administers the organization `$2` and all below it. `$1` address. */
const insertAdministrator = `
with made as (
  insert into users (id, display_name, email, email_verified_at, status, created_at, updated_at)
  values (gen_random_uuid(), 'Administrator', $1, now(), 'ACTIVE', now(), now()) returning id
), named as (
  insert into identifiers (id, user_id, kind, value, exclusive, verified_at, created_at)
  select gen_random_uuid(), id, 'EMAIL', $1, true, now(), now() from made
), secret as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select gen_random_uuid(), m.id, 'PASSWORD', c.secret, now(), now() from made m,
    (select secret from credentials where type = 'PASSWORD' limit 1) c
), joined as (
  insert into organization_members (user_id, organization_id, joined_at) select id, $2, now() from made
)
insert into memberships (id, user_id, group_id, organization_id, added_at)
select gen_random_uuid(), m.id, g.id, $2, now() from made m, groups g where g.name = 'Administrators'`;

/** A tree of so many organizations; every user is a member of one customer, and each place of `PLACES` has its administrator. */
export const loadTree = async (database: Database, organizations: number): Promise<void> => {
  const [row] = await database.query<{ ids: string[] }>(insertOrganizations, [organizations]);
  await database.query(insertClosure);
  await loadWithoutIndexes(database, ['organization_members'], async (em) => {
    await sql(em, insertMembers);
  });
  for (const [name, number] of Object.entries(PLACES)) {
    await database.query(insertAdministrator, [`${name}@bench.example`, row?.ids[number]]);
  }
};
