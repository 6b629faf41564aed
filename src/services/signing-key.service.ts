import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { open } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { Secret } from '../crypto/secret.ts';
import {
  generateSigningKey,
  importSigningKey,
  importVerificationKey,
  type Keyring,
  type SigningKey as PrivateSigningKey,
  SigningKeyError,
  type VerificationKey,
} from '../crypto/signing-keys.ts';
import type { Database } from '../database/database.ts';
import { SigningKey } from '../entities/signing-key.entity.ts';
import { reject } from '../errors.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import type { Log } from '../log.ts';
import type { SigningAlgorithm } from '../vocabulary.ts';
import { MountedKeys } from './mounted-keys.ts';
import { type Rotated, SigningKeyChanges } from './signing-key-changes.ts';

/** Other replicas may sign with a key that this one has not read yet; an unknown `kid` is looked up at most this often. */
const LOOK_UP_INTERVAL_SECONDS = 5;
/** How long a key that was replaced may verify: a week. */
const MAXIMUM_OVERLAP_SECONDS = 604_800;
/** How long the key that signs is believed before the table is read again. */
const ACTIVE_KEY_SECONDS = 30;

const NO_PRIVATE_HALF =
  'The key that signs is mounted elsewhere and not here: give SIGNING_KEY_FILES or SIGNING_KEYS as the other servers have them, or run "keys rotate --now" to sign with a key of the database.';

interface RotationInput {
  readonly algorithm: SigningAlgorithm | null;
  readonly overlapSeconds: number | null;
  /** The new key signs at once, although verifiers may not know it yet: the present one is known to somebody else. */
  readonly immediately?: boolean;
}

/** The keys that sign access tokens: made or mounted, sealed under the master key, published ahead, rotated with an overlap. */
export class SigningKeyService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #log: Log;
  readonly #mounted: MountedKeys;
  readonly #changes: SigningKeyChanges;
  readonly #onLeft = new Set<() => void>();
  #active: { key: PrivateSigningKey; readAt: Date } | null = null;
  #keyring = new Map<string, VerificationKey>();
  #published: readonly SigningKey[] = [];
  #lookedUpAt: Date | null = null;
  #reading: Promise<void> | null = null;
  #planned: string | null = null;

  constructor(parts: {
    database: Database;
    masterKeys: MasterKeys;
    recorder: Recorder;
    clock: Clock;
    config: Config;
    log: Log;
  }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
    this.#config = parts.config;
    this.#log = parts.log;
    this.#mounted = new MountedKeys(parts.config);
    this.#changes = new SigningKeyChanges(parts);
  }

  /** Reads the keys, and makes or takes the first one when there is none; replicas that start together agree on one. */
  async prepare(): Promise<void> {
    await this.#mounted.read();
    await this.#read();
    if (!this.#published.some(({ status }) => status === 'ACTIVE')) {
      const first = this.#mounted.first;
      await this.#changes.createFirst(
        first ?? (await generateSigningKey(this.#config.tokens.algorithm)),
        first !== null,
      );
      await this.#read();
    }
    if (this.#mounted.areUsed) await this.#plan();
    await this.active();
  }

  /** Calls back when a key no longer verifies: what was verified with it before must not be believed any more. */
  onKeysLeft(listener: () => void): void {
    this.#onLeft.add(listener);
  }

  /** Brings this process up to date and does what is due: run every half minute, in every replica. */
  async maintain(): Promise<void> {
    await this.#mounted.read();
    await this.#readOnce();
    await this.#plan();
  }

  /** The key that signs now. */
  async active(): Promise<PrivateSigningKey> {
    const stale = this.#active === null || this.#active.readAt < secondsAfter(this.#clock.now(), -ACTIVE_KEY_SECONDS);
    if (stale) await this.#readOnce();
    if (this.#active === null) throw new SigningKeyError(NO_PRIVATE_HALF);
    return this.#active.key;
  }

  /** Reads the keys for somebody who signs nothing: all that are not retired, also where the private half of none is at hand. */
  async look(): Promise<readonly SigningKey[]> {
    await this.#mounted.read();
    await this.#read();
    return this.#published;
  }

  /** Every key that verifies, for a token that names `kid`; the table is read again when the key is not known here. */
  async keyringFor(kid: string | null): Promise<Keyring> {
    const unknown = kid !== null && !this.#keyring.has(kid);
    const mayLookUp =
      this.#lookedUpAt === null || this.#lookedUpAt < secondsAfter(this.#clock.now(), -LOOK_UP_INTERVAL_SECONDS);
    if (unknown && mayLookUp) await this.#readOnce();
    return this.#keyring;
  }

  /** The public keys that verify access tokens, the one that signs first, those that will sign after it. */
  async published(): Promise<readonly SigningKey[]> {
    await this.active();
    return this.#published;
  }

  /**
   * Makes another key sign: at once if a fitting one was published for `keys.publishAheadSeconds`, else when it was, so that no
   * verifier that keeps the key set meets a key it does not know. The old one verifies for `overlapSeconds` more, from the life
   * of an access token to 604,800. Errors: INVALID_VALUE; DISABLED_BY_SETTING where keys are mounted.
   */
  async rotate(origin: Origin, input: RotationInput): Promise<Rotated> {
    if (this.#mounted.areUsed) reject('DISABLED_BY_SETTING');
    const life = this.#config.tokens.accessTtlSeconds;
    const overlapSeconds = input.overlapSeconds ?? life * 2;
    if (overlapSeconds < life || overlapSeconds > MAXIMUM_OVERLAP_SECONDS) {
      const message = `Give ${life} (the life of an access token) to ${MAXIMUM_OVERLAP_SECONDS} seconds.`;
      reject('INVALID_VALUE', { message, field: ['overlapSeconds'] });
    }
    const generated = await generateSigningKey(input.algorithm ?? (await this.#presentAlgorithm()));
    const immediately = input.immediately === true;
    const rotated = await this.#changes.rotate({ origin, generated, overlapSeconds, immediately });
    await this.#read();
    return rotated;
  }

  /** Makes a key that does not sign verify no more, at once here and within half a minute elsewhere. Gives what it is now; null for none. */
  async retire(origin: Origin, kid: string): Promise<SigningKey['status'] | null> {
    const status = await this.#changes.retire(origin, kid);
    await this.#read();
    return status;
  }

  /** Whether the private half of a key is outside of the database. */
  isMounted(row: SigningKey): boolean {
    return row.sealedPrivateJwk === null;
  }

  async #presentAlgorithm(): Promise<SigningAlgorithm> {
    if (this.#published.length === 0) await this.#read();
    const active = this.#published.find(({ status }) => status === 'ACTIVE');
    return active?.algorithm ?? this.#config.tokens.algorithm;
  }

  /** A mounted key is planned when it is first seen, so that replicas with other ones do not undo each other's plans all the time. */
  async #plan(): Promise<void> {
    const { first } = this.#mounted;
    if (first === null) {
      if (this.#config.keys.rotationSeconds > 0 && !this.#mounted.areUsed) {
        await this.#changes.keepStandby(() => generateSigningKey(this.#config.tokens.algorithm));
      }
    } else if (this.#planned !== first.kid) {
      await this.#changes.publishMounted(first);
      this.#planned = first.kid;
    }
  }

  /** Requests that need the keys at the same time share one reading. */
  async #readOnce(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    const now = this.#clock.now();
    let rows = await this.#load();
    if (rows.some(({ status, notBefore }) => status === 'PUBLISHED' && notBefore <= now)) {
      await this.#changes.promoteDue();
      rows = await this.#load();
    }
    const verifying = rows.filter(({ status, verifiesUntil }) => status === 'ACTIVE' || (verifiesUntil ?? now) >= now);
    const keyring = new Map<string, VerificationKey>();
    for (const { kid, algorithm, publicJwk } of verifying) {
      const known = this.#keyring.get(kid);
      keyring.set(kid, known ?? (await importVerificationKey({ kid, algorithm, publicJwk: publicJwk as never })));
    }
    const hasLeft = [...this.#keyring.keys()].some((kid) => !keyring.has(kid));
    this.#keyring = keyring;
    this.#published = verifying;
    this.#lookedUpAt = now;
    if (hasLeft) for (const listener of this.#onLeft) listener();
    const key = await this.#signer(now);
    this.#active = key === null ? null : { key, readAt: now };
  }

  async #load(): Promise<readonly SigningKey[]> {
    return this.#database.orm.em.fork().find(
      SigningKey,
      { status: { $ne: 'RETIRED' } },
      { orderBy: [{ status: 'asc' }, { createdAt: 'desc' }] }, // ACTIVE sorts first, then PUBLISHED
    );
  }

  /** The active key; where it is mounted elsewhere only, the one before it, as long as what it signs can be verified. null: none is at hand. */
  async #signer(now: Date): Promise<PrivateSigningKey | null> {
    const needed = secondsAfter(now, this.#config.tokens.accessTtlSeconds);
    for (const row of this.#published) {
      const { kid, status, verifiesUntil } = row;
      const mayStill = status === 'RETIRING' && (verifiesUntil ?? now) >= needed;
      const key = status === 'ACTIVE' || mayStill ? await this.#privateKeyOf(row) : null;
      if (key === null) continue;
      if (mayStill) this.#log('warn', 'the key that signs is not mounted here; the one before it goes on', { kid });
      return key;
    }
    return null;
  }

  /** null: its private half is mounted, and not here. */
  async #privateKeyOf(row: SigningKey): Promise<PrivateSigningKey | null> {
    const { kid, algorithm, sealedPrivateJwk } = row;
    if (this.#active?.key.kid === kid) return this.#active.key;
    const mounted = this.#mounted.find(kid);
    if (mounted !== null) return importSigningKey({ kid, algorithm, privateJwk: mounted.privateJwk });
    if (sealedPrivateJwk === null) return null;
    const privateJwk = new Secret(open(this.#masterKeys, 'signing', sealedPrivateJwk, kid).toString('utf8'));
    return importSigningKey({ kid, algorithm, privateJwk });
  }
}
