import { hash } from 'argon2';
import type { Database } from '../src/database/database.ts';
import { sql } from '../src/database/sql.ts';
import { permissionDefinitions } from '../src/permissions/catalogue.ts';
import { ADMINISTRATORS_GROUP_ID } from '../src/permissions/seeded-groups.ts';
import { loadAudit } from './audit-data.ts';
import { loadWithoutIndexes } from './bulk-load.ts';
import { PASSWORD } from './dataset.ts';
import { loadTree } from './organization-data.ts';

/** How much is loaded. */
export interface Size {
  readonly users: number;
  readonly groups: number;
  readonly organizations: number;
  readonly auditEvents: number;
}

export const ROOT = 'root@bench.example';

const GIVEN = `{Ada,Alan,Anna,Bea,Björn,Carla,Chen,Dario,Elif,Emma,Farid,Grace,Hanna,Igor,Jana,Joël,Kai,Lena,Luca,Maria,Mei,Nadia,Noor,Olga,Omar,Paul,Quinn,Rosa,Samir,Tara,Ugo,Vera,Wang,Xenia,Yara,Zoé}`;
const SYLLABLES = `{ba,ber,bo,ca,chi,da,den,di,fa,fel,ga,gio,ha,hof,ka,kov,la,lin,lo,ma,man,mo,na,ni,o,pa,per,ra,ri,ro,sa,ser,si,ta,ter,va,vi,wa,yo,zi}`;

/** An id as the application makes it, of a time in milliseconds, for the number `n` of a kind of row. */
const idOf = (ms: string, kind: string): string =>
  `(lpad(to_hex(${ms}), 12, '0') || '7' || substr(md5('${kind}' || n), 1, 3) || '8' || substr(md5('${kind}' || n), 4, 15))::uuid`;

const FIRST_MS = Date.parse('2024-01-31T09:30:00Z');
/** Of user `n`: one a minute. */
const userMs = `(${FIRST_MS} + n::bigint * 60000)`;
const userId = idOf(userMs, 'user');
const userAt = `to_timestamp(${userMs} / 1000.0)`;
const groupId = (n: string): string => `md5('group' || (${n}))::uuid`;

/** Names of three parts, none of them of more than a fortieth of the people; `person12345@…` is everybody's. */
const numbered = `
select n, ${userId} as id, ${userAt} as at,
  ($2::text[])[1 + n * 7 % cardinality($2::text[])] as given,
  initcap(($3::text[])[1 + n * 31 % 40] || ($3::text[])[1 + n / 40 * 13 % 40] || ($3::text[])[1 + n / 1600 * 29 % 40]) as family
from generate_series(0, $1::int - 1) n`;

const insertUsers = `
insert into users (id, display_name, email, email_verified_at, status, last_sign_in_at, created_at, updated_at)
select id, given || ' ' || family, email, at, case when n % 50 = 0 then 'DISABLED' when n % 20 = 0 then 'INVITED' else 'ACTIVE' end,
  case when n % 3 > 0 then at + n % 1000 * interval '1 hour' end, at, at
from (select *, lower(family) || '.person' || n || '@company' || n % 1000 || '.example' as email from (${numbered}) p) p`;

const insertIdentifiers = `
insert into identifiers (id, user_id, kind, value, exclusive, verified_at, created_at)
select gen_random_uuid(), id, 'EMAIL', lower(email), true, created_at, created_at from users where email is not null
  and not exists (select from identifiers i where i.user_id = users.id)`;

const insertGroups = `
insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
select ${groupId('n')}, 'Group ' || lpad(n::text, 5, '0'), 'group ' || lpad(n::text, 5, '0'), '', false, 'ALL', (select epoch from permission_epoch), now(), now()
from generate_series(0, $1::int - 1) n`;

const insertGrants = `
insert into group_grants (group_id, position, action, resource, constraints)
select ${groupId('n')}, p.position, p.action, p.resource, '[]'
from generate_series(0, $1::int - 1) n, unnest($2::text[], $3::text[]) with ordinality as p(action, resource, position)
where (p.position + n) % 10 = 0`;

const insertMemberships = `
insert into memberships (id, user_id, group_id, added_at)
select ${idOf(userMs, 'first')}, ${userId}, ${groupId('n % $2::int')}, ${userAt} from generate_series(0, $1::int - 1) n
union all
select ${idOf(userMs, 'second')}, ${userId}, ${groupId('(n * 31 + 7) % $2::int')}, ${userAt} from generate_series(0, $1::int - 1) n
where n % $2::int <> (n * 31 + 7) % $2::int`;

const insertRoot = `
with made as (
  insert into users (id, display_name, email, email_verified_at, status, created_at, updated_at)
  values (gen_random_uuid(), 'Root', $1, now(), 'ACTIVE', now(), now()) returning id
), secret as (
  insert into credentials (id, user_id, type, secret, created_at, updated_at)
  select gen_random_uuid(), id, 'PASSWORD', $2, now(), now() from made
)
insert into memberships (id, user_id, group_id, added_at) select gen_random_uuid(), id, $3, now() from made`;

const loadUsers = (database: Database, { users, groups }: Size): Promise<void> =>
  loadWithoutIndexes(database, ['users', 'identifiers', 'memberships'], async (em) => {
    await sql(em, insertUsers, [users, GIVEN, SYLLABLES]);
    await sql(em, insertRoot, [
      ROOT,
      await hash(PASSWORD, { memoryCost: 8192, timeCost: 2, parallelism: 1 }),
      ADMINISTRATORS_GROUP_ID,
    ]);
    await sql(em, insertIdentifiers);
    await sql(em, insertMemberships, [users, groups]);
  });

/** Permissions that an ordinary group may hold. */
const ordinary = permissionDefinitions.filter(({ protected: isProtected }) => !isProtected).slice(0, 50);

/** Fills a migrated database; `say` is told what was done and how long it took, in seconds. */
export const loadSize = async (
  database: Database,
  size: Size,
  say: (what: string, seconds: number) => void,
): Promise<void> => {
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await work();
    say(what, (performance.now() - from) / 1000);
  };
  await timed(`${size.groups} groups`, async () => {
    await database.query('update permission_epoch set epoch = epoch + 1, first_administrator_at = now()');
    await database.query(insertGroups, [size.groups]);
    const permissions = [ordinary.map(({ action }) => action), ordinary.map(({ resource }) => resource)];
    await database.query(insertGrants, [size.groups, ...permissions]);
  });
  await timed(`${size.users} users`, () => loadUsers(database, size));
  await timed(`${size.organizations} organizations`, () => loadTree(database, size.organizations));
  await timed('vacuum', () => database.query('vacuum (analyze)'));
  if (size.auditEvents > 0)
    await timed(`${size.auditEvents} audit events`, () => loadAudit(database, size.auditEvents));
};
