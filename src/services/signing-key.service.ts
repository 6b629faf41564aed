import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { open, seal } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { Secret } from '../crypto/secret.ts';
import {
  generateSigningKey,
  importSigningKey,
  importVerificationKey,
  type Keyring,
  type SigningKey as PrivateSigningKey,
  type VerificationKey,
} from '../crypto/signing-keys.ts';
import { type Database, constraintOf } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { SigningKey } from '../entities/signing-key.entity.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import type { SigningAlgorithm } from '../vocabulary.ts';
import { type Caller, originOf } from './caller.ts';

/** Other replicas may sign with a key that this one has not read yet; an unknown `kid` is looked up at most this often. */
const LOOK_UP_INTERVAL_SECONDS = 5;
/** How long the key that signs is believed before the table is read again. */
const ACTIVE_KEY_SECONDS = 30;

/** The keys that sign access tokens: made when none exists, sealed under the master key, rotated with an overlap. */
export class SigningKeyService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;
  #active: { key: PrivateSigningKey; readAt: Date } | null = null;
  #keyring = new Map<string, VerificationKey>();
  #published: readonly SigningKey[] = [];
  #lookedUpAt: Date | null = null;
  #reading: Promise<void> | null = null;

  constructor(parts: { database: Database; masterKeys: MasterKeys; recorder: Recorder; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /** Reads the keys, and makes the first one when there is none; replicas that start together agree on one. */
  async prepare(): Promise<void> {
    await this.#read();
    if (this.#active === null) {
      await this.#createFirst();
      await this.#read();
    }
  }

  /** The key that signs now. */
  async active(): Promise<PrivateSigningKey> {
    const stale = this.#active === null || this.#active.readAt < secondsAfter(this.#clock.now(), -ACTIVE_KEY_SECONDS);
    if (stale) await this.#readOnce();
    if (this.#active === null) throw new Error('There is no active signing key.');
    return this.#active.key;
  }

  /** Every key that verifies, for a token that names `kid`; the table is read again when the key is not known here. */
  async keyringFor(kid: string | null): Promise<Keyring> {
    const unknown = kid !== null && !this.#keyring.has(kid);
    const mayLookUp =
      this.#lookedUpAt === null || this.#lookedUpAt < secondsAfter(this.#clock.now(), -LOOK_UP_INTERVAL_SECONDS);
    if (unknown && mayLookUp) await this.#readOnce();
    return this.#keyring;
  }

  /** The public keys that verify access tokens, the one that signs first. */
  async published(): Promise<readonly SigningKey[]> {
    await this.active();
    return this.#published;
  }

  /**
   * Makes a new key that signs from now on; the old one verifies for `overlapSeconds` more, never less than the life of an
   * access token, so that no verification fails. Errors: INVALID_VALUE.
   */
  async rotate(
    caller: Caller,
    input: { readonly algorithm: SigningAlgorithm | null; readonly overlapSeconds: number | null },
  ): Promise<{ signingKey: SigningKey; retiringKey: SigningKey | null }> {
    const life = this.#config.tokens.accessTtlSeconds;
    const overlap = input.overlapSeconds ?? life * 2;
    if (overlap < life) reject('INVALID_VALUE', { field: ['overlapSeconds'] });
    const generated = await generateSigningKey(input.algorithm ?? (await this.active()).algorithm);
    const rotated = await this.#database.transaction(async (em) => {
      // Made here: after a deadlock this runs again, and the ORM would take the first row for one that it knows.
      const created = this.#rowOf(generated);
      // Rotations wait for each other: a row lock would let the second one find no active key while the first changes it.
      await sql(em, `select pg_advisory_xact_lock(hashtext('gatehouse.signing-keys'))`);
      const previous = await em.findOne(SigningKey, { status: 'ACTIVE' });
      if (previous !== null) {
        previous.status = 'RETIRING';
        previous.verifiesUntil = secondsAfter(created.createdAt, overlap);
        await em.flush();
      }
      em.persist(created);
      await em.flush();
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'signing-key.rotated',
          target: { type: 'SigningKey', id: created.id, label: created.kid },
          metadata: { algorithm: created.algorithm, overlapSeconds: overlap },
          event: { type: 'SigningKeyRotated', payload: { kid: created.kid, algorithm: created.algorithm } },
        },
      ]);
      return { signingKey: created, retiringKey: previous };
    });
    await this.#read();
    return rotated;
  }

  async #createFirst(): Promise<void> {
    const generated = await generateSigningKey(this.#config.tokens.algorithm);
    try {
      await this.#database.transaction(async (em) => {
        em.persist(this.#rowOf(generated));
        await em.flush();
      });
    } catch (error) {
      if (constraintOf(error) !== 'signing_keys_active_unique') throw error;
    }
  }

  #rowOf(generated: Awaited<ReturnType<typeof generateSigningKey>>): SigningKey {
    return new SigningKey({
      kid: generated.kid,
      algorithm: generated.algorithm,
      publicJwk: { ...generated.publicJwk },
      publicKeyPem: generated.publicPem,
      sealedPrivateJwk: seal(this.#masterKeys, 'signing', Buffer.from(generated.privateJwk.reveal()), generated.kid),
      now: this.#clock.now(),
    });
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
    const rows = await this.#load(this.#database.orm.em.fork(), now);
    const keyring = new Map<string, VerificationKey>();
    for (const { kid, algorithm, publicJwk } of rows) {
      keyring.set(
        kid,
        this.#keyring.get(kid) ?? (await importVerificationKey({ kid, algorithm, publicJwk: publicJwk as never })),
      );
    }
    this.#keyring = keyring;
    this.#published = rows;
    this.#lookedUpAt = now;
    const active = rows.find((row) => row.status === 'ACTIVE');
    if (active !== undefined) this.#active = { key: await this.#privateKeyOf(active), readAt: now };
  }

  async #load(em: EntityManager, now: Date): Promise<readonly SigningKey[]> {
    return em.find(
      SigningKey,
      { status: { $ne: 'RETIRED' }, $or: [{ verifiesUntil: null }, { verifiesUntil: { $gt: now } }] },
      { orderBy: [{ status: 'asc' }, { createdAt: 'desc' }] }, // ACTIVE sorts first
    );
  }

  async #privateKeyOf(row: SigningKey): Promise<PrivateSigningKey> {
    if (this.#active?.key.kid === row.kid) return this.#active.key;
    const privateJwk = open(this.#masterKeys, 'signing', row.sealedPrivateJwk, row.kid);
    return importSigningKey({
      kid: row.kid,
      algorithm: row.algorithm,
      privateJwk: new Secret(privateJwk.toString('utf8')),
    });
  }
}

/** Marks keys that no longer verify as retired; run by housekeeping. */
export const retireSigningKeys = async (database: Database, now: Date): Promise<void> => {
  await database.query(
    `update signing_keys set status = 'RETIRED', retired_at = $1 where status = 'RETIRING' and verifies_until <= $1`,
    [now.toISOString()],
  );
};
