import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { networkOf } from '../services/network.ts';
import type { Budget, RateLimiter } from './rate-limiter.ts';

/** Answers to failing networks that may be held back at once; beyond that they are given at once. */
const MAXIMUM_HELD_BACK = 200;
const DELAY_STEP_MS = 100;
const MAXIMUM_DELAY_MS = 2000;

/**
 * Limits by network (an IPv4 address, or the /64 of an IPv6 address), whatever account is tried: failed credentials, and
 * messages that are asked for. They stand beside the exact counts of accounts and codes, so that one network cannot try one
 * password on a thousand accounts.
 */
export class NetworkLimits {
  readonly #limiter: RateLimiter;
  readonly #settings: Config['rates'];
  readonly #failures: Budget;
  readonly #messages: Budget;
  readonly #refreshes: Budget;
  readonly #questions: Budget;
  #heldBack = 0;

  constructor(parts: { limiter: RateLimiter; config: Config }) {
    const { rates } = parts.config;
    this.#limiter = parts.limiter;
    this.#settings = rates;
    this.#failures = { name: 'failures', points: rates.failures, seconds: rates.failureSeconds };
    this.#messages = { name: 'messages', points: rates.messages, seconds: rates.messageSeconds };
    this.#refreshes = { name: 'refreshes', points: rates.failures, seconds: rates.failureSeconds };
    this.#questions = { name: 'questions', points: rates.questions, seconds: rates.failureSeconds };
  }

  /** Failed credentials of a network in the present window. */
  async failuresOf(address: string): Promise<number> {
    return this.#settings.enabled ? this.#limiter.spent(this.#failures, networkOf(address)) : 0;
  }

  /**
   * Runs a try of a credential. It is counted before it runs and given back unless it `failed`, so that of parallel tries no
   * more run than may. From the setting's number of failures on, the answer is held back a little longer each time.
   * Throws RATE_LIMITED.
   */
  tried<T>(address: string, work: () => Promise<T>, failed: (result: T) => boolean): Promise<T> {
    return this.#tried(this.#failures, address, work, failed);
  }

  /**
   * The same for refresh tokens, with a budget of their own: nobody guesses one, and whoever guesses passwords must not end the
   * sessions of everybody else behind the same address.
   */
  refreshed<T>(address: string, work: () => Promise<T>, failed: (result: T) => boolean): Promise<T> {
    return this.#tried(this.#refreshes, address, work, failed);
  }

  /** Counts a sign-in that begins with a question to an authenticator or a way to an issuer. Throws RATE_LIMITED. */
  async begun(address: string): Promise<void> {
    if (this.#settings.enabled) await this.#spend(this.#questions, networkOf(address));
  }

  async #tried<T>(budget: Budget, address: string, work: () => Promise<T>, failed: (result: T) => boolean): Promise<T> {
    if (!this.#settings.enabled) return work();
    const key = networkOf(address);
    const spent = await this.#spend(budget, key);
    const giveBack = () => this.#limiter.giveBack(budget, key);
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // Denials and outages are no guesses.
      await giveBack();
      throw error;
    }
    if (failed(result)) await this.#holdBack(spent);
    else await giveBack();
    return result;
  }

  /** Counts a request for a message. Throws RATE_LIMITED. */
  async requested(address: string): Promise<void> {
    if (this.#settings.enabled) await this.#spend(this.#messages, networkOf(address));
  }

  async #spend(budget: Budget, key: string): Promise<number> {
    const { allowed, spent, retryAfterSeconds } = await this.#limiter.spend(budget, key);
    if (allowed) return spent;
    // What was refused was not tried: a crowd that comes at once is not shut out by its own number.
    await this.#limiter.giveBack(budget, key);
    throw new Failure('RATE_LIMITED', undefined, { retryAfterSeconds });
  }

  async #holdBack(failures: number): Promise<void> {
    const beyond = failures - this.#settings.delayAfter;
    if (beyond <= 0 || this.#heldBack >= MAXIMUM_HELD_BACK) return;
    this.#heldBack += 1;
    await sleep(Math.min(beyond * DELAY_STEP_MS, MAXIMUM_DELAY_MS), undefined, { ref: false });
    this.#heldBack -= 1;
  }
}
