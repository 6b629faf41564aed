import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWSHeaderParameters,
  type LocalJWKSet,
} from 'jose';
import type { Dated } from '../cache/cache-entries.ts';
import type { Clock } from '../clock.ts';
import { OutboundError, SubjectTokenError } from './provider-error.ts';
import { Refreshing, type RefreshingSettings } from './refreshing.ts';

/** More keys than any issuer rotates through. */
const MAXIMUM_KEYS = 100;

/** Public parts only: what a key set holds beyond them is not looked at. */
const isPublicKey = (key: unknown): key is JWK =>
  typeof key === 'object' &&
  key !== null &&
  'kty' in key &&
  (key.kty === 'RSA' || key.kty === 'EC' || key.kty === 'OKP') &&
  !('d' in key);

/** Reads the answer of a `jwks_uri` (RFC 7517 section 5). Keys of kinds that no allowed algorithm has are left out. */
export const readKeySet = (text: string, host: string): JSONWebKeySet => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new OutboundError('ANSWER_MALFORMED', host);
  }
  const keys: unknown = typeof parsed === 'object' && parsed !== null && 'keys' in parsed ? parsed.keys : null;
  if (!Array.isArray(keys) || keys.length > MAXIMUM_KEYS) throw new OutboundError('ANSWER_MALFORMED', host);
  return { keys: keys.filter((key) => isPublicKey(key)) };
};

/**
 * The public keys of an issuer. An unknown `kid` makes them be read again, once for all who wait and at most once in a pause,
 * so that made-up key ids cannot be turned into requests to the issuer. Keys inside tokens are never looked at.
 */
export class RemoteKeys {
  readonly #keys: Refreshing<LocalJWKSet>;

  /** `read` is told whether what other replicas know does not do, because a key was missing in it. */
  constructor(read: (early: boolean) => Promise<Dated<JSONWebKeySet>>, settings: RefreshingSettings, clock: Clock) {
    const readSet = async (early: boolean): Promise<Dated<LocalJWKSet>> => {
      const { value, at } = await read(early);
      return { value: createLocalJWKSet(value), at };
    };
    this.#keys = new Refreshing(readSet, settings, clock);
  }

  /** The keys are read again when one is needed next: an issuer took one back before its time. */
  forget(): void {
    this.#keys.forget();
  }

  /** The key of a token by its header, whose `alg` was compared with the allowed ones before. Throws SubjectTokenError KEY. */
  async find(header: JWSHeaderParameters): Promise<CryptoKey> {
    const known = await this.#keyIn(await this.#keys.get(), header);
    if (known !== null) return known;
    const renewed = await this.#keys.renewed();
    const found = renewed === null ? null : await this.#keyIn(renewed, header);
    if (found === null) throw new SubjectTokenError('KEY');
    return found;
  }

  /** null when no key fits. A token without `kid` needs exactly one that does: trying them all would be guessing. */
  async #keyIn(keys: LocalJWKSet, header: JWSHeaderParameters): Promise<CryptoKey | null> {
    try {
      return await keys(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null;
      throw error instanceof errors.JOSEError ? new SubjectTokenError('KEY') : error;
    }
  }
}
