import type { EntityManager } from '@mikro-orm/postgresql';
import { constraintOf } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { statementOf } from '../database/statement.ts';
import { newAccount } from '../entities/account.queries.ts';
import { Identifier } from '../entities/identifier.entity.ts';
import type { User } from '../entities/user.entity.ts';
import { type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { Failure, type Problem, Rejection } from '../errors.ts';
import { type CredentialId, type GroupId, type IdentifierId, type MembershipId, newId, type UserId } from '../ids.ts';
import type { IdentifierKind, StoredUserStatus } from '../vocabulary.ts';
import { identifierInUse, type NormalisedIdentifier, readIdentifier } from './identifiers.ts';
import { skeletonOf } from './username-skeleton.ts';

/** The addresses of one account, each at most once. */
export type Identifiers = readonly NormalisedIdentifier[];

type Read = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** Reads the addresses that are given; problems for those that are malformed. */
export const readIdentifiers = (given: {
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly username?: string | null | undefined;
}): { readonly identifiers: Identifiers; readonly problems: readonly Problem[] } => {
  const wanted: readonly (readonly [IdentifierKind, string | null | undefined])[] = [
    ['EMAIL', given.email],
    ['PHONE', given.phone],
    ['USERNAME', given.username],
  ];
  const read = wanted.flatMap(([kind, text]) => (typeof text === 'string' ? [readIdentifier(kind, text)] : []));
  return {
    identifiers: read.flatMap((one) => ('identifier' in one ? [one.identifier] : [])),
    problems: read.flatMap((one) => ('problem' in one ? [one.problem] : [])),
  };
};

/** Puts an address into the account for showing; the normalised row beside it is `identifierRow`. */
const showIdentifier = (user: User, identifier: NormalisedIdentifier, verifiedAt: Date | null): void => {
  switch (identifier.kind) {
    case 'EMAIL': {
      user.email = identifier.shown;
      user.emailVerifiedAt = verifiedAt;
      break;
    }
    case 'PHONE': {
      user.phone = identifier.shown;
      user.phoneVerifiedAt = verifiedAt;
      break;
    }
    case 'USERNAME': {
      user.username = identifier.shown;
      break;
    }
  }
};

export interface NewUser {
  readonly displayName: string;
  readonly locale: string;
  readonly status: StoredUserStatus;
  readonly identifiers: Identifiers;
  /** false: the addresses wait for their proof, and others may have them too. */
  readonly exclusive?: boolean;
  /** When the addresses were proved; null = given by an administrator, not proved. */
  readonly verifiedAt: Date | null;
  readonly passwordHash: string | null;
  readonly passwordChangeRequired: boolean;
  readonly groupIds: readonly GroupId[];
  readonly addedById: UserId | null;
  /** Values of custom attributes. */
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Set when the account begins signed in. */
  readonly lastSignInAt?: Date;
  readonly now: Date;
}

/** The addresses as they are shown; null without one of the kind. */
export const shownAddresses = (identifiers: Identifiers): Pick<UserView, 'email' | 'phone' | 'username'> => {
  const shown = (kind: IdentifierKind): string | null => identifiers.find((one) => one.kind === kind)?.shown ?? null;
  return { email: shown('EMAIL'), phone: shown('PHONE'), username: shown('USERNAME') };
};

const saving = statementOf({ account: newAccount }, 'select * from account');

/** Saves a new account with its addresses, password and memberships, as one statement. */
export const saveNewUser = async (em: EntityManager, facts: NewUser): Promise<UserView> => {
  const values = saving.values({ account: accountValues(newId<UserId>(), facts) });
  const [row] = await sql<UserRow>(em, saving.text, values);
  if (row === undefined) throw new Error('The new account is not there.');
  return userViewOf(row, facts.now);
};

/** The values of `newAccount`. */
export const accountValues = (id: UserId, facts: NewUser): readonly unknown[] => {
  const { email, phone, username } = shownAddresses(facts.identifiers);
  return [
    id,
    facts.displayName,
    facts.locale,
    facts.status,
    email,
    phone,
    username,
    facts.verifiedAt?.toISOString() ?? null,
    facts.passwordChangeRequired,
    facts.now.toISOString(),
    facts.lastSignInAt?.toISOString() ?? null,
    JSON.stringify(
      facts.identifiers.map(({ kind, value }) => ({
        id: newId<IdentifierId>(),
        kind,
        value,
        skeleton: skeletonFor(kind, value),
      })),
    ),
    newId<CredentialId>(),
    facts.passwordHash,
    facts.groupIds.map(() => newId<MembershipId>()),
    facts.groupIds,
    facts.addedById,
    facts.exclusive ?? true,
    JSON.stringify(facts.attributes ?? {}),
  ];
};

/** What tells user names apart that look alike; other identifiers are compared by value alone. */
export const skeletonFor = (kind: IdentifierKind, value: string): string | null =>
  kind === 'USERNAME' ? skeletonOf(value) : null;

const TAKEN = 'identifiers_exclusive_value_unique';
const CONFUSABLE = 'identifiers_username_skeleton_unique';

/**
 * Runs `work`; when it failed because an address or user name belongs to another account, or looks like another user name,
 * throws the outcome that says which. The unique index decides, so that of two parallel requests exactly one wins. `ownerId` may have them already.
 */
export const refusingTakenIdentifiers = async <T>(
  read: Read,
  identifiers: Identifiers,
  work: () => Promise<T>,
  ownerId: UserId | null = null,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const constraint = constraintOf(error);
    if (constraint !== TAKEN && constraint !== CONFUSABLE) throw error;
    const taken = await read<{ kind: IdentifierKind }>(
      `select distinct i.kind from identifiers i join unnest($1::text[], $2::text[]) as given(kind, value)
         on given.kind = i.kind and given.value = i.value where i.exclusive and i.user_id is distinct from $3::uuid`,
      [identifiers.map((one) => one.kind), identifiers.map((one) => one.value), ownerId],
    );
    if (constraint === CONFUSABLE && !taken.some(({ kind }) => kind === 'USERNAME')) {
      const confusable: Problem = { code: 'USERNAME_CONFUSABLE', field: ['username'] };
      throw new Rejection([...taken.map(({ kind }) => identifierInUse(kind)), confusable]);
    }
    const kinds = taken.length > 0 ? taken.map((row) => row.kind) : identifiers.map((one) => one.kind);
    throw new Rejection(kinds.map(identifierInUse), {});
  }
};

/** Foreign keys to whoever makes an account, puts somebody into a group or invites. */
const ACTOR_GONE = new Set([
  'memberships_added_by_id_foreign',
  'organization_members_added_by_id_foreign',
  'invitations_invited_by_id_foreign',
]);

/**
 * Runs `work`; when it failed because a group is no more, TARGET_NOT_FOUND for that group. Memory may still know a group
 * that was deleted, and another one may go between the check and the change: the foreign key decides. UNAUTHENTICATED when
 * the one who adds the members is gone.
 */
export const refusingVanishedGroups = async <T>(
  read: Read,
  groupIds: readonly GroupId[],
  work: () => Promise<T>,
): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (ACTOR_GONE.has(constraintOf(error) ?? '')) throw new Failure('UNAUTHENTICATED');
    if (constraintOf(error) !== 'memberships_group_id_foreign') throw error;
    const rows = await read<{ id: GroupId }>('select id from groups where id = any($1::uuid[])', [groupIds]);
    const left = new Set(rows.map((row) => row.id));
    throw new Rejection(
      groupIds
        .filter((id) => !left.has(id))
        .map((targetId): Problem => ({ code: 'TARGET_NOT_FOUND', field: ['groupIds'], targetId })),
    );
  }
};

/** The normalised address of a kind, replaced or removed. */
export const replaceIdentifier = async (
  em: EntityManager,
  user: User,
  change: { readonly kind: IdentifierKind; readonly identifier: NormalisedIdentifier | null; readonly now: Date },
): Promise<void> => {
  await sql(em, 'delete from identifiers where user_id = $1 and kind = $2', [user.id, change.kind]);
  if (change.identifier === null) {
    clearIdentifier(user, change.kind);
    return;
  }
  const verifiedAt = change.kind === 'USERNAME' ? null : change.now;
  showIdentifier(user, change.identifier, verifiedAt);
  const { kind, now, identifier } = change;
  const skeleton = skeletonFor(kind, identifier.value);
  em.persist(new Identifier(user.id, kind, identifier.value, { skeleton, verifiedAt, now }));
};

const clearIdentifier = (user: User, kind: IdentifierKind): void => {
  switch (kind) {
    case 'EMAIL': {
      user.email = null;
      user.emailVerifiedAt = null;
      break;
    }
    case 'PHONE': {
      user.phone = null;
      user.phoneVerifiedAt = null;
      break;
    }
    case 'USERNAME': {
      user.username = null;
      break;
    }
  }
};
