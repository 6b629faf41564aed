import { createHmac, type KeyObject } from 'node:crypto';
import type { MasterKeys } from './master-keys.ts';

/**
 * A key that goes into password hashes and is not in the database: who steals the table alone cannot try passwords at all
 * (NIST SP 800-63B section 3.1.1.2; OWASP Password Storage Cheat Sheet, peppering).
 */
export interface Pepper {
  /** The version that new hashes get; null = new hashes get none, older ones keep working. */
  readonly current: number | null;
  /** The key of a version; null when it is not held any more. */
  key(version: number): KeyObject | null;
}

/**
 * The pepper that derives from the master keys: their versions are its versions, so that it is rotated and kept safe with them.
 * Hashes of an older version are renewed when their owner signs in.
 */
export const pepperOf = (masterKeys: MasterKeys, isOn: boolean): Pepper => ({
  current: isOn ? masterKeys.current : null,
  key: (version) => (masterKeys.versions.includes(version) ? masterKeys.derive('pepper', version) : null),
});

/**
 * What is hashed instead of the password's bytes: their HMAC-SHA256 under the pepper; the bytes themselves for version null.
 * Throws a RangeError when the version is not held.
 */
export const peppered = (pepper: Pepper | null, version: number | null, password: Buffer): Buffer => {
  if (version === null) return password;
  const key = pepper?.key(version) ?? null;
  if (key === null) throw new RangeError(`The pepper of version ${version} is not held.`);
  return createHmac('sha256', key).update(password).digest();
};
