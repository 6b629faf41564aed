import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import type { ExportFormat } from '../vocabulary.ts';
import { csvLine } from './csv-line.ts';
import { ndjsonLines } from './export-format.ts';

/** Accounts that are read at once: what is in memory of them. */
const PAGE = 1000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

interface Exported {
  readonly user: UserView;
  readonly groups: readonly string[];
  readonly passwordHash: string | null;
}

/** An account is as proved as its addresses: all that it has, and one at least. */
const isVerified = ({ email, emailVerifiedAt, phone, phoneVerifiedAt }: UserView): boolean =>
  (email !== null || phone !== null) &&
  (email === null || emailVerifiedAt !== null) &&
  (phone === null || phoneVerifiedAt !== null);

/** What a file can have of each account, in this order; those that an import takes have its names. */
const readers = {
  id: ({ user }) => user.id,
  kind: ({ user }) => user.kind,
  email: ({ user }) => user.email,
  phone: ({ user }) => user.phone,
  username: ({ user }) => user.username,
  displayName: ({ user }) => user.displayName,
  locale: ({ user }) => user.locale,
  groups: ({ groups }) => groups,
  verified: ({ user }) => isVerified(user),
  passwordChangeRequired: ({ user }) => user.passwordChangeRequired,
  passwordHash: ({ passwordHash }) => passwordHash,
  status: ({ user }) => user.status,
  mfaEnabledAt: ({ user }) => user.mfaEnabledAt?.toISOString() ?? null,
  lastSignInAt: ({ user }) => user.lastSignInAt?.toISOString() ?? null,
  externalId: ({ user }) => user.externalId,
  source: ({ user }) => user.source,
  attributes: ({ user }) => user.attributes,
  createdAt: ({ user }) => user.createdAt.toISOString(),
  updatedAt: ({ user }) => user.updatedAt.toISOString(),
} as const satisfies Readonly<Record<string, (exported: Exported) => unknown>>;

export type ExportField = keyof typeof readers;

export const exportFields = Object.keys(readers) as readonly ExportField[];
/** The one field that is given on demand alone. */
export const HASH_FIELD: ExportField = 'passwordHash';

/** What a file is made of. */
export interface ExportChoice {
  readonly format: ExportFormat;
  readonly fields: readonly ExportField[];
}

/** Accounts of one page as text. */
export interface ExportPage {
  readonly text: string;
  readonly count: number;
}

interface Row extends UserRow {
  readonly groups: readonly string[] | null;
  readonly password_hash: string | null;
}

const GROUPS = `array(select g.name from memberships m join groups g on g.id = m.group_id
  where m.user_id = u.id and m.organization_id is null order by g.name)`;
const HASH = `(select c.secret from credentials c where c.user_id = u.id and c.type = 'PASSWORD')`;

/** A semicolon divides the groups of a cell, unless a name has one itself. */
const groupsCell = (groups: readonly string[]): string =>
  groups.some((name) => name.includes(';') || name.startsWith('[')) ? JSON.stringify(groups) : groups.join(';');

const cellOf = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return groupsCell(value as readonly string[]);
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** Reads all accounts for a file. */
export class UserExportService {
  readonly #database: Database;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: { database: Database; recorder: Recorder; clock: Clock }) {
    this.#database = parts.database;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /** Writes the audit line of an export, before anything is read; gives about how many accounts there are. */
  async begin(origin: Origin, { format, fields }: ExportChoice): Promise<number> {
    await this.#recorder.recordAlone(this.#database, origin, [
      { action: 'users.exported', metadata: { format, fields, hashes: fields.includes(HASH_FIELD) } },
    ]);
    const [row] = await this.#database.query<{ count: number }>('select count(*)::int as count from users');
    return row?.count ?? 0;
  }

  /**
   * All accounts in the order of their ids, page by page, each page as it is at that moment: no transaction is open meanwhile, so that
   * nothing waits for an export, however long it takes. CSV begins with the names of the fields.
   */
  async *pages({ format, fields }: ExportChoice): AsyncGenerator<ExportPage> {
    if (format === 'CSV') yield { text: csvLine(fields), count: 0 };
    let last = BEFORE_ALL;
    for (;;) {
      const rows = await this.#database.query<Row>(pageOf(fields), [last]);
      const exported = rows.map((row) => this.#read(row));
      const records = exported.map((one) => fields.map((field) => [field, readers[field](one)] as const));
      const text =
        format === 'CSV'
          ? records.map((record) => csvLine(record.map(([, value]) => cellOf(value)))).join('')
          : ndjsonLines(records.map((record) => Object.fromEntries(record)));
      yield { text, count: rows.length };
      if (rows.length < PAGE) return;
      last = rows.at(-1)?.user_id ?? last;
    }
  }

  #read(row: Row): Exported {
    return { user: userViewOf(row, this.#clock.now()), groups: row.groups ?? [], passwordHash: row.password_hash };
  }
}

/** Groups and hashes are read only where they are wanted. `$1` the last id read. */
const pageOf = (fields: readonly ExportField[]): string =>
  `select ${userColumns}, ${fields.includes('groups') ? GROUPS : 'null'} as groups, ${fields.includes(HASH_FIELD) ? HASH : 'null'} as password_hash
   from users u where u.id > $1::uuid order by u.id limit ${PAGE}`;
