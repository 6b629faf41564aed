import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { ProviderSettings } from '../config/identity-providers.ts';
import { constraintOf, type Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  type ExternalIdentityRow,
  type ExternalIdentityView,
  identityBySubject,
  identityViewOf,
  insertIdentity,
} from '../entities/external-identity.queries.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type ExternalIdentityId, type GroupId, newId } from '../ids.ts';
import type { Evidence } from '../providers/identity-providers.ts';
import type { Claims } from '../providers/subject-token.ts';
import { type Caller, originOf, userReference } from './caller.ts';
import { type NormalisedIdentifier, readIdentifier } from './identifiers.ts';
import { saveNewUser } from './new-user.ts';
import type { ProviderGroups } from './provider-groups.ts';
import { Reading, readText } from './text.ts';

/** What a new account takes from what its provider says. */
interface Profile {
  readonly displayName: string;
  readonly locale: string;
  /** Proved by an issuer whose proofs the settings trust; null otherwise. */
  readonly email: NormalisedIdentifier | null;
  /** null where another account without this identity already says to be that person: it was brought in from outside. */
  readonly externalId: string | null;
}

const NAME_TAKEN = 'identifiers_exclusive_value_unique';
const EXTERNAL_ID_TAKEN = 'users_external_id_unique';
const SUBJECT_TAKEN: ReadonlySet<string | null> = new Set(['external_identities_subject_unique', EXTERNAL_ID_TAKEN]);
const GROUP_GONE = 'memberships_group_id_foreign';
const RETRYABLE: ReadonlySet<string | null> = new Set([NAME_TAKEN, EXTERNAL_ID_TAKEN, GROUP_GONE]);
const MAXIMUM_TRIES = 4;

const textClaim = (claims: Claims, name: string): string | null => {
  const value = claims[name];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
};

/** The address that an issuer names, proved or not: for showing only. */
export const emailClaim = (claims: Claims): NormalisedIdentifier | null => {
  const text = textClaim(claims, 'email');
  const read = text === null ? null : readIdentifier('EMAIL', text);
  return read !== null && 'identifier' in read ? read.identifier : null;
};

/**
 * The address that an issuer says was proved. A token and userinfo can name two: one that is older than the last change of the address
 * does; then what is said of the one address says nothing of the other.
 */
const provedEmail = (claims: Claims, more: Claims): NormalisedIdentifier | null => {
  const source = textClaim(claims, 'email') === null ? more : claims;
  const email = emailClaim(source);
  const same = email !== null && emailClaim(more)?.value === email.value;
  const verified = source['email_verified'] ?? (same ? more['email_verified'] : undefined);
  return verified === true ? email : null;
};

const nameClaim = (claims: Claims): string => {
  const given = textClaim(claims, 'name') ?? textClaim(claims, 'preferred_username') ?? '';
  const read = readText(Array.from(given).slice(0, 100).join(''), {
    field: ['displayName'],
    maximum: 100,
    mayBeBlank: true,
  });
  return 'text' in read ? read.text : '';
};

const localeClaim = (claims: Claims): string => {
  const reading = new Reading();
  const locale = reading.locale(textClaim(claims, 'locale') ?? 'en');
  return reading.problems.length === 0 ? locale : 'en';
};

/** The accounts behind identities: found by issuer and subject alone, made where the settings say so. */
export class ProviderAccounts {
  readonly #database: Database;
  readonly #groups: ProviderGroups;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: { database: Database; providerGroups: ProviderGroups; recorder: Recorder; clock: Clock }) {
    this.#database = parts.database;
    this.#groups = parts.providerGroups;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /** The identity of whom the evidence is about; null when no account has it. An address never leads to one (threat 6). */
  async find(evidence: Pick<Evidence, 'issuer' | 'subject'>): Promise<ExternalIdentityView | null> {
    const [row] = await this.#database.query<ExternalIdentityRow>(identityBySubject, [
      evidence.issuer,
      evidence.subject,
    ]);
    return row === undefined ? null : identityViewOf(row);
  }

  /**
   * Makes an account with its identity, once: of parallel sign-ins of a new person all get the one account, and one of them made it.
   * `claim` runs in the transaction that makes it.
   */
  async make(
    caller: Caller,
    provider: ProviderSettings,
    evidence: Evidence,
    claim: (em: EntityManager) => Promise<void>,
  ): Promise<{ readonly identity: ExternalIdentityView; readonly created: boolean }> {
    let profile = await this.#profile(provider, evidence);
    for (let attempt = 1; ; attempt += 1) {
      const groupIds = await this.#groups.initial(provider, evidence);
      try {
        return { identity: await this.#save(caller, evidence, { profile, groupIds }, claim), created: true };
      } catch (error) {
        const constraint = constraintOf(error);
        const existing = SUBJECT_TAKEN.has(constraint) ? await this.find(evidence) : null;
        if (existing !== null) return { identity: existing, created: false };
        if (attempt >= MAXIMUM_TRIES || !RETRYABLE.has(constraint)) throw error;
        // The address is somebody's: they stay the only ones who are reached by it.
        if (constraint === NAME_TAKEN) profile = { ...profile, email: null };
        if (constraint === EXTERNAL_ID_TAKEN) profile = { ...profile, externalId: null };
      }
    }
  }

  async #profile(provider: ProviderSettings, evidence: Evidence): Promise<Profile> {
    const { claims } = evidence;
    const isThin = textClaim(claims, 'name') === null || textClaim(claims, 'email') === null;
    const asked = isThin ? await evidence.ask('userinfo') : null;
    const more: Claims = typeof asked === 'object' && asked !== null ? { ...asked } : {};
    const said: Claims = { ...more, ...claims };
    return {
      displayName: nameClaim(said),
      locale: localeClaim(said),
      email: provider.trustEmail ? provedEmail(claims, more) : null,
      externalId: evidence.subject,
    };
  }

  async #save(
    caller: Caller,
    evidence: Evidence,
    { profile, groupIds }: { readonly profile: Profile; readonly groupIds: readonly GroupId[] },
    claim: (em: EntityManager) => Promise<void>,
  ): Promise<ExternalIdentityView> {
    const now = this.#clock.now();
    const { issuer, subject } = evidence;
    return this.#database.transaction(async (em) => {
      await claim(em);
      const user = await saveNewUser(em, {
        displayName: profile.displayName,
        locale: profile.locale,
        status: 'ACTIVE',
        identifiers: profile.email === null ? [] : [profile.email],
        verifiedAt: profile.email === null ? null : now,
        passwordHash: null,
        passwordChangeRequired: false,
        groupIds,
        addedById: null,
        now,
      });
      await sql(em, 'update users set source = $2, external_id = $3 where id = $1', [
        user.id,
        issuer,
        profile.externalId,
      ]);
      const shown = emailClaim(evidence.claims)?.shown ?? profile.email?.shown ?? null;
      const at = now.toISOString();
      const id = newId<ExternalIdentityId>();
      const [row] = await sql<ExternalIdentityRow>(em, insertIdentity, [id, user.id, issuer, subject, shown, at, at]);
      if (row === undefined) throw new SubjectTakenError();
      const reference = userReference(user);
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'user.created',
          actor: reference,
          target: reference,
          metadata: { issuer, groupIds },
          event: { type: 'UserRegistered', payload: { userId: user.id, kind: user.kind, groupIds } },
        },
        identityLinked(identityViewOf(row), reference),
      ]);
      return identityViewOf(row);
    });
  }
}

/** Somebody else linked the identity in the meantime; undoes the account that was about to be made. */
class SubjectTakenError extends Error {
  override readonly name = 'SubjectTakenError';
  readonly constraint = 'external_identities_subject_unique';
}

/** An identity that was linked, for the log and the outbox. The subject is a personal value of another system: it stays out. */
export const identityLinked = (identity: ExternalIdentityView, user: ReturnType<typeof userReference>): Happening => ({
  action: 'identity.linked',
  actor: user,
  target: { type: 'ExternalIdentity', id: identity.id, label: user.label },
  metadata: { issuer: identity.issuer },
  event: {
    type: 'IdentityLinked',
    payload: { userId: user.id, identityId: identity.id, issuer: identity.issuer },
  },
});
