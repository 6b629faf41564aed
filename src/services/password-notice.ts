import type { EntityManager } from '@mikro-orm/postgresql';
import type { UserView } from '../entities/user.queries.ts';
import type { MessageOutbox } from '../messages/message-outbox.ts';

/**
 * Writes to the person whose password was changed, at the address that was proved to be theirs, in the transaction that changes it:
 * whoever did it cannot keep that back. Does nothing for accounts without such an address.
 */
export const tellPasswordChanged = async (
  em: EntityManager,
  messages: MessageOutbox,
  user: Pick<UserView, 'id' | 'email' | 'emailVerifiedAt' | 'displayName' | 'locale'>,
  seen: { readonly device: string; readonly ipAddress: string; readonly at: string },
): Promise<void> => {
  if (user.email === null || user.emailVerifiedAt === null) return;
  await messages.enqueue(em, {
    template: 'password-changed',
    recipient: user.email,
    userId: user.id,
    userName: user.displayName,
    locale: user.locale,
    variables: seen,
  });
};
