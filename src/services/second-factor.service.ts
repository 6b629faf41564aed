import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { open, seal } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { recoveryCodeHashes } from '../crypto/recovery-codes.ts';
import { Secret } from '../crypto/secret.ts';
import { generateTotpSecret, matchingTimeStep } from '../crypto/totp.ts';
import type { Database } from '../database/database.ts';
import {
  acceptTimeStep,
  consumeRecoveryCode,
  methodsOfUser,
  type MethodRow,
  type SealedRow,
  totpOf,
} from '../entities/credential.queries.ts';
import type { CredentialId, UserId } from '../ids.ts';
import { MfaMethod } from '../vocabulary.ts';

/** Place of a sealed TOTP secret, bound to its row: a secret that is copied to another account opens nowhere. */
export const totpContext = (id: CredentialId): string => `credentials.secret.${id}`;

/** A place that no row has. */
const NOWHERE = 'credentials.secret.none';

/**
 * Checks second factors and uses up what it accepts, each in one conditional statement: of parallel tries with one code
 * exactly one is right. Who may try how often is for the callers to say.
 */
export class SecondFactorService {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #settings: Config['mfa'];
  /** What codes of accounts without TOTP are compared with, so that they cost the same. */
  readonly #decoy: string;

  constructor(parts: { database: Database; masterKeys: MasterKeys; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
    this.#settings = parts.config.mfa;
    this.#decoy = seal(parts.masterKeys, 'totp', Buffer.from(generateTotpSecret().reveal()), NOWHERE);
  }

  /** The second factors that an account holds, in the order in which they are offered. */
  async methodsOf(userId: UserId): Promise<readonly MfaMethod[]> {
    const rows = await this.#database.query<MethodRow>(methodsOfUser, [userId]);
    return Object.values(MfaMethod).filter((method) => rows.some((row) => row.method === method));
  }

  /**
   * The TOTP whose present code this is; null for a wrong code, for one whose time step was accepted before (RFC 6238 section
   * 5.2), and for accounts without TOTP, after the same work.
   */
  async verifyTotp(userId: UserId, code: string): Promise<CredentialId | null> {
    const [row] = await this.#database.query<SealedRow>(totpOf, [userId]);
    const step = await this.timeStepOf(row ?? null, code);
    if (row === undefined || step === null) return null;
    const [accepted] = await this.#database.query<{ id: CredentialId }>(acceptTimeStep, [
      row.id,
      step,
      this.#clock.now().toISOString(),
    ]);
    return accepted?.id ?? null;
  }

  /** The recovery code that this is, which is gone by that; null when there is none such, or not any more. */
  async useRecoveryCode(userId: UserId, code: string): Promise<CredentialId | null> {
    const hashes = recoveryCodeHashes(this.#masterKeys, userId, code);
    const [used] = await this.#database.query<{ id: CredentialId }>(consumeRecoveryCode, [userId, hashes]);
    return used?.id ?? null;
  }

  /** The time step of a code under a sealed secret; null for a wrong code, and for no secret after the same work. */
  async timeStepOf(row: SealedRow | null, code: string): Promise<number | null> {
    const [sealed, context] = row === null ? [this.#decoy, NOWHERE] : [row.secret, totpContext(row.id)];
    const secret = new Secret(open(this.#masterKeys, 'totp', sealed, context).toString('utf8'));
    const step = await matchingTimeStep(secret, code, {
      now: this.#clock.now(),
      windowSteps: this.#settings.totpWindowSteps,
    });
    return row === null ? null : step;
  }

  /** Seals a TOTP secret for a row. */
  sealSecret(id: CredentialId, secret: Secret<string>): string {
    return seal(this.#masterKeys, 'totp', Buffer.from(secret.reveal()), totpContext(id));
  }
}
