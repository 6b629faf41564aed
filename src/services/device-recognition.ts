import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { createToken, parseToken } from '../crypto/opaque-token.ts';
import { instantOf } from '../database/sql.ts';
import type { SignInAccountRow } from '../entities/account.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { type DeviceId, newId } from '../ids.ts';
import { type MessageOutbox, NO_MESSAGE } from '../messages/message-outbox.ts';
import type { FactorMethod } from '../vocabulary.ts';
import type { Caller } from './caller.ts';
import { deviceFingerprint } from './network.ts';
import type { ClientFacts, DeviceSecret } from './session-facts.ts';
import type { SignInFacts } from './sign-in-facts.ts';
import { deviceNameOf } from './user-agent.ts';

/** The time a device secret lives without use: the longest that browsers keep cookies (RFC 6265bis section 5.6.1). */
const DEVICE_TOKEN_SECONDS = 400 * 86_400;

/** Selector and hash of the presented device secret; nulls when there is none. */
export const deviceKeyOf = (client: ClientFacts): readonly [string | null, Buffer | null] => {
  const parsed = client.deviceToken === null ? null : parseToken('device', client.deviceToken.reveal());
  return parsed === null ? [null, null] : [parsed.selector, parsed.secretHash];
};

/** The device of a sign-in: its part of the statement, and what its client is handed. */
interface MetDevice {
  /** null for a device that presented its secret. */
  readonly name: string | null;
  readonly secret: DeviceSecret | null;
  /** From now on it is not asked for the second factor. */
  readonly trusted: boolean;
  /** Values of `metDevice`. */
  readonly values: readonly unknown[];
}

/** Recognises the devices that people sign in from, and writes to them about new ones. */
export class DeviceRecognition {
  readonly #messages: MessageOutbox;
  readonly #clock: Clock;
  readonly #settings: Config['devices'];

  constructor(parts: { messages: MessageOutbox; clock: Clock; config: Config }) {
    this.#messages = parts.messages;
    this.#clock = parts.clock;
    this.#settings = parts.config.devices;
  }

  /** Trusted instead of a second factor, now. */
  isTrusted(account: SignInAccountRow): boolean {
    const until = instantOf(account.device_trusted_until);
    return this.#settings.trustSeconds > 0 && until !== null && until > this.#clock.now();
  }

  /** What a session that begins now does to its device. A device that presents its secret keeps it. */
  async meet(
    caller: Caller,
    account: SignInAccountRow,
    facts: Pick<SignInFacts, 'client' | 'trustDevice' | 'factors' | 'counted'>,
  ): Promise<MetDevice> {
    const now = this.#clock.now();
    const trusted = facts.trustDevice === true && this.#settings.trustSeconds > 0;
    const trustedUntil = trusted ? secondsAfter(now, this.#settings.trustSeconds).toISOString() : null;
    const common = [account.device_id, now.toISOString(), caller.ipAddress, trustedUntil];
    if (account.device_id !== null) {
      return {
        name: null,
        secret: null,
        trusted,
        values: [...common, null, null, null, null, null, null, triesBack(facts)],
      };
    }
    const name = facts.client.deviceName ?? facts.client.clientName ?? (await deviceNameOf(caller.userAgent));
    const created = createToken('device');
    const fingerprint = deviceFingerprint(caller.ipAddress, caller.userAgent);
    return {
      name,
      trusted,
      secret: { token: created.token, expiresAt: secondsAfter(now, DEVICE_TOKEN_SECONDS) },
      values: [
        ...common,
        newId<DeviceId>(),
        account.user_id,
        created.selector,
        created.secretHash,
        name,
        fingerprint,
        null,
      ],
    };
  }

  /** The mail about a sign-in from a device that was not seen before; none about the first sign-in of all. */
  notice(caller: Caller, user: UserView, device: MetDevice): readonly unknown[] {
    if (device.name === null || !this.#settings.newDeviceMail) return NO_MESSAGE;
    if (user.lastSignInAt === null || user.email === null || user.emailVerifiedAt === null) return NO_MESSAGE;
    return this.#messages.values({
      template: 'new-device',
      recipient: user.email,
      userId: user.id,
      userName: user.displayName,
      locale: user.locale,
      variables: { device: device.name, ipAddress: caller.ipAddress, at: this.#clock.now().toISOString() },
    });
  }
}

/** Factors that are secrets to be typed: proving one of them says that the tries before were no guesses. */
const GUESSABLE: ReadonlySet<FactorMethod> = new Set(['PASSWORD', 'TOTP', 'RECOVERY_CODE']);

/** How many tries a sign-in takes back from its device; null = all. */
const triesBack = ({ factors, counted }: Pick<SignInFacts, 'factors' | 'counted'>): number | null => {
  const spared = factors.some(({ method }) => method === 'DEVICE');
  const earned = !spared && factors.some(({ method }) => GUESSABLE.has(method));
  return earned ? null : counted === true ? 1 : 0;
};
