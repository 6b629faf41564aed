import type { Config } from '../config/config.ts';
import type { Secret } from '../crypto/secret.ts';
import { Rejection } from '../errors.ts';
import type { Log } from '../log.ts';
import type { NetworkLimits } from './network-limits.ts';

/** Asks whether a captcha was solved. Tests and operators bring their own. */
export interface CaptchaProvider {
  /** True when the answer is right and was given for this address; throws when the provider cannot say. */
  verify(answer: Secret<string>, address: string): Promise<boolean>;
}

/**
 * Asks networks with many failures for a captcha. Off without a provider. While the provider is away nobody is asked: the exact
 * limits of accounts hold without it, and a captcha that nobody can solve would lock everybody out.
 */
export class CaptchaGate {
  readonly #provider: CaptchaProvider | null;
  readonly #limits: NetworkLimits;
  readonly #settings: Config['captcha'];
  readonly #log: Log;

  constructor(parts: { provider: CaptchaProvider | null; limits: NetworkLimits; config: Config; log: Log }) {
    this.#provider = parts.provider;
    this.#limits = parts.limits;
    this.#settings = parts.config.captcha;
    this.#log = parts.log;
  }

  /** Whether this network is asked for a captcha now. */
  async isRequired(address: string): Promise<boolean> {
    return this.#isDue(await this.#limits.failuresOf(address));
  }

  /** Lets a request through, or refuses it with CAPTCHA_REQUIRED before anything else is looked at. */
  async demand(address: string, answer: Secret<string> | null): Promise<void> {
    // The try under way is counted already.
    if (this.#provider === null || !this.#isDue((await this.#limits.failuresOf(address)) - 1)) return;
    if (answer !== null && (await this.#isRight(this.#provider, answer, address))) return;
    throw new Rejection([{ code: 'CAPTCHA_REQUIRED', field: ['captchaToken'] }]);
  }

  #isDue(failures: number): boolean {
    return this.#provider !== null && failures >= this.#settings.afterFailures;
  }

  async #isRight(provider: CaptchaProvider, answer: Secret<string>, address: string): Promise<boolean> {
    try {
      return await provider.verify(answer, address);
    } catch (error) {
      this.#log('warn', 'the captcha provider cannot be asked; the request was let through', { err: error });
      return true;
    }
  }
}
