import type { MessageId } from '../ids.ts';
import type { VerificationChannel } from '../vocabulary.ts';

/** A message in its final words. */
export interface RenderedMessage {
  readonly id: MessageId;
  readonly template: string;
  readonly channel: VerificationChannel;
  readonly recipient: string;
  /** BCP 47, the language that it is written in. */
  readonly locale: string;
  /** One line without control characters; of text messages too, though they do not show it. */
  readonly subject: string;
  readonly text: string;
  /** null: a text message. */
  readonly html: string | null;
  /** What the words were made of, for services that have templates of their own. */
  readonly variables: Readonly<Record<string, string>>;
}

/** One way out for messages. */
export interface MessageTransport {
  /** How it is called in logs. */
  readonly name: string;
  /**
   * Resolves once the other side has taken the message. Throws TransportFailure when it has not, or has not said so; then the
   * same message may be given again. Ends early when `signal` says so.
   */
  send(message: RenderedMessage, signal: AbortSignal): Promise<void>;
  /** Looks whether the other side answers and knows us. Throws TransportFailure. */
  verify(signal: AbortSignal): Promise<void>;
  /** Gives connections back. */
  close(): void;
}

/** What is there to send with; null where nothing is configured. */
export type Transports = Readonly<Record<VerificationChannel, MessageTransport | null>>;

/** A message that was not taken. The text is for operators and for those who may see deliveries: it holds no secret. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';
  /** The message itself was refused: sending it again changes nothing, and the other side is in order. */
  readonly permanent: boolean;

  constructor(message: string, permanent = false) {
    super(message);
    this.permanent = permanent;
  }
}
