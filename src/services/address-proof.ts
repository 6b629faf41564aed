import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.ts';
import { dropWaysIn, type DroppedWaysIn, type MarkedProof, markAddressProved } from '../entities/identifier.queries.ts';
import type { Happening } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import type { IdentifierKind } from '../vocabulary.ts';
import { apiKeyHappening, keyOfEvent } from './api-key-target.ts';
import { type nameOf, userReference } from './caller.ts';
import { sessionEnded } from './session.service.ts';

/** Kinds of identifiers that can be proved: those with a channel. */
export type AddressKind = Exclude<IdentifierKind, 'USERNAME'>;

/** What a proof changed. */
export interface AddressProof {
  /** The account has this address; false: it changed since the code or link was sent, which proves nothing of the account. */
  readonly known: boolean;
  /** No address of the account was proved before. */
  readonly first: boolean;
  /** For the log and the outbox; the caller records them in the same transaction. */
  readonly happenings: readonly Happening[];
}

type Owner = Parameters<typeof nameOf>[0] & { readonly id: UserId };

interface ProofFacts {
  readonly now: Date;
  /** The normalised address that was proved; absent: whatever the account has. */
  readonly value?: string | null;
  /** Whoever proved the address has just set the password, in this transaction: it stays. */
  readonly keepPassword?: boolean;
}

/**
 * Somebody proved that an address of the account is theirs, by a code, a mailed link or a reset. The first such proof drops
 * every password, second factor, passkey, linked identity, API key, device and session from before: whoever made the account need
 * not be the owner of the address, and would keep a way in otherwise (pre-account hijacking). An account of which another address
 * was proved has its owner: to prove one more, as the number that an administrator gave, takes nothing away, or whoever gets hold of
 * that number would go around the second factor by it. Call it in the transaction of what the proof is for, and record what it gives
 * there.
 */
export const proveAddress = async (
  em: EntityManager,
  user: Owner,
  kind: AddressKind,
  { now, value = null, keepPassword = false }: ProofFacts,
): Promise<AddressProof> => {
  const at = now.toISOString();
  const [marked] = await sql<MarkedProof>(em, markAddressProved, [user.id, kind, value, at]);
  if (marked?.first !== true) {
    const happenings = marked?.fresh === true ? [provedOf(user, { kind })] : [];
    return { known: marked !== undefined, first: false, happenings };
  }
  const [dropped] = await sql<DroppedWaysIn>(em, dropWaysIn, [user.id, at, keepPassword]);
  if (dropped === undefined) throw new Error('What was dropped is not known.');
  return { known: true, first: true, happenings: happeningsOf(user, kind, dropped) };
};

const provedOf = (user: Owner, metadata: Readonly<Record<string, unknown>>): Happening => ({
  action: 'address.proved',
  actor: userReference(user),
  target: userReference(user),
  metadata,
  event: { type: 'UserUpdated', payload: { userId: user.id } },
});

const happeningsOf = (user: Owner, kind: AddressKind, dropped: DroppedWaysIn): readonly Happening[] => {
  const target = userReference(user);
  const hadSecondFactor = dropped.credentials.includes('TOTP') || dropped.credentials.includes('PASSKEY');
  const proved = provedOf(user, {
    kind,
    credentials: dropped.credentials.length,
    identities: dropped.identities.length,
    devices: dropped.devices,
    apiKeys: dropped.keys.length,
  });
  const reset: Happening = {
    action: 'mfa.reset',
    actor: target,
    target,
    metadata: { reason: 'ADDRESS_PROVED' },
    event: { type: 'MfaChanged', payload: { userId: user.id, change: 'RESET_BY_PROOF' } },
  };
  return [
    proved,
    ...(hadSecondFactor ? [reset] : []),
    ...dropped.identities.map(({ id, issuer }): Happening => ({
      action: 'identity.unlinked',
      actor: target,
      target: { type: 'ExternalIdentity', id, label: target.label },
      metadata: { issuer },
      event: { type: 'IdentityUnlinked', payload: { userId: user.id, identityId: id, issuer } },
    })),
    ...dropped.keys.map(({ id, name }): Happening => ({
      ...apiKeyHappening('api-key.revoked', name, {
        type: 'ApiKeyRevoked',
        payload: keyOfEvent({ id, ownerId: user.id }),
      }),
      actor: target,
    })),
    ...dropped.sessions.map((id): Happening => ({ ...sessionEnded(id, user, 'CREDENTIALS_CHANGED'), actor: target })),
  ];
};
