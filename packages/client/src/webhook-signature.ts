import { createHmac, timingSafeEqual } from 'node:crypto';
import { presentTime } from './clock.ts';

/** Why a request was not taken for one of Gatehouse's. */
export type WebhookFault =
  /** A header is missing or has another form. */
  | 'HEADERS'
  /** It is older, or further in the future, than the tolerance allows: a recording, or a clock that is wrong. */
  | 'TIMESTAMP'
  /** No signature fits body, id and time under any of the secrets. */
  | 'SIGNATURE';

/** A request that must be answered with 400 and thrown away. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
  /** What Fastify and Express answer with unless the service says otherwise. */
  readonly statusCode = 400;
  readonly fault: WebhookFault;

  constructor(fault: WebhookFault) {
    super(`The webhook request was refused: ${fault}.`);
    this.fault = fault;
  }
}

/** What Gatehouse posts. */
export interface WebhookEvent {
  /** The same for every try and replay: who has seen it answers 2xx and does nothing. */
  readonly id: string;
  /** Orders the events of one aggregate: a decimal number, too large for a JavaScript number. */
  readonly sequence: string;
  readonly type: string;
  readonly typeVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** RFC 3339. */
  readonly occurredAt: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** A sample that somebody sent to see whether it arrives. */
  readonly test?: true;
}

export interface WebhookRequest {
  /** As Node, Fastify or Express hand them over, or as `Headers`. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes as they came, or their UTF-8 text: JSON that was parsed and written again has another signature. */
  readonly body: string | Uint8Array;
}

export interface WebhookVerification {
  /** `ghw_...`, as createWebhook or rotateWebhookSecret showed it; several while a rotation is under way. */
  readonly secrets: string | readonly string[];
  /** How far its time may lie from ours, in seconds; 300 when absent. */
  readonly toleranceSeconds?: number;
  readonly now?: Date;
}

const DEFAULT_TOLERANCE_SECONDS = 300;
const MAXIMUM_SIGNATURES = 10;

/**
 * Checks a request that says it comes from Gatehouse, and gives its event. Throws WebhookVerificationError. Nothing of the body is read
 * before its signature fits.
 */
export const verifyWebhook = ({ headers, body }: WebhookRequest, options: WebhookVerification): WebhookEvent => {
  const header = (name: string): string => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name];
    if (typeof value !== 'string' || value === '') throw new WebhookVerificationError('HEADERS');
    return value;
  };
  const [id, timestamp, signatures] = [header('webhook-id'), header('webhook-timestamp'), header('webhook-signature')];
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError('HEADERS');
  const nowSeconds = (options.now ?? presentTime()).getTime() / 1000;
  const tolerance = options.toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS;
  if (Math.abs(nowSeconds - Number(timestamp)) > tolerance) throw new WebhookVerificationError('TIMESTAMP');
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.from(body);
  const secrets = typeof options.secrets === 'string' ? [options.secrets] : options.secrets;
  const wanted = secrets.map((secret) =>
    createHmac('sha256', secret).update(`${id}.${timestamp}.`, 'utf8').update(bytes).digest(),
  );
  const given = signatures.split(' ').slice(0, MAXIMUM_SIGNATURES).map(readSignature);
  const fits = given.some((one) => one !== null && wanted.some((other) => timingSafeEqual(one, other)));
  if (!fits) throw new WebhookVerificationError('SIGNATURE');
  return JSON.parse(bytes.toString('utf8')) as WebhookEvent;
};

const SHA256_BYTES = 32;

/** The bytes of `v1,<base64>`; null for any other scheme or form. */
const readSignature = (text: string): Buffer | null => {
  const [, encoded] = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  const bytes = encoded === undefined ? null : Buffer.from(encoded, 'base64');
  return bytes?.length === SHA256_BYTES ? bytes : null;
};
