import { performance } from 'node:perf_hooks';
import type { Log } from '../log.ts';
import { VerificationChannel } from '../vocabulary.ts';
import { failureText } from './failure-text.ts';
import { TransportFailure, type Transports } from './message-transport.ts';

const VERIFY_MS = 15_000;

/** What is known of a way out: from the check at the start and from every message since. */
export interface TransportState {
  readonly component: 'mail' | 'sms';
  readonly status: 'OK' | 'DEGRADED';
  /** Of the check at the start; null: not checked. */
  readonly latencyMs: number | null;
  readonly message: string | null;
  readonly isSetUp: boolean;
}

const COMPONENTS = { EMAIL: 'mail', SMS: 'sms' } as const;

/** Whether the transports work. Asks nobody when it is asked: messages and the check at the start tell. */
export class TransportHealth {
  readonly #transports: Transports;
  readonly #log: Log;
  readonly #failures = new Map<VerificationChannel, string>();
  readonly #latencies = new Map<VerificationChannel, number>();

  constructor(parts: { transports: Transports; log: Log }) {
    this.#transports = parts.transports;
    this.#log = parts.log;
  }

  worked(channel: VerificationChannel): void {
    this.#failures.delete(channel);
  }

  failed(channel: VerificationChannel, reason: string): void {
    this.#failures.set(channel, reason);
  }

  /** Mail, and text messages where they can be sent. */
  get states(): readonly TransportState[] {
    const channels = Object.values(VerificationChannel).filter(
      (channel) => channel === 'EMAIL' || this.#transports[channel] !== null,
    );
    return channels.map((channel) => {
      const isMissing = this.#transports[channel] === null;
      const message = isMissing ? 'No mail transport is configured.' : (this.#failures.get(channel) ?? null);
      return {
        component: COMPONENTS[channel],
        status: message === null ? 'OK' : 'DEGRADED',
        latencyMs: this.#latencies.get(channel) ?? null,
        message,
        isSetUp: !isMissing,
      };
    });
  }

  /** Checks every transport and logs what came of it. Never throws: a server without mail still serves. */
  async verify(signal: AbortSignal): Promise<void> {
    await Promise.all(Object.values(VerificationChannel).map((channel) => this.#verify(channel, signal)));
  }

  async #verify(channel: VerificationChannel, stopped: AbortSignal): Promise<void> {
    const transport = this.#transports[channel];
    const component = COMPONENTS[channel];
    if (transport === null) {
      if (channel === 'EMAIL') this.#log('warn', 'mail: not configured, nothing is sent');
      return;
    }
    const started = performance.now();
    try {
      await transport.verify(AbortSignal.any([stopped, AbortSignal.timeout(VERIFY_MS)]));
      this.#latencies.set(channel, Math.round(performance.now() - started));
      this.worked(channel);
      this.#log('info', `${component}: ok`, { transport: transport.name });
    } catch (error) {
      if (stopped.aborted) return;
      const reason = failureText(error instanceof TransportFailure ? error.message : 'The check failed.');
      this.failed(channel, reason);
      this.#log('warn', `${component}: does not work, messages wait`, { transport: transport.name, reason });
    }
  }
}
