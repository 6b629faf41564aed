import { setTimeout as sleep } from 'node:timers/promises';
import type { Secret } from '../crypto/secret.ts';
import { traceHeaders } from '../telemetry/tracing.ts';
import { TransportFailure } from './message-transport.ts';

const TIMEOUT_MS = 30_000;
const TRIES = 3;
const WAITS_MS = [500, 2000];
/** Of an answer only so much is read, and only to say what went wrong. */
const MAXIMUM_ANSWER_BYTES = 4096;

interface Target {
  readonly url: string;
  readonly token: Secret<string> | null;
  /** Stays the same over all tries, so that a service can leave out repetitions. */
  readonly idempotencyKey: string;
}

/** The beginning of an answer; the rest is never received. */
const beginningOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < MAXIMUM_ANSWER_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
  }
  await reader.cancel();
  return Buffer.concat(chunks).subarray(0, MAXIMUM_ANSWER_BYTES).toString('utf8');
};

/** Requests that are refused for what they are; 408, 425 and 429 say "later". */
const isFinal = (status: number): boolean =>
  status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status);

const refusalOf = async (response: Response): Promise<TransportFailure> => {
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    return new TransportFailure(`The service answered ${response.status}: it redirects, which is not followed.`);
  }
  const said = (await beginningOf(response)).trim();
  const answer = `The service answered ${response.status}${said === '' ? '' : `: ${said}`}`;
  return new TransportFailure(answer, isFinal(response.status));
};

/** Connections fail with `fetch failed`; the cause says why. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `it did not answer within ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.message;
};

const once = async (target: Target, body: string, signal: AbortSignal): Promise<void> => {
  const response = await fetch(target.url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': target.idempotencyKey,
      ...traceHeaders(),
      ...(target.token === null ? {} : { authorization: `Bearer ${target.token.reveal()}` }),
    },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (!response.ok) throw await refusalOf(response);
  await response.body?.cancel(); // what it says beyond the status is of no use
};

const failureOf = (error: unknown): TransportFailure =>
  error instanceof TransportFailure
    ? error
    : new TransportFailure(`The service cannot be reached: ${reasonOf(error)}.`);

/**
 * Posts JSON until it is taken: three tries of at most 30 seconds. Throws TransportFailure; permanent when the service refused
 * this very message. Redirects are not followed, answers are not read beyond their beginning.
 */
export const postUntilTaken = async (target: Target, content: object, signal: AbortSignal): Promise<void> => {
  const body = JSON.stringify(content);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await once(target, body, signal);
      return;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.permanent || attempt === TRIES || signal.aborted) throw failure;
      await sleep(WAITS_MS[attempt - 1], undefined, { signal }).catch(() => {
        throw failure;
      });
    }
  }
};

/** Whether somebody listens at the address: a service need not know any other request than ours, so that any answer will do. */
export const isReachable = async (url: string, signal: AbortSignal): Promise<void> => {
  try {
    const response = await fetch(url, { method: 'OPTIONS', redirect: 'manual', signal });
    await response.body?.cancel();
  } catch (error) {
    throw failureOf(error);
  }
};
