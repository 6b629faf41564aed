import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { readMountedKeys } from '../crypto/mounted-signing-key.ts';
import { Secret } from '../crypto/secret.ts';
import { type GeneratedSigningKey, SigningKeyError } from '../crypto/signing-keys.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';

/** Signing keys that come from outside, from files or the environment: their private halves are never in the database. */
export class MountedKeys {
  readonly #settings: Config['keys'];
  #keys: readonly GeneratedSigningKey[] = [];

  constructor(config: Config) {
    this.#settings = config.keys;
  }

  /** Whether the settings name any; then this server makes none itself. */
  get areUsed(): boolean {
    return this.#settings.signingKeys !== null || this.#settings.signingKeyFiles.length > 0;
  }

  /** The key that is to sign: the first one. */
  get first(): GeneratedSigningKey | null {
    return this.#keys[0] ?? null;
  }

  find(kid: string): GeneratedSigningKey | null {
    return this.#keys.find((key) => key.kid === kid) ?? null;
  }

  /** Reads them again: a mounted file is replaced in place. Throws SigningKeyError; what was read before then stays. */
  async read(): Promise<void> {
    const { signingKeys, signingKeyFiles } = this.#settings;
    const given = signingKeys === null ? [] : [readMountedKeys(signingKeys, 'SIGNING_KEYS')];
    const files = signingKeyFiles.map(async (file) => readMountedKeys(await this.#file(file), `The file ${file}`));
    this.#keys = (await Promise.all([...given, ...files])).flat();
  }

  async #file(file: string): Promise<Secret<string>> {
    try {
      return new Secret(await readFile(file, 'utf8'));
    } catch (error) {
      throw new SigningKeyError(`The signing key ${file} of SIGNING_KEY_FILES cannot be read (${codeOf(error)}).`);
    }
  }
}
