import { open } from '../crypto/envelope.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { Secret } from '../crypto/secret.ts';
import { importSigningKey, importVerificationKey, type VerificationKey } from '../crypto/signing-keys.ts';
import type { Database } from '../database/database.ts';
import type { SigningAlgorithm } from '../vocabulary.ts';

interface KeyRow {
  readonly algorithm: SigningAlgorithm;
  readonly public_jwk: Readonly<Record<string, unknown>>;
  readonly sealed_private_jwk: string | null;
  /** Of a key whose private half is mounted. */
  readonly sealed_public_jwk: string | null;
}

/**
 * The keys of checkpoints, retired ones too. A key counts only when one of its halves opens under the master keys, which the
 * database does not hold: a key that somebody put into the table vouches for nothing.
 */
export class CheckpointKeys {
  readonly #database: Database;
  readonly #masterKeys: MasterKeys;
  readonly #known = new Map<string, VerificationKey | null>();

  constructor(database: Database, masterKeys: MasterKeys) {
    this.#database = database;
    this.#masterKeys = masterKeys;
  }

  async get(kid: string): Promise<VerificationKey | null> {
    const known = this.#known.get(kid);
    if (known !== undefined) return known;
    const key = await this.#load(kid);
    this.#known.set(kid, key);
    return key;
  }

  /** Whether the master keys are those of this installation, as far as its signing keys tell. */
  async anyOpens(): Promise<boolean> {
    const rows = await this.#database.query<{ kid: string }>('select kid from signing_keys');
    for (const { kid } of rows) if ((await this.get(kid)) !== null) return true;
    return false;
  }

  async #load(kid: string): Promise<VerificationKey | null> {
    const [row] = await this.#database.query<KeyRow>(
      'select algorithm, public_jwk, sealed_private_jwk, sealed_public_jwk from signing_keys where kid = $1',
      [kid],
    );
    const sealed = row?.sealed_private_jwk ?? row?.sealed_public_jwk ?? null;
    if (row === undefined || sealed === null) return null;
    const { algorithm } = row;
    try {
      // Bound to the id, which is the thumbprint of the public half: no other key can be put beside it.
      const opened = open(this.#masterKeys, 'signing', sealed, kid).toString('utf8');
      if (row.sealed_private_jwk !== null) await importSigningKey({ kid, algorithm, privateJwk: new Secret(opened) });
      return await importVerificationKey({ kid, algorithm, publicJwk: row.public_jwk as never });
    } catch {
      return null;
    }
  }
}
