import type { Secret } from '../crypto/secret.ts';
import { isReachable, postUntilTaken } from './http-post.ts';
import type { MessageTransport, RenderedMessage } from './message-transport.ts';

/** Hands mails to a service by HTTP: `POST {to, subject, template, variables, html, text}`; any 2xx means that it took them. */
export class HttpMailService implements MessageTransport {
  readonly name = 'http';
  readonly #url: string;
  readonly #token: Secret<string> | null;

  constructor(parts: { url: string; token: Secret<string> | null }) {
    this.#url = parts.url;
    this.#token = parts.token;
  }

  async send(message: RenderedMessage, signal: AbortSignal): Promise<void> {
    const { recipient: to, subject, template, variables, html, text, locale } = message;
    const target = { url: this.#url, token: this.#token, idempotencyKey: message.id };
    await postUntilTaken(target, { to, subject, template, variables, html, text, locale }, signal);
  }

  verify(signal: AbortSignal): Promise<void> {
    return isReachable(this.#url, signal);
  }

  close(): void {
    // connections are the runtime's
  }
}
