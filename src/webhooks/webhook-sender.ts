import type { Clock } from '../clock.ts';
import { EnvelopeError } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Outbound } from '../providers/outbound.ts';
import { OutboundError, type OutboundFault } from '../providers/provider-error.ts';
import { MAXIMUM_BODY_BYTES } from './webhook-body.ts';
import type { ClaimedDelivery } from './webhook-queue.ts';
import { openWebhookSecret } from './webhook-secret.ts';
import { signatureHeaders } from './webhook-signature.ts';

/** How one try ended. */
export interface Attempt {
  /** null: no answer. */
  readonly responseStatus: number | null;
  /** null: the receiver accepted it. Ours alone: of the answer nothing but the status is read. */
  readonly failure: string | null;
  readonly durationMs: number;
  /** No other try can end better. */
  readonly isFinal: boolean;
}

const FAULTS: Readonly<Record<OutboundFault, string>> = {
  ADDRESS_REFUSED: 'Its address is not public, or not https, and the settings do not allow it.',
  ANSWER_MALFORMED: 'Its answer could not be read.',
  NOT_REACHED: 'It could not be reached',
  REDIRECTED: 'It redirects, which is not followed.',
  STATUS: 'It answered with an error.',
  TIMED_OUT: 'It did not answer in time.',
  TOO_LARGE: 'Its answer is too large.',
  UNRESOLVED: 'Its name could not be resolved.',
};

/** Posts deliveries, one try each. */
export class WebhookSender {
  readonly #outbound: Outbound;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;

  constructor(parts: { outbound: Outbound; masterKeys: MasterKeys; clock: Clock }) {
    this.#outbound = parts.outbound;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
  }

  /** Never throws for a reason of the receiver's. */
  async send(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Attempt> {
    const began = performance.now();
    const ended = (responseStatus: number | null, failure: string | null, isFinal = false): Attempt => ({
      responseStatus,
      failure,
      durationMs: Math.round(performance.now() - began),
      isFinal,
    });
    if (Buffer.byteLength(delivery.body) > MAXIMUM_BODY_BYTES) {
      return ended(null, `The event is larger than ${MAXIMUM_BODY_BYTES / 1024} KiB.`, true);
    }
    const secrets = this.#secretsOf(delivery);
    if (secrets === null) return ended(null, 'Its secret cannot be opened; rotate it.');
    try {
      const { status } = await this.#outbound.send(new URL(delivery.url), {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Gatehouse-Webhooks',
          ...signatureHeaders(secrets, { id: delivery.eventId, at: this.#clock.now(), body: delivery.body }),
        },
        body: delivery.body,
        statusOnly: true,
        signal,
      });
      return ended(status, failureOfStatus(status));
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return ended(null, failureOfFault(error));
    }
  }

  /** The present secret first; null when it cannot be opened. One before it that cannot be opened is left out. */
  #secretsOf(delivery: ClaimedDelivery): readonly Secret<string>[] | null {
    const { webhookId, sealedSecret, sealedPreviousSecret, secretOverlapUntil } = delivery;
    const present = this.#open(webhookId, sealedSecret);
    if (present === null) return null;
    const overlaps = secretOverlapUntil !== null && secretOverlapUntil > this.#clock.now();
    const previous = overlaps ? this.#open(webhookId, sealedPreviousSecret) : null;
    return previous === null ? [present] : [present, previous];
  }

  #open(webhookId: ClaimedDelivery['webhookId'], sealed: string | null): Secret<string> | null {
    if (sealed === null) return null;
    try {
      return openWebhookSecret(this.#masterKeys, webhookId, sealed);
    } catch (error) {
      if (error instanceof EnvelopeError) return null;
      throw error;
    }
  }
}

const failureOfStatus = (status: number): string | null => {
  if (status >= 200 && status < 300) return null;
  const redirects = status >= 300 && status < 400 ? ': it redirects, which is not followed' : '';
  return `It answered ${status}${redirects}.`;
};

const failureOfFault = ({ fault, reason }: OutboundError): string =>
  fault === 'NOT_REACHED' ? `${FAULTS[fault]}${reason === null ? '' : `: ${reason}`}.` : FAULTS[fault];
