import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { SignedInCaller } from './caller.ts';
import { deviceNameOf } from './user-agent.ts';

interface Parts {
  readonly messages: MessageOutbox;
  readonly clock: Clock;
}

/**
 * Writes to the caller that something gives access to their account, or no longer does, at the address that was proved to be theirs, in
 * the transaction that changes it: whoever did it in a stolen session cannot keep that back.
 */
export const tellAccessChanged = async (
  em: EntityManager,
  { messages, clock }: Parts,
  { account, ipAddress, userAgent }: SignedInCaller,
  change: 'IDENTITY_LINKED' | 'IDENTITY_UNLINKED' | 'API_KEY_MADE',
): Promise<void> => {
  if (account.email === null || account.emailVerifiedAt === null) return;
  await messages.enqueue(em, {
    template: 'access-changed',
    recipient: account.email,
    userId: account.id,
    userName: account.displayName,
    locale: account.locale,
    variables: { change, device: await deviceNameOf(userAgent), ipAddress, at: clock.now().toISOString() },
  });
};
