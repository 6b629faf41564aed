import type { UserImportId } from '../ids.ts';

/** How far an import has come. */
export interface ImportPlace {
  readonly id: UserImportId;
  /** Number of the last line that is done; 0: none. */
  readonly line: number;
  /** Hash of the lines up to there. */
  readonly digest: string;
  readonly read: number;
  readonly imported: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly errorBytes: number;
}

export interface ImportPlaceRow extends Omit<ImportPlace, 'errorBytes'> {
  readonly errorBytes: string;
}

const columns = `id, line, digest, read_count as read, imported_count as imported, hash_kinds as kinds, error_bytes::text as "errorBytes"`;

/** `$1` id, `$2` head, `$3` now. */
export const addImport = `
insert into user_imports (id, head, line, digest, read_count, imported_count, hash_kinds, error_bytes, started_at, updated_at)
values ($1, $2, 0, '', 0, 0, '{}', 0, $3::timestamptz, $3::timestamptz) returning ${columns}`;

/** The import of this file that stopped on its way; `$1` head. */
export const openImport = `
select ${columns} from user_imports where head = $1 and finished_at is null and line > 0 order by started_at desc limit 1`;

/** Moves on from line `$2`, unless somebody else did. `$1` id, `$3` line, `$4` digest, `$5` read, `$6` imported, `$7` kinds, `$8` bytes of errors, `$9` now. */
export const moveImport = `
update user_imports set line = $3, digest = $4, read_count = $5, imported_count = $6, hash_kinds = $7::jsonb, error_bytes = $8::bigint,
  updated_at = $9::timestamptz
where id = $1 and line = $2 and finished_at is null returning id`;

/** No import of this file is open any more, or only `$3` is not. `$1` head, `$2` now. */
export const closeImports = `
update user_imports set finished_at = $2::timestamptz
where head = $1 and finished_at is null and ($3::uuid is null or id = $3::uuid)`;

/** Removes what is older than the instant `$1`: an import that stopped so long ago is not gone on with. */
export const forgetImports = `delete from user_imports where updated_at < $1::timestamptz`;
