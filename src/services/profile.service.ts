import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { storeProfile } from '../entities/own-account.queries.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { Failure, reject, rejectAny } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { AttributeChanges, UserAttributes } from './attributes.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import { holdAccount } from './held-account.ts';
import { Reading } from './text.ts';
import { changesOf } from './user-change.service.ts';

/** Absent (undefined) and null = keep. */
export interface ProfileInput {
  readonly displayName?: string | null | undefined;
  readonly locale?: string | null | undefined;
  /** Of each value, null = clear, absent = keep. */
  readonly attributes?: object | null | undefined;
  readonly expectedVersion?: number | null | undefined;
}

interface CheckedProfile {
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly attributes: AttributeChanges;
}

/** What people say of themselves. Addresses, state, rights and credentials have ways of their own. */
export class ProfileService {
  readonly #database: Database;
  readonly #attributes: UserAttributes;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: { database: Database; attributes: UserAttributes; recorder: Recorder; clock: Clock }) {
    this.#database = parts.database;
    this.#attributes = parts.attributes;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Changes what is given of the caller's own name, language and custom attributes, all or nothing; what stays as it was makes no
   * new version. Errors: those of the fields, INVALID_ATTRIBUTE, VERSION_CONFLICT (with the current user); throws UNAUTHENTICATED
   * when the session ended meanwhile.
   */
  async update(caller: SignedInCaller, input: ProfileInput): Promise<UserView> {
    const { account, session } = caller;
    if (session === null) throw new Failure('UNAUTHENTICATED');
    const wanted = this.#read(input);
    return this.#database.transaction(async (em) => {
      const now = this.#clock.now();
      const at = now.toISOString();
      const before = await holdAccount(em, { userId: account.id, sessionId: session.id, now });
      if (before === null) throw new Failure('UNAUTHENTICATED');
      const present = userViewOf(before, now);
      if ((input.expectedVersion ?? before.version) !== before.version) {
        return reject('VERSION_CONFLICT', { field: ['expectedVersion'] }, { user: present });
      }
      const after = {
        ...present,
        displayName: wanted.displayName ?? present.displayName,
        locale: wanted.locale ?? present.locale,
        attributes: this.#attributes.after(present.attributes, wanted.attributes),
      };
      const changes = changesOf(before, after);
      if (changes.length === 0) return present;
      const values = [account.id, at, after.displayName, after.locale, JSON.stringify(after.attributes)];
      const [stored] = await sql<UserRow>(em, storeProfile, values);
      if (stored === undefined) throw new Error('The changed user is not there.');
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'user.updated',
          target: userReference(after),
          changes,
          event: { type: 'UserUpdated', payload: { userId: account.id } },
        },
      ]);
      return userViewOf(stored, now);
    });
  }

  #read(input: ProfileInput): CheckedProfile {
    const reading = new Reading();
    const displayName = reading.optionalText(input.displayName, { field: ['displayName'], maximum: 100 });
    const locale = typeof input.locale === 'string' ? reading.locale(input.locale) : null;
    const { changes, problems } = this.#attributes.read(input.attributes, 'own');
    rejectAny([...reading.problems, ...problems]);
    return { displayName, locale, attributes: changes };
  }
}
