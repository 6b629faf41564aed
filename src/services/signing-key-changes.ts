import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { seal } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import type { GeneratedSigningKey, PublicJwk } from '../crypto/signing-keys.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { SigningKey } from '../entities/signing-key.entity.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import { systemOrigin } from './caller.ts';

/** Within this time every replica has noticed that another key signs: until then it may go on with the one before. */
const NOTICE_SECONDS = 60;

export interface Rotation {
  readonly origin: Origin;
  readonly generated: GeneratedSigningKey;
  readonly overlapSeconds: number;
  /** The new key signs at once, published ahead or not: the present one is known to somebody else. */
  readonly immediately: boolean;
}

export interface Rotated {
  readonly signingKey: SigningKey;
  readonly retiringKey: SigningKey | null;
}

const SYSTEM = systemOrigin('signing keys');

/** How signing keys follow each other, as rows: PUBLISHED, ACTIVE from `notBefore` on, RETIRING, RETIRED. Each change takes one lock. */
export class SigningKeyChanges {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #config: Config;

  constructor(parts: { database: Database; masterKeys: MasterKeys; recorder: Recorder; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.#config = parts.config;
  }

  /** Makes this key the first one, unless there is an active one by now. `isMounted`: its private half stays outside. */
  async createFirst(generated: GeneratedSigningKey, isMounted: boolean): Promise<void> {
    await this.#changing(async (em) => {
      if ((await em.count(SigningKey, { status: 'ACTIVE' })) > 0) return;
      const row = this.#rowOf(generated, isMounted);
      row.activate(this.#clock.now());
      em.persist(row);
    });
  }

  /** Lets a published key sign whose time has come. */
  async promoteDue(): Promise<void> {
    await this.#changing(async (em) => {
      const due = await em.findOne(SigningKey, { status: 'PUBLISHED', notBefore: { $lte: this.#clock.now() } });
      if (due !== null) await this.#promote(em, due, SYSTEM);
    });
  }

  /**
   * Plans that another key signs: at once if one that fits has been published for long enough, else when it has. The one that signs
   * now verifies for the overlap after that.
   */
  async rotate({ origin, generated, overlapSeconds, immediately }: Rotation): Promise<Rotated> {
    return this.#changing(async (em) => {
      const now = this.#clock.now();
      const active = await em.findOne(SigningKey, { status: 'ACTIVE' });
      const standby = await em.findOne(SigningKey, { status: 'PUBLISHED' });
      const fits = standby?.algorithm === generated.algorithm && !immediately;
      const next = fits ? standby : this.#rowOf(generated, false);
      if (!fits) standby?.retire(now); // it never signed
      const ready = immediately ? now : secondsAfter(next.createdAt, this.#config.keys.publishAheadSeconds);
      next.notBefore = ready > now ? ready : now;
      if (active !== null) active.verifiesUntil = secondsAfter(next.notBefore, overlapSeconds + NOTICE_SECONDS);
      em.persist(next);
      if (next.notBefore <= now) await this.#promote(em, next, origin);
      else await this.#recordPublished(em, next, origin);
      return { signingKey: next, retiringKey: active };
    });
  }

  /** Publishes a key that signs when the one that signs now is old enough; brings a planned one forward if the setting is shorter now. */
  async keepStandby(generate: () => Promise<GeneratedSigningKey>): Promise<void> {
    const { rotationSeconds } = this.#config.keys;
    const [state] = await this.#database.query<{ planned: boolean; late: boolean }>(
      `select exists (select from signing_keys where status = 'PUBLISHED') as planned,
         exists (select from signing_keys p, signing_keys a where p.status = 'PUBLISHED' and a.status = 'ACTIVE'
           and p.not_before > greatest(a.not_before + make_interval(secs => $1), p.created_at + make_interval(secs => $2))) as late`,
      [rotationSeconds, this.#config.keys.publishAheadSeconds],
    );
    if (state?.planned === true && !state.late) return;
    const generated = await generate();
    await this.#changing(async (em) => {
      const active = await em.findOne(SigningKey, { status: 'ACTIVE' });
      if (active === null) return;
      const planned = await em.findOne(SigningKey, { status: 'PUBLISHED' });
      const next = planned ?? this.#rowOf(generated, false);
      const ready = secondsAfter(next.createdAt, this.#config.keys.publishAheadSeconds);
      const due = secondsAfter(active.notBefore, rotationSeconds);
      next.notBefore = due > ready ? due : ready;
      em.persist(next);
      if (planned === null) await this.#recordPublished(em, next, SYSTEM);
    });
  }

  /** Publishes a key from outside that is to sign; one that was used before may come back. */
  async publishMounted(generated: GeneratedSigningKey): Promise<void> {
    await this.#changing(async (em) => {
      const now = this.#clock.now();
      const known = await em.findOne(SigningKey, { kid: generated.kid });
      // One that was taken in before there were such marks.
      if (known?.sealedPrivateJwk === null) known.sealedPublicJwk ??= this.#sealed(generated.kid, generated.publicJwk);
      if (known?.status === 'ACTIVE' || known?.status === 'PUBLISHED') return;
      const planned = await em.findOne(SigningKey, { status: 'PUBLISHED' });
      planned?.retire(now);
      const next = known ?? this.#rowOf(generated, true);
      next.publish(secondsAfter(now, this.#config.keys.publishAheadSeconds));
      em.persist(next);
      await this.#recordPublished(em, next, SYSTEM);
    });
  }

  /** Takes a key out of use at once. Gives null for a key that there is not, and `ACTIVE` for the one that signs, which stays. */
  async retire(origin: Origin, kid: string): Promise<SigningKey['status'] | null> {
    return this.#changing(async (em) => {
      const row = await em.findOne(SigningKey, { kid });
      if (row === null || row.status === 'ACTIVE' || row.status === 'RETIRED') return row?.status ?? null;
      row.retire(this.#clock.now());
      await this.#recorder.record(em, origin, [
        { action: 'signing-key.retired', target: { type: 'SigningKey', id: row.id, label: row.kid } },
      ]);
      return row.status;
    });
  }

  /** Changes wait for each other: a row lock would let the second one find no active key while the first changes it. */
  #changing<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (em) => {
      await sql(em, `select pg_advisory_xact_lock(hashtext('gatehouse.signing-keys'))`);
      const result = await work(em);
      await em.flush();
      return result;
    });
  }

  async #promote(em: EntityManager, next: SigningKey, origin: Origin): Promise<void> {
    const now = this.#clock.now();
    const previous = await em.findOne(SigningKey, { status: 'ACTIVE' });
    if (previous !== null) {
      const least = secondsAfter(now, this.#config.tokens.accessTtlSeconds + NOTICE_SECONDS);
      previous.stepBack(least);
      // Before the other row: there is one active key at each moment.
      await em.flush();
    }
    next.activate(now);
    await em.flush();
    await this.#recorder.record(em, origin, [
      {
        action: 'signing-key.rotated',
        target: { type: 'SigningKey', id: next.id, label: next.kid },
        metadata: { algorithm: next.algorithm, previousVerifiesUntil: previous?.verifiesUntil?.toISOString() ?? null },
        event: { type: 'SigningKeyRotated', payload: { kid: next.kid, algorithm: next.algorithm } },
      },
    ]);
  }

  async #recordPublished(em: EntityManager, row: SigningKey, origin: Origin): Promise<void> {
    await em.flush();
    await this.#recorder.record(em, origin, [
      {
        action: 'signing-key.published',
        target: { type: 'SigningKey', id: row.id, label: row.kid },
        metadata: { algorithm: row.algorithm, notBefore: row.notBefore.toISOString() },
      },
    ]);
  }

  /** Made inside the transaction: after a deadlock that runs again, and the ORM would take the first row for one that it knows. */
  #rowOf({ kid, algorithm, publicJwk, publicPem, privateJwk }: GeneratedSigningKey, isMounted: boolean): SigningKey {
    return new SigningKey({
      kid,
      algorithm,
      publicJwk: { ...publicJwk },
      publicKeyPem: publicPem,
      sealedPrivateJwk: isMounted ? null : seal(this.#masterKeys, 'signing', Buffer.from(privateJwk.reveal()), kid),
      sealedPublicJwk: isMounted ? this.#sealed(kid, publicJwk) : null,
      now: this.#clock.now(),
    });
  }

  #sealed(kid: string, publicJwk: PublicJwk): string {
    return seal(this.#masterKeys, 'signing', Buffer.from(JSON.stringify(publicJwk)), kid);
  }
}

/** Marks keys that no longer verify as retired; run by housekeeping. */
export const retireSigningKeys = async (database: Database, now: Date): Promise<void> => {
  await database.query(
    `update signing_keys set status = 'RETIRED', retired_at = $1 where status = 'RETIRING' and verifies_until <= $1`,
    [now.toISOString()],
  );
};
