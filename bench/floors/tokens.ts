import { createHash, randomBytes } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';

/** The environment of a floor, as the bench sets it. */
export const settings = {
  port: Number(process.env['PORT']),
  databaseUrl: process.env['DATABASE_URL'] ?? '',
  /** The key pair that both floors share, as a JWK. */
  key: JSON.parse(process.env['FLOOR_KEY'] ?? '{}') as JWK,
  hashes: Number(process.env['FLOOR_HASHES'] ?? '2'),
};

const ISSUER = 'floor';
const MAXIMUM_REMEMBERED = 10_000;

/** Access tokens in the way of any small service: jose, EdDSA, the session's id inside. */
export class FloorTokens {
  readonly #privateKey: CryptoKey | Uint8Array;
  readonly #publicKey: CryptoKey | Uint8Array;
  readonly #remembered = new Map<string, JWTPayload>();

  private constructor(privateKey: CryptoKey | Uint8Array, publicKey: CryptoKey | Uint8Array) {
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  static async of(key: JWK): Promise<FloorTokens> {
    const { d: _secret, ...publicPart } = key;
    return new FloorTokens(await importJWK(key, 'EdDSA'), await importJWK(publicPart, 'EdDSA'));
  }

  sign(userId: string, sessionId: string): Promise<string> {
    return new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .setIssuer(ISSUER)
      .setSubject(userId)
      .setIssuedAt()
      .setExpirationTime('15m')
      .sign(this.#privateKey);
  }

  /** The session of a bearer header. Checked at each call, or once when `remember` is set. */
  async sessionOf(authorization: string | undefined, remember: boolean): Promise<string> {
    const token = authorization?.slice('Bearer '.length) ?? '';
    const known = remember ? this.#remembered.get(token) : undefined;
    if (known !== undefined && (known.exp ?? 0) > Date.now() / 1000) return String(known['sid']);
    const { payload } = await jwtVerify(token, this.#publicKey, { issuer: ISSUER, algorithms: ['EdDSA'] });
    if (remember && this.#remembered.size < MAXIMUM_REMEMBERED) this.#remembered.set(token, payload);
    return String(payload['sid']);
  }
}

export interface OpaqueToken {
  readonly text: string;
  readonly hash: Buffer;
}

export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

export const opaqueToken = (): OpaqueToken => {
  const text = randomBytes(32).toString('base64url');
  return { text, hash: hashOf(text) };
};
