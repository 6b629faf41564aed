import { randomUUIDv7 } from 'node:crypto';
import { hash } from 'argon2';
import type { Database } from '../src/database/database.ts';
import { hashSecret, tokenFromSecret } from '../src/crypto/opaque-token.ts';
import { permissionDefinitions } from '../src/permissions/catalogue.ts';
import { ADMINISTRATORS_GROUP_ID } from '../src/permissions/seeded-groups.ts';
import { floorSessions } from './floors/statements.ts';

export const PASSWORD = 'correct horse battery staple';
export const ADMIN = 'admin@bench.example';
export const emailOf = (index: number): string => `user${index}@bench.example`;

const selectorOf = (index: number): string => String(index).padStart(12, '0');
const secretOf = (index: number): Buffer => Buffer.alloc(32, 1 + (index % 255));

/** The API key of a user, for the first users only. */
export const keyOf = (index: number): string => tokenFromSecret('apiKey', selectorOf(index), secretOf(index)).reveal();

const KEYS = 1000;
const GROUPS = 20;
const GROUPS_PER_USER = 5;
const PERMISSIONS = 50;
const PERMISSIONS_PER_GROUP = 5;
const BATCH = 5000;

/** The rows are older than anything that the run makes, so that the first page of the list stays what it is. */
const LONG_AGO = Date.parse('2026-01-31T09:30:00Z');
const instantOf = (index: number): string => new Date(LONG_AGO + index * 1000).toISOString();

const insertUsers = `
with given as (select * from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as t(id, email, at)), made as (
  insert into users (id, display_name, email, email_verified_at, status, created_at, updated_at)
  select id, 'User ' || split_part(email, '@', 1), email, at, 'ACTIVE', at, at from given
), named as (
  insert into identifiers (id, user_id, kind, value, exclusive, verified_at, created_at)
  select gen_random_uuid(), id, 'EMAIL', email, true, at, at from given
)
insert into credentials (id, user_id, type, secret, created_at, updated_at)
select gen_random_uuid(), id, 'PASSWORD', $4, at, at from given`;

const insertMemberships = `
insert into memberships (id, user_id, group_id, added_at)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[])`;

const loadGroups = async (database: Database): Promise<readonly string[]> => {
  const groups = Array.from({ length: GROUPS }, () => randomUUIDv7());
  await database.query('update permission_epoch set epoch = epoch + 1, first_administrator_at = $1', [instantOf(0)]);
  await database.query(
    `insert into groups (id, name, name_key, description, system_managed, scope_mode, changed_epoch, created_at, updated_at)
     select id, 'Bench ' || name, 'bench ' || name, '', false, 'ALL', (select epoch from permission_epoch), $3, $3
     from unnest($1::uuid[], $2::text[]) as t(id, name)`,
    [groups, groups.map((_, index) => String(index).padStart(2, '0')), instantOf(0)],
  );
  const permissions = permissionDefinitions.filter(({ protected: isProtected }) => !isProtected).slice(0, PERMISSIONS);
  const grants = groups.flatMap((id, index) =>
    Array.from({ length: PERMISSIONS_PER_GROUP }, (_, position) => {
      const { action, resource } = permissions[(index * PERMISSIONS_PER_GROUP + position) % permissions.length] ?? {};
      return { id, position, action, resource };
    }),
  );
  await database.query(
    `insert into group_grants (group_id, position, action, resource, constraints)
     select id, position, action, resource, '[]' from jsonb_to_recordset($1::jsonb)
       as t(id uuid, position smallint, action text, resource text)`,
    [JSON.stringify(grants)],
  );
  return groups;
};

const loadUsers = async (database: Database, users: number, groups: readonly string[]): Promise<void> => {
  // One hash for all: verifying it costs the same, and 100,000 of them would take half an hour.
  const secret = await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  for (let from = 0; from < users; from += BATCH) {
    const indexes = Array.from({ length: Math.min(BATCH, users - from) }, (_, offset) => from + offset);
    const ids = indexes.map(() => randomUUIDv7());
    await database.query(insertUsers, [ids, indexes.map(emailOf), indexes.map(instantOf), secret]);
    const rows = indexes.flatMap((index, offset) =>
      Array.from({ length: GROUPS_PER_USER }, (_, turn) => ({
        user: ids[offset] ?? '',
        group: groups[(index + turn * 3) % groups.length] ?? '',
        at: instantOf(index),
      })),
    );
    await database.query(insertMemberships, [
      rows.map(() => randomUUIDv7()),
      rows.map((row) => row.user),
      rows.map((row) => row.group),
      rows.map((row) => row.at),
    ]);
  }
  const admin = randomUUIDv7();
  await database.query(insertUsers, [[admin], [ADMIN], [instantOf(users)], secret]);
  await database.query(insertMemberships, [[randomUUIDv7()], [admin], [ADMINISTRATORS_GROUP_ID], [instantOf(users)]]);
};

/** Keys without the limit of requests that other keys have. */
const loadKeys = async (database: Database, users: number): Promise<void> => {
  const indexes = Array.from({ length: Math.min(KEYS, users) }, (_, index) => index);
  await database.query(
    `insert into api_keys (id, version, owner_id, name, selector, secret_hash, all_my_permissions, rate_limit_per_minute, created_at)
     select gen_random_uuid(), 1, u.id, 'Bench', given.selector, given.secret_hash, true, 1000000, $4
     from unnest($1::text[], $2::text[], $3::bytea[]) as given(email, selector, secret_hash) join users u on u.email = given.email`,
    [indexes.map(emailOf), indexes.map(selectorOf), indexes.map((index) => hashSecret(secretOf(index))), instantOf(0)],
  );
};

/** Fills the database: users with 5 of 20 groups each, groups with 5 of 50 permissions each, one administrator. */
export const loadDataset = async (database: Database, users: number): Promise<void> => {
  await database.query(floorSessions);
  await loadUsers(database, users, await loadGroups(database));
  await loadKeys(database, users);
  await database.query('analyze');
};
