import { createToken } from '../crypto/opaque-token.ts';
import { open, seal } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { Secret } from '../crypto/secret.ts';
import type { WebhookId } from '../ids.ts';

/** Place of the sealed secrets, bound to the row: the present one becomes the previous one without being opened. */
export const webhookSecretContext = (id: WebhookId): string => `webhooks.secret.${id}`;

/** A new secret, shown once, and what is stored of it. It is needed in clear to sign, so it is sealed and not hashed. */
export const createWebhookSecret = (keys: MasterKeys, id: WebhookId): { secret: Secret<string>; sealed: string } => {
  const { token } = createToken('webhook');
  return {
    secret: token,
    sealed: seal(keys, 'webhook', Buffer.from(token.reveal(), 'utf8'), webhookSecretContext(id)),
  };
};

/** Throws EnvelopeError when it was altered, belongs to another webhook or lies under a lost key. */
export const openWebhookSecret = (keys: MasterKeys, id: WebhookId, sealed: string): Secret<string> =>
  new Secret(open(keys, 'webhook', sealed, webhookSecretContext(id)).toString('utf8'));
