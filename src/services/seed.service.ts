import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { generateReadablePassword } from '../crypto/readable-password.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { Group, GroupGrant, groupNameKey } from '../entities/group.entity.ts';
import { Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { GroupId } from '../ids.ts';
import { grantOf, permissionKey } from '../permissions/grants.ts';
import { MEMBERS_GROUP_ID } from '../permissions/seeded-groups.ts';
import type { AccessGuard } from './access-guard.ts';
import { nameOf, systemOrigin } from './caller.ts';
import { readIdentifiers, saveNewUser } from './new-user.ts';
import type { PasswordService } from './passwords.ts';
import { forgetAccountsFile, type SeededAccount, type SeededAccounts, writeAccountsFile } from './seeded-accounts.ts';
import type { SetupService } from './setup.service.ts';

const READERS = 'Readers';
const READER_GRANTS = [grantOf('view:users'), grantOf('view:groups')];
const PEOPLE = [
  { email: 'user1@example.com', displayName: 'Anna Keller', groups: ['Members', READERS] },
  { email: 'user2@example.com', displayName: 'Marco Bianchi', groups: ['Members'] },
  { email: 'user3@example.com', displayName: 'Sofia Lindqvist', groups: ['Members'] },
] as const;
const STAGING_ADMINISTRATOR = { email: 'admin@example.com', displayName: 'Administrator' } as const;

const ORIGIN = systemOrigin('seed');
const NOTHING: SeededAccounts = { accounts: [], file: null };

/** First contents of a database, by environment: people to try things with, one administrator, or nobody. */
export class SeedService {
  readonly #database: Database;
  readonly #passwords: Pick<PasswordService, 'brokenShape' | 'hashUnused'>;
  readonly #setup: Pick<SetupService, 'isDone' | 'createAdministrator'>;
  readonly #guard: Pick<AccessGuard, 'nextEpoch'>;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: {
    database: Database;
    passwords: Pick<PasswordService, 'brokenShape' | 'hashUnused'>;
    setup: Pick<SetupService, 'isDone' | 'createAdministrator'>;
    guard: Pick<AccessGuard, 'nextEpoch'>;
    recorder: Recorder;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#passwords = parts.passwords;
    this.#setup = parts.setup;
    this.#guard = parts.guard;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /**
   * What the environment is meant to begin with: development (and test) three ordinary users and a sample group, staging one
   * administrator, production nobody. Gives what it made; nothing when that was done before, by a parallel start too.
   */
  async seed(): Promise<SeededAccounts> {
    const { environment } = this.#config;
    if (environment === 'production') return NOTHING;
    return environment === 'staging' ? this.#seedStaging() : this.#seedDevelopment();
  }

  /** Passwords are also written into a file of the data directory, where one can be, before anybody can need them. */
  async #seedDevelopment(): Promise<SeededAccounts> {
    if (await isSeeded((text, values) => this.#database.query(text, values))) return NOTHING;
    const prepared = await Promise.all(
      PEOPLE.map(async (person) => {
        const password = this.#passwordFor(person);
        const { hash } = await this.#passwords.hashUnused(password, { field: 'password' });
        return { ...person, password, passwordHash: hash };
      }),
    );
    const directory = this.#config.database.dataDirectory;
    let file: string | null = null;
    try {
      return await this.#database.transaction(async (em) => {
        // The new epoch's lock comes first: a parallel seed waits here and then finds everything done.
        const epoch = await this.#guard.nextEpoch(em);
        if (await isSeeded((text, values) => sql(em, text, values))) return NOTHING;
        const readers = await this.#createReaders(em, epoch);
        for (const account of prepared) await this.#createPerson(em, account, readers);
        file = await writeAccountsFile(directory, prepared, this.#clock.now());
        return { accounts: prepared, file };
      });
    } catch (error) {
      if (file !== null) await forgetAccountsFile(file);
      throw error;
    }
  }

  async #seedStaging(): Promise<SeededAccounts> {
    if (await this.#setup.isDone()) return NOTHING;
    const account = { ...STAGING_ADMINISTRATOR, password: this.#passwordFor(STAGING_ADMINISTRATOR) };
    try {
      await this.#setup.createAdministrator(account, ORIGIN);
    } catch (error) {
      // A parallel seed was faster.
      if (error instanceof Rejection && error.problems.every(({ code }) => code === 'EMAIL_IN_USE')) return NOTHING;
      throw error;
    }
    return { accounts: [{ ...account, groups: ['Administrators', 'Key Masters'] }], file: null };
  }

  async #createReaders(em: EntityManager, epoch: string): Promise<GroupId> {
    const group = new Group(READERS, this.#clock.now());
    group.description = 'Sample group: sees users and groups.';
    group.changedEpoch = epoch;
    em.persist([group, ...READER_GRANTS.map((grant, position) => new GroupGrant(group.id, position, grant))]);
    await em.flush();
    const grants = READER_GRANTS.map(permissionKey);
    await this.#recorder.record(em, ORIGIN, [
      {
        action: 'group.created',
        target: { type: 'Group', id: group.id, label: group.name },
        metadata: { grants },
        event: { type: 'GroupCreated', payload: { groupId: group.id, grants } },
      },
    ]);
    return group.id;
  }

  async #createPerson(
    em: EntityManager,
    person: SeededAccount & { readonly passwordHash: string },
    readers: GroupId,
  ): Promise<void> {
    const now = this.#clock.now();
    const groupIds = [MEMBERS_GROUP_ID, ...(person.groups.includes(READERS) ? [readers] : [])];
    const user = await saveNewUser(em, {
      displayName: person.displayName,
      locale: 'en',
      status: 'ACTIVE',
      identifiers: readIdentifiers(person).identifiers,
      verifiedAt: now,
      passwordHash: person.passwordHash,
      passwordChangeRequired: false,
      groupIds,
      addedById: null,
      now,
    });
    await this.#recorder.record(em, ORIGIN, [
      {
        action: 'user.created',
        target: { type: 'User', id: user.id, label: nameOf(user) },
        metadata: { invited: false, groupIds },
        event: { type: 'UserRegistered', payload: { userId: user.id, kind: user.kind, groupIds } },
      },
    ]);
  }

  /** Random syllables can form a part of a name: then others are taken. No list of leaks has them; reading it would delay the start. */
  #passwordFor({ email, displayName }: { readonly email: string; readonly displayName: string }): Secret<string> {
    const settings = this.#config.passwords;
    const person = { email, displayName, phone: null, username: null };
    let password = generateReadablePassword(settings.minimumLength);
    while (this.#passwords.brokenShape(person, password).length > 0) {
      password = generateReadablePassword(settings.minimumLength);
    }
    return password;
  }
}

type Query = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** One of the addresses, or the group, is enough: what somebody deleted on purpose does not come back. */
const isSeeded = async (query: Query): Promise<boolean> => {
  const [row] = await query<{ seeded: boolean }>(
    `select exists (select from identifiers where kind = 'EMAIL' and value = any($1::text[]))
       or exists (select from groups where name_key = $2) as seeded`,
    [PEOPLE.map(({ email }) => email), groupNameKey(READERS)],
  );
  return row?.seeded === true;
};
