import { UserChangeKind } from '../vocabulary.ts';

const { UPDATED, STATUS_CHANGED, ACCESS_CHANGED, DELETED } = UserChangeKind;

/** Actions of the audit log that, once done, have changed the account that they are about; all others leave it as it is. */
export const userChangeKinds: Readonly<Record<string, UserChangeKind>> = {
  'address.proved': UPDATED,
  'email.changed': UPDATED,
  'identity.linked': UPDATED,
  'identity.unlinked': UPDATED,
  'mfa.disabled': UPDATED,
  'mfa.enabled': UPDATED,
  'mfa.recovery-codes-replaced': UPDATED,
  'mfa.reset': UPDATED,
  'passkey.added': UPDATED,
  'passkey.removed': UPDATED,
  'passkey.renamed': UPDATED,
  'password.changed': UPDATED,
  'user.password-change-required': UPDATED,
  'user.updated': UPDATED,
  'sign-up.completed': STATUS_CHANGED,
  'user.disabled': STATUS_CHANGED,
  'user.enabled': STATUS_CHANGED,
  'user.locked': STATUS_CHANGED,
  'user.unlocked': STATUS_CHANGED,
  'user.groups-changed': ACCESS_CHANGED,
  'user.organization-joined': ACCESS_CHANGED,
  'user.organization-left': ACCESS_CHANGED,
  'sign-up.removed': DELETED,
  'user.deleted': DELETED,
  'user.erased': DELETED,
};
