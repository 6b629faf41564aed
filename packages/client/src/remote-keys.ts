import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';

/** The keys could not be fetched: nothing is said about the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

interface Ages {
  /** How long fetched keys are taken without being fetched again. */
  readonly maximumAgeMs: number;
  /** How long after they last verified something old keys are taken while the server cannot be asked. */
  readonly outageMs: number;
  /** A clock that is never put back. */
  readonly nowMs: () => number;
}

/** Between two tries while the server cannot be asked, so that nobody waits for each of them. */
const PAUSE_MS = 5000;

/** The server was asked, and no key of it fits the token. */
const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

/**
 * The public keys of the server, fetched once, again when they are old, and when an unknown key appears. A server that does not answer,
 * or answers with something else than keys, as a proxy in front of it does while it starts, makes no token bad: what was fetched before
 * goes on to verify for a while, and then everything is KeysUnavailable.
 */
export const remoteKeys = (url: URL, { maximumAgeMs, outageMs, nowMs }: Ages): JWTVerifyGetKey => {
  const remote = createRemoteJWKSet(url, { cacheMaxAge: maximumAgeMs });
  /** When keys verified last that were not too old. */
  let workedAt = -Infinity;
  let failedAt = -Infinity;

  const present: JWTVerifyGetKey = async (header, token) => {
    const key = await remote(header, token);
    workedAt = nowMs();
    return key;
  };

  /** null where they are too old, or know nothing of the key that signed the token: it may be newer than they are. */
  const earlier = async (...[header, token]: Parameters<JWTVerifyGetKey>) => {
    const known = remote.jwks();
    if (known === undefined || nowMs() > workedAt + outageMs) return null;
    try {
      return await createLocalJWKSet(known)(header, token);
    } catch {
      return null;
    }
  };

  return async (header, token) => {
    const found = nowMs() < failedAt + PAUSE_MS ? await earlier(header, token) : null;
    if (found !== null) return found;
    try {
      return await present(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      failedAt = nowMs();
      const key = await earlier(header, token);
      if (key === null) throw new KeysUnavailable('The keys could not be fetched.', { cause: error });
      return key;
    }
  };
};
