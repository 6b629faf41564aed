import type { Clock } from '../clock.ts';
import type { MessageId } from '../ids.ts';
import type { MessageTransport, RenderedMessage } from './message-transport.ts';

/** How many messages are kept: enough for a day at a desk. */
const KEPT = 500;

export interface CapturedMessage extends RenderedMessage {
  readonly capturedAt: Date;
}

/** Takes every message and keeps the latest in memory, for development and tests: nothing leaves the process. */
export class CapturedInbox implements MessageTransport {
  readonly name = 'inbox';
  readonly #clock: Clock;
  readonly #messages = new Map<MessageId, CapturedMessage>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  get messages(): readonly CapturedMessage[] {
    return [...this.#messages.values()];
  }

  find(id: string): CapturedMessage | null {
    return this.#messages.get(id as MessageId) ?? null;
  }

  async send(message: RenderedMessage): Promise<void> {
    this.#messages.set(message.id, { ...message, capturedAt: this.#clock.now() });
    const [oldest] = this.#messages.keys();
    if (this.#messages.size > KEPT && oldest !== undefined) this.#messages.delete(oldest);
  }

  async verify(): Promise<void> {
    // it is always there
  }

  close(): void {
    // nothing to give back
  }
}
