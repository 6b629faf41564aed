import { open, seal } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { MessageId } from '../ids.ts';

/** The values that the words of a message are made of; may hold codes and links. */
export type Variables = Readonly<Record<string, string>>;

/** Place of the sealed variables, bound to the row. */
export const variablesContext = (id: MessageId): string => `messages.sealed_variables.${id}`;

export const sealVariables = (keys: MasterKeys, id: MessageId, variables: Variables): string =>
  seal(keys, 'message', Buffer.from(JSON.stringify(variables), 'utf8'), variablesContext(id));

/** Throws EnvelopeError when they were altered, belong to another row or lie under a lost key. */
export const openVariables = (keys: MasterKeys, id: MessageId, sealed: string): Variables =>
  JSON.parse(open(keys, 'message', sealed, variablesContext(id)).toString('utf8')) as Variables;
