import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/*
 * An authenticator and the browser before it, in software: ES256 keys, CBOR as CTAP2 writes it. It answers what it is asked
 * and can be told to lie about any part of the answer.
 */

type Cbor = number | string | Buffer | ReadonlyMap<number | string, Cbor>;

const head = (major: number, length: number): Buffer => {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  return length < 256
    ? Buffer.from([(major << 5) | 24, length])
    : Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
};

/** RFC 8949, as much of it as keys and attestations need. */
const cbor = (value: Cbor): Buffer => {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item)])]);
};

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

/** What can be told to be otherwise than an honest authenticator would have it. */
export interface Lies {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly counter?: number;
  /** null: the answer names nobody. */
  readonly userHandle?: string | null;
  readonly id?: string;
  readonly rawId?: string;
  readonly attestation?: { readonly fmt: string; readonly attStmt: ReadonlyMap<string, Cbor> };
  readonly key?: KeyObject;
}

interface Flags {
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  readonly synced: boolean;
  readonly attested: boolean;
}

const flagsOf = ({ userPresent, userVerified, synced, attested }: Flags): number =>
  (userPresent ? 1 : 0) | (userVerified ? 4 : 0) | (synced ? 8 | 16 : 0) | (attested ? 64 : 0);

type Json = Readonly<Record<string, unknown>>;

const textAt = (from: unknown, ...path: readonly string[]): string => {
  const found = path.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], from);
  if (typeof found !== 'string') throw new Error(`There is no text at ${path.join('.')}.`);
  return found;
};

/** One passkey on one device. */
export class SoftwarePasskey {
  readonly id = base64url(randomBytes(16));
  readonly privateKey: KeyObject;
  readonly #publicKey: Buffer;
  readonly #synced: boolean;
  readonly #origin: string;
  counter: number;
  userHandle: string | null = null;

  /** `counter` 0 and `synced`: a password manager, which never counts; above: a security key. */
  constructor(options: { readonly origin?: string; readonly counter?: number; readonly synced?: boolean } = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.privateKey = privateKey;
    this.#publicKey = cbor(
      new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
    this.#origin = options.origin ?? 'http://localhost:4000';
    this.counter = options.counter ?? 0;
    this.#synced = options.synced ?? this.counter === 0;
  }

  /** RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON. */
  register(options: unknown, lies: Lies = {}): Json {
    this.userHandle = textAt(options, 'user', 'id');
    const credential = Buffer.from(lies.id ?? this.id, 'base64url');
    const attested = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from([credential.length >> 8, credential.length & 255]),
      credential,
      this.#publicKey,
    ]);
    const authData = Buffer.concat([this.#authData(lies.rpId ?? textAt(options, 'rp', 'id'), lies, true), attested]);
    const attestation = lies.attestation ?? { fmt: 'none', attStmt: new Map<string, Cbor>() };
    const attestationObject = cbor(
      new Map<string, Cbor>([
        ['fmt', attestation.fmt],
        ['attStmt', attestation.attStmt],
        ['authData', authData],
      ]),
    );
    return {
      ...this.#envelope(lies),
      response: {
        clientDataJSON: this.#clientData(textAt(options, 'challenge'), 'webauthn.create', lies),
        attestationObject: base64url(attestationObject),
        transports: ['internal', 'hybrid'],
      },
    };
  }

  /** AuthenticationResponseJSON for PublicKeyCredentialRequestOptionsJSON. */
  authenticate(options: unknown, lies: Lies = {}): Json {
    if (this.counter > 0) this.counter += 1;
    const authenticatorData = this.#authData(lies.rpId ?? textAt(options, 'rpId'), lies, false);
    const clientDataJSON = this.#clientData(textAt(options, 'challenge'), 'webauthn.get', lies);
    const signed = Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const userHandle = lies.userHandle === undefined ? this.userHandle : lies.userHandle;
    return {
      ...this.#envelope(lies),
      response: {
        clientDataJSON,
        authenticatorData: base64url(authenticatorData),
        signature: base64url(sign('sha256', signed, lies.key ?? this.privateKey)),
        ...(userHandle === null ? {} : { userHandle }),
      },
    };
  }

  #envelope(lies: Lies): Json {
    const id = lies.id ?? this.id;
    return { id, rawId: lies.rawId ?? id, type: 'public-key', clientExtensionResults: {} };
  }

  #clientData(challenge: string, type: string, lies: Lies): string {
    const { origin = this.#origin, crossOrigin = false } = lies;
    return base64url(
      JSON.stringify({ type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin, crossOrigin }),
    );
  }

  #authData(rpId: string, lies: Lies, attested: boolean): Buffer {
    const { userPresent = true, userVerified = true, counter = this.counter } = lies;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const flags = flagsOf({ userPresent, userVerified, synced: this.#synced, attested });
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count]);
  }
}
