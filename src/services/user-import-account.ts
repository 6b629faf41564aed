import type { NewAccountRow } from '../entities/account-batch.queries.ts';
import type { Happening } from '../events/recorder.ts';
import { type CredentialId, type GroupId, type IdentifierId, type MembershipId, newId, type UserId } from '../ids.ts';
import { userReference } from './caller.ts';
import { shownAddresses, skeletonFor } from './new-user.ts';
import type { ImportedAccount } from './user-import-line.ts';

/** The rows of an account that was read from a file. With a password hash it is ACTIVE, without one INVITED. */
export const accountRowOf = (account: ImportedAccount, groupIds: readonly GroupId[]): NewAccountRow => ({
  id: newId<UserId>(),
  name: account.displayName,
  locale: account.locale,
  status: account.passwordHash === null ? 'INVITED' : 'ACTIVE',
  ...shownAddresses(account.identifiers),
  verified: account.verified,
  change: account.passwordHash !== null && account.passwordChangeRequired,
  credential: newId<CredentialId>(),
  hash: account.passwordHash,
  identifiers: account.identifiers.map(({ kind, value }) => ({
    id: newId<IdentifierId>(),
    kind,
    value,
    skeleton: skeletonFor(kind, value),
  })),
  memberships: groupIds.map((group) => ({ id: newId<MembershipId>(), group })),
});

/** What is told of it: without its hash. */
export const importHappening = (row: NewAccountRow): Happening => {
  const groupIds = row.memberships.map(({ group }) => group);
  return {
    action: 'user.created',
    target: userReference({ ...row, displayName: row.name }),
    metadata: { imported: true, invited: row.status === 'INVITED', groupIds },
    event: { type: 'UserRegistered', payload: { userId: row.id, kind: 'PERSON', groupIds } },
  };
};
