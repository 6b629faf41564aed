import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type { Config } from '../config/config.ts';
import type { PasskeyDescriptorRow, PasskeyDetails } from '../entities/passkey.queries.ts';
import type { UserId } from '../ids.ts';

/** A question to an authenticator: what the browser is handed, and the challenge that the answer must hold (base64url). */
export interface Question<Options> {
  readonly options: Options;
  readonly challenge: string;
}

/** A registration that was verified. */
export interface NewPasskey {
  /** WebAuthn credential id, base64url. */
  readonly credentialId: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly details: PasskeyDetails;
}

/** EdDSA, ES256, RS256 (IANA COSE Algorithms): fixed here, and not by what the runtime happens to support. */
const ALGORITHMS = [-8, -7, -257];

/** Loaded when the first passkey is asked for: a server that starts waits for nothing. */
const library = () => import('@simplewebauthn/server');
const helpers = () => import('@simplewebauthn/server/helpers');

const descriptorOf = ({ external_id: id, transports }: PasskeyDescriptorRow) => ({
  id,
  transports: [...transports],
});

/** The user handle of an account: the bytes of its id, which say nothing about the person (WebAuthn section 14.6.1). */
const handleOf = (userId: UserId): Buffer<ArrayBuffer> => Buffer.from(userId.replaceAll('-', ''), 'hex');

/** The account that a user handle names, as far as this can be said without looking; base64url of 16 bytes. */
export const isHandleOf = (handle: string, userId: UserId): boolean =>
  handle === handleOf(userId).toString('base64url');

/** W3C Web Authentication, Level 3: the relying party's half, without a memory of its own. */
export class WebAuthn {
  readonly #settings: Config['webauthn'];

  constructor(parts: { config: Config }) {
    this.#settings = parts.config.webauthn;
  }

  /** Asks for a new passkey: discoverable, with user verification, without attestation, and none of those that exist. */
  async askForRegistration(
    user: { readonly id: UserId; readonly name: string; readonly displayName: string },
    existing: readonly PasskeyDescriptorRow[],
  ): Promise<Question<PublicKeyCredentialCreationOptionsJSON>> {
    const { generateRegistrationOptions } = await library();
    const options = await generateRegistrationOptions({
      rpID: this.#settings.rpId,
      rpName: this.#settings.rpName,
      userID: handleOf(user.id),
      userName: user.name,
      userDisplayName: user.displayName,
      timeout: this.#settings.challengeSeconds * 1000,
      attestationType: 'none',
      excludeCredentials: existing.map(descriptorOf),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return { options, challenge: options.challenge };
  }

  /** Asks for a signature by one of these passkeys; by any that the authenticator has for this site when null. */
  async askForAssertion(
    allowed: readonly PasskeyDescriptorRow[] | null,
  ): Promise<Question<PublicKeyCredentialRequestOptionsJSON>> {
    const { generateAuthenticationOptions } = await library();
    const options = await generateAuthenticationOptions({
      rpID: this.#settings.rpId,
      timeout: this.#settings.challengeSeconds * 1000,
      userVerification: 'required',
      ...(allowed === null ? {} : { allowCredentials: allowed.map(descriptorOf) }),
    });
    return { options, challenge: options.challenge };
  }

  /** Verifies a registration (WebAuthn section 7.1); null when anything about it is wrong. */
  async verifyRegistration(response: RegistrationResponseJSON, challenge: string): Promise<NewPasskey | null> {
    const { verifyRegistrationResponse } = await library();
    const verified = await withoutAttestation(response)
      .then((plain) =>
        verifyRegistrationResponse({
          response: plain,
          ...this.#expected(challenge),
          supportedAlgorithmIDs: ALGORITHMS,
        }),
      )
      .catch(() => null);
    if (verified?.verified !== true) return null;
    const { credential, credentialBackedUp, credentialDeviceType } = verified.registrationInfo;
    if (credential.id !== response.id) return null;
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      details: {
        deviceBound: credentialDeviceType === 'singleDevice',
        backedUp: credentialBackedUp,
        transports: response.response.transports ?? [],
      },
    };
  }

  /**
   * Verifies a signature (WebAuthn section 7.2) but for the counter, which is compared where it is stored; null when anything
   * about it is wrong. `publicKey`: COSE key, base64url.
   */
  async verifyAssertion(
    response: AuthenticationResponseJSON,
    challenge: string,
    publicKey: string,
  ): Promise<{ readonly counter: number; readonly backedUp: boolean } | null> {
    const { verifyAuthenticationResponse } = await library();
    const verified = await verifyAuthenticationResponse({
      response,
      ...this.#expected(challenge),
      credential: { id: response.id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0 },
    }).catch(() => null);
    if (verified?.verified !== true) return null;
    const { newCounter, credentialBackedUp } = verified.authenticationInfo;
    return { counter: newCounter, backedUp: credentialBackedUp };
  }

  #expected(challenge: string) {
    return {
      expectedChallenge: challenge,
      expectedOrigin: [...this.#settings.origins],
      expectedRPID: this.#settings.rpId,
      requireUserVerification: true,
    };
  }
}

/**
 * The same registration with the attestation statement dropped unread. We asked for none, and reading what a client sends all the
 * same would mean to parse its certificates, and to fetch lists of revoked ones from addresses that stand in them.
 */
const withoutAttestation = async (response: RegistrationResponseJSON): Promise<RegistrationResponseJSON> => {
  const { decodeAttestationObject, isoCBOR } = await helpers();
  const given = decodeAttestationObject(new Uint8Array(Buffer.from(response.response.attestationObject, 'base64url')));
  const plain = new Map<string, string | Uint8Array | Map<string, never>>([
    ['fmt', 'none'],
    ['attStmt', new Map<string, never>()],
    ['authData', given.get('authData')],
  ]);
  const attestationObject = Buffer.from(isoCBOR.encode(plain)).toString('base64url');
  return { ...response, response: { ...response.response, attestationObject } };
};
