import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { constraintOf, type Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { GroupId } from '../ids.ts';
import type { IdentifierKind } from '../vocabulary.ts';
import type { AccessGuard } from './access-guard.ts';
import { systemOrigin, userReference } from './caller.ts';
import { identifierInUse } from './identifiers.ts';
import { saveNewUser } from './new-user.ts';
import { type ImportedAccount, problemText, readImportLine } from './user-import-line.ts';

/** A line of an import file; `text` is null for one that is too long or no UTF-8. */
export interface ImportLine {
  readonly number: number;
  readonly text: string | null;
}

/** What is wrong with a line, in a sentence without any of its values. */
export interface LineProblem {
  readonly line: number;
  readonly text: string;
}

/** What became of a batch: all of it, or none and the reasons. */
export interface BatchReport {
  readonly imported: number;
  readonly problems: readonly LineProblem[];
  /** Number of accounts by method of their hash. */
  readonly kinds: ReadonlyMap<string, number>;
}

interface ReadLine extends ImportedAccount {
  readonly line: number;
}

/** Where identifiers of the file stood before, by `identifierKey`; kept by the caller over all batches of a file. */
export type SeenIdentifiers = Map<string, number>;

const identifierKey = ({ kind, value }: { readonly kind: IdentifierKind; readonly value: string }): string =>
  `${kind} ${value}`;

/** The indexes that an account can run into which somebody makes at the same moment. */
const TAKEN = new Set(['identifiers_exclusive_value_unique', 'identifiers_username_skeleton_unique']);

const ORIGIN = systemOrigin('import');

/** Takes accounts over from another system, with the hashes of their passwords as they are. */
export class UserImportService {
  readonly #database: Database;
  readonly #guard: AccessGuard;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: { database: Database; guard: AccessGuard; recorder: Recorder; clock: Clock }) {
    this.#database = parts.database;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Makes the accounts of these lines, all or none, in one transaction under the lock of access changes. With a password hash an
   * account is ACTIVE, without one INVITED. `dryRun` judges them and writes nothing.
   */
  async importBatch(
    lines: readonly ImportLine[],
    options: { readonly dryRun: boolean; readonly seen: SeenIdentifiers },
  ): Promise<BatchReport> {
    const { accounts, problems } = readLines(lines);
    const groups = await this.#groupsOf(accounts);
    const found = [
      ...problems,
      ...repeated(accounts, options.seen),
      ...(await this.#taken(accounts)),
      ...unknownGroups(accounts, groups),
    ];
    const kinds = countKinds(accounts);
    if (found.length > 0) return { imported: 0, problems: found.toSorted((a, b) => a.line - b.line), kinds };
    const late = options.dryRun ? null : await this.#save(accounts, groups);
    return late === null
      ? { imported: accounts.length, problems: [], kinds }
      : { imported: 0, problems: [late], kinds };
  }

  /** Null when all are there now; else the one line that could not be made, and nothing was. */
  async #save(accounts: readonly ReadLine[], groups: ReadonlyMap<string, GroupId>): Promise<LineProblem | null> {
    let line = accounts[0]?.line ?? 0;
    try {
      await this.#database.transaction(async (em) => {
        await this.#guard.lockForServer(em);
        const happenings: Happening[] = [];
        const users: UserView[] = [];
        for (const account of accounts) {
          ({ line } = account);
          const groupIds = account.groupKeys.flatMap((key) => groups.get(key) ?? []);
          const user = await this.#saveOne(em, account, groupIds);
          users.push(user);
          happenings.push(importHappening(user, groupIds));
        }
        await this.#noteAdministrators(em, users);
        await this.#recorder.record(em, ORIGIN, happenings);
      });
      return null;
    } catch (error) {
      const constraint = constraintOf(error);
      if (constraint !== null && TAKEN.has(constraint)) {
        return { line, text: 'an address or user name was taken while the import ran, or looks like another one' };
      }
      if (constraint === 'memberships_group_id_foreign') return { line, text: 'groups: one was deleted meanwhile' };
      throw error;
    }
  }

  #saveOne(em: EntityManager, account: ImportedAccount, groupIds: readonly GroupId[]): Promise<UserView> {
    const now = this.#clock.now();
    return saveNewUser(em, {
      displayName: account.displayName,
      locale: account.locale,
      status: account.passwordHash === null ? 'INVITED' : 'ACTIVE',
      identifiers: account.identifiers,
      verifiedAt: account.verified ? now : null,
      passwordHash: account.passwordHash,
      passwordChangeRequired: account.passwordHash !== null && account.passwordChangeRequired,
      groupIds,
      addedById: null,
      now,
    });
  }

  /** With an administrator among them the installation is set up: the printed link makes no other one any more. */
  async #noteAdministrators(em: EntityManager, users: readonly UserView[]): Promise<void> {
    const ids = users.map((user) => user.id);
    if ((await this.#guard.administratorsAmong(em, ids)).length === 0) return;
    await sql(em, 'update permission_epoch set first_administrator_at = coalesce(first_administrator_at, $1)', [
      this.#clock.now().toISOString(),
    ]);
  }

  async #groupsOf(accounts: readonly ReadLine[]): Promise<ReadonlyMap<string, GroupId>> {
    const keys = [...new Set(accounts.flatMap(({ groupKeys }) => groupKeys))];
    const rows = await this.#database.query<{ id: GroupId; name_key: string }>(
      'select id, name_key from groups where name_key = any($1::text[])',
      [keys],
    );
    return new Map(rows.map((row) => [row.name_key, row.id]));
  }

  async #taken(accounts: readonly ReadLine[]): Promise<readonly LineProblem[]> {
    const all = accounts.flatMap(({ identifiers }) => identifiers);
    const rows = await this.#database.query<{ kind: IdentifierKind; value: string }>(
      `select i.kind, i.value from identifiers i join unnest($1::text[], $2::text[]) as given(kind, value)
         on given.kind = i.kind and given.value = i.value where i.exclusive`,
      [all.map(({ kind }) => kind), all.map(({ value }) => value)],
    );
    const known = new Set(rows.map(identifierKey));
    return accounts.flatMap(({ line, identifiers }) =>
      identifiers
        .filter((identifier) => known.has(identifierKey(identifier)))
        .map(({ kind }) => ({ line, text: problemText(identifierInUse(kind)) })),
    );
  }
}

const readLines = (
  lines: readonly ImportLine[],
): { readonly accounts: readonly ReadLine[]; readonly problems: readonly LineProblem[] } => {
  const accounts: ReadLine[] = [];
  const problems: LineProblem[] = [];
  for (const { number: line, text } of lines) {
    const read = text === null ? { problems: ['the line is too long, or no UTF-8'] } : readImportLine(text);
    if ('account' in read) accounts.push({ ...read.account, line });
    else problems.push(...read.problems.map((problem) => ({ line, text: problem })));
  }
  return { accounts, problems };
};

const repeated = (accounts: readonly ReadLine[], seen: SeenIdentifiers): readonly LineProblem[] =>
  accounts.flatMap(({ line, identifiers }) =>
    identifiers.flatMap((identifier) => {
      const key = identifierKey(identifier);
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, line);
      return earlier === undefined ? [] : [{ line, text: `${identifier.kind.toLowerCase()}: as in line ${earlier}` }];
    }),
  );

const unknownGroups = (accounts: readonly ReadLine[], groups: ReadonlyMap<string, GroupId>): readonly LineProblem[] =>
  accounts
    .filter(({ groupKeys }) => groupKeys.some((key) => !groups.has(key)))
    .map(({ line }) => ({ line, text: 'groups: there is no group of such a name' }));

const countKinds = (accounts: readonly ReadLine[]): ReadonlyMap<string, number> => {
  const kinds = new Map<string, number>();
  for (const { hashKind } of accounts) kinds.set(hashKind, (kinds.get(hashKind) ?? 0) + 1);
  return kinds;
};

const importHappening = (user: UserView, groupIds: readonly GroupId[]): Happening => ({
  action: 'user.created',
  target: userReference(user),
  metadata: { imported: true, invited: user.status === 'INVITED', groupIds },
  event: { type: 'UserRegistered', payload: { userId: user.id, kind: user.kind, groupIds } },
});
