import type { Secret } from '../crypto/secret.ts';
import { isReachable, postUntilTaken } from './http-post.ts';
import type { MessageTransport, RenderedMessage } from './message-transport.ts';

/** Hands text messages to a gateway by HTTP: `POST {to, text}`, the number in E.164; any 2xx means that it took them. */
export class SmsGateway implements MessageTransport {
  readonly name = 'http';
  readonly #url: string;
  readonly #token: Secret<string> | null;

  constructor(parts: { url: string; token: Secret<string> | null }) {
    this.#url = parts.url;
    this.#token = parts.token;
  }

  async send({ id, recipient: to, text }: RenderedMessage, signal: AbortSignal): Promise<void> {
    const target = { url: this.#url, token: this.#token, idempotencyKey: id };
    await postUntilTaken(target, { to, text: text.trim() }, signal);
  }

  verify(signal: AbortSignal): Promise<void> {
    return isReachable(this.#url, signal);
  }

  close(): void {
    // connections are the runtime's
  }
}
