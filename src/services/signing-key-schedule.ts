import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import type { SigningKeyService } from './signing-key.service.ts';

/** Half of what replicas have to notice another key. */
const INTERVAL_MS = 30_000;

/** Keeps the signing keys of this process up to date, and makes them follow each other on time; in every replica, for each has its own copy. */
export class SigningKeySchedule {
  readonly #signingKeys: Pick<SigningKeyService, 'maintain'>;
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> | null = null;

  constructor(parts: { signingKeys: Pick<SigningKeyService, 'maintain'>; background: BackgroundWork }) {
    this.#signingKeys = parts.signingKeys;
    this.#rounds = parts.background.rounds('signing_keys', 'signing keys could not be looked after; tried again');
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    this.#tick();
  }

  /** Stops, and waits for what is under way. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  #tick(): void {
    this.#running = this.#rounds.follow(this.#signingKeys.maintain());
  }
}
