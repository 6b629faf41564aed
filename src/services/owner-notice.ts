import type { EntityManager } from '@mikro-orm/postgresql';
import type { UserView } from '../entities/user.queries.ts';
import type { MessageOutbox, NewMessage } from '../messages/message-outbox.ts';
import type { MessageTemplate } from '../messages/message-templates.ts';

/**
 * Writes to the person whose account it is that something about it changed, at the address that was proved to be theirs, in the
 * transaction that changes it: whoever did it cannot keep that back. Does nothing for accounts without such an address.
 */
export const tellOwner = async <Template extends MessageTemplate>(
  em: EntityManager,
  messages: MessageOutbox,
  user: Pick<UserView, 'id' | 'email' | 'emailVerifiedAt' | 'displayName' | 'locale'>,
  { template, variables }: Pick<NewMessage<Template>, 'template' | 'variables'>,
): Promise<void> => {
  if (user.email === null || user.emailVerifiedAt === null) return;
  await messages.enqueue(em, {
    template,
    recipient: user.email,
    userId: user.id,
    userName: user.displayName,
    locale: user.locale,
    variables,
  });
};
