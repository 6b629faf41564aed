import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';
import type { SignedInCaller } from './caller.ts';
import { tellOwner } from './owner-notice.ts';
import { deviceNameOf } from './user-agent.ts';

interface Parts {
  readonly messages: MessageOutbox;
  readonly clock: Clock;
}

/** Writes to the caller that something gives access to their account, or no longer does: the session may be a stolen one. */
export const tellAccessChanged = async (
  em: EntityManager,
  { messages, clock }: Parts,
  { account, ipAddress, userAgent }: SignedInCaller,
  change: 'IDENTITY_LINKED' | 'IDENTITY_UNLINKED' | 'API_KEY_MADE',
): Promise<void> => {
  const variables = { change, device: await deviceNameOf(userAgent), ipAddress, at: clock.now().toISOString() };
  await tellOwner(em, messages, account, { template: 'access-changed', variables });
};
