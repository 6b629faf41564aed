import type * as Oidc from 'openid-client';
import type { JSONWebKeySet } from 'jose';
import type { Clock } from '../clock.ts';
import { isLoopbackHost } from '../config/addresses.ts';
import type { ProviderSettings } from '../config/identity-providers.ts';
import { Secret } from '../crypto/secret.ts';
import type { Outbound } from './outbound.ts';
import { OutboundError, SubjectTokenError, type TokenFault } from './provider-error.ts';
import { readKeySet } from './remote-keys.ts';
import { Refreshing, type RefreshingSettings } from './refreshing.ts';
import type { Claims } from './subject-token.ts';

/** Loaded with the first call to an issuer: a server without one never reads it. */
const loadOidc = (): Promise<typeof Oidc> => import('openid-client');

interface Discovered {
  readonly oidc: typeof Oidc;
  readonly metadata: Oidc.ServerMetadata;
}

/** Who calls the issuer: its client of the redirect sign-in, or the one that fetches. */
interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: Secret<string> | null;
}

export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: Secret<string>;
}

/** Name sent where the settings have no client: discovery needs none, the library insists. */
const NO_CLIENT = 'none';

/** The library writes bodies of forms, and texts. */
const bodyOf = (body: Oidc.FetchBody): string | undefined => {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString();
  throw new TypeError('The library sends forms and texts only.');
};

const causeOf = (error: unknown): OutboundError | SubjectTokenError | null => {
  if (error instanceof OutboundError || error instanceof SubjectTokenError) return error;
  return error instanceof Error && error.cause instanceof Error ? causeOf(error.cause) : null;
};

/**
 * Speaks to one issuer by openid-client, always through the guarded way out. What it knows of the issuer comes from discovery
 * and is kept while the issuer is away. Throws OutboundError when the issuer does not answer as it should.
 */
export class IssuerClient {
  readonly #provider: ProviderSettings;
  readonly #outbound: Outbound;
  readonly #clockToleranceSeconds: number;
  readonly #discovered: Refreshing<Discovered>;

  constructor(parts: {
    provider: ProviderSettings;
    outbound: Outbound;
    refreshing: RefreshingSettings;
    clockToleranceSeconds: number;
    clock: Clock;
  }) {
    this.#provider = parts.provider;
    this.#outbound = parts.outbound;
    this.#clockToleranceSeconds = parts.clockToleranceSeconds;
    const discover = async () => ({ at: parts.clock.now(), value: await this.#discover() });
    this.#discovered = new Refreshing(discover, parts.refreshing, parts.clock);
  }

  /** The key set that the discovery document names. */
  async keys(): Promise<JSONWebKeySet> {
    const { metadata } = await this.#discovered.get();
    const address = URL.parse(metadata.jwks_uri ?? '');
    if (address === null) throw new OutboundError('ANSWER_MALFORMED', this.#host);
    const { status, body } = await this.#outbound.send(address, { loopback: this.#isLoopback });
    if (status !== 200) throw new OutboundError('STATUS', address.host);
    return readKeySet(body.toString('utf8'), address.host);
  }

  /** Where the browser goes to sign in: authorization code with PKCE (RFC 7636, S256). Nothing of the caller's is passed on. */
  async authorizationUrl(asked: AuthorizationRequest): Promise<URL> {
    const { oidc, configuration } = await this.#configured(this.#ownClient());
    try {
      return oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: asked.redirectUri,
        scope: this.#provider.scopes.join(' '),
        state: asked.state,
        nonce: asked.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(asked.codeVerifier.reveal()),
        code_challenge_method: 'S256',
      });
    } catch {
      throw new OutboundError('ANSWER_MALFORMED', this.#host);
    }
  }

  /**
   * Exchanges the code of an authorization answer. `answer` is the address that the browser was sent back to, as the settings
   * know it, with the parameters of the issuer. Throws SubjectTokenError when the issuer does not take the code, and for an
   * `iss` of another issuer (RFC 9207). The ID token's signature is still to be checked.
   */
  async redeem(
    answer: URL,
    asked: Omit<AuthorizationRequest, 'redirectUri'>,
  ): Promise<{ readonly idToken: Secret<string>; readonly accessToken: Secret<string> }> {
    const named = answer.searchParams.get('iss');
    if (named !== null && named !== this.#provider.issuer) throw new SubjectTokenError('ISSUER');
    const tokens = await this.#call(this.#ownClient(), 'NOT_TAKEN', (oidc, configuration) =>
      oidc.authorizationCodeGrant(configuration, answer, {
        pkceCodeVerifier: asked.codeVerifier.reveal(),
        expectedState: asked.state,
        expectedNonce: asked.nonce,
        idTokenExpected: true,
      }),
    );
    if (tokens.id_token === undefined) throw new SubjectTokenError('MALFORMED');
    return { idToken: new Secret(tokens.id_token), accessToken: new Secret(tokens.access_token) };
  }

  /** What the userinfo endpoint says to a token. `subject`: it must be about this one; null: about whomever the token is. */
  async userinfo(accessToken: Secret<string>, subject: string | null): Promise<Claims> {
    return this.#call(this.#anyClient(), 'INACTIVE', (oidc, configuration) =>
      oidc.fetchUserInfo(configuration, accessToken.reveal(), subject ?? oidc.skipSubjectCheck),
    );
  }

  /** What the issuer says about a token (RFC 7662). */
  async introspect(token: Secret<string>): Promise<Claims> {
    return this.#call(this.#ownClient(), 'INACTIVE', (oidc, configuration) =>
      oidc.tokenIntrospection(configuration, token.reveal(), { token_type_hint: 'access_token' }),
    );
  }

  /** An access token by client credentials, with the seconds that it lives. */
  async clientCredentials(
    credentials: ClientCredentials,
    asked: Readonly<Record<string, string>>,
  ): Promise<{ readonly accessToken: Secret<string>; readonly expiresInSeconds: number }> {
    const tokens = await this.#call(credentials, null, (oidc, configuration) =>
      oidc.clientCredentialsGrant(configuration, asked),
    );
    return { accessToken: new Secret(tokens.access_token), expiresInSeconds: tokens.expiresIn() ?? 60 };
  }

  /** A document of the issuer's, read with a token. */
  async read(address: URL, accessToken: Secret<string>): Promise<{ readonly status: number; readonly text: string }> {
    const { status, body } = await this.#outbound.send(address, {
      loopback: this.#isLoopback,
      headers: { authorization: `Bearer ${accessToken.reveal()}` },
    });
    return { status, text: body.toString('utf8') };
  }

  get #host(): string {
    return new URL(this.#provider.issuer).host;
  }

  /** Only an issuer that the settings place on this machine may name further addresses on it. */
  get #isLoopback(): boolean {
    return isLoopbackHost(new URL(this.#provider.issuer).hostname);
  }

  #ownClient(): ClientCredentials {
    const { clientId, clientSecret } = this.#provider;
    if (clientId === null) throw new SubjectTokenError('NOT_TAKEN');
    return { clientId, clientSecret };
  }

  #anyClient(): ClientCredentials {
    return { clientId: this.#provider.clientId ?? NO_CLIENT, clientSecret: null };
  }

  async #discover(): Promise<Discovered> {
    const oidc = await loadOidc();
    const issuer = new URL(this.#provider.issuer);
    try {
      const found = await oidc.discovery(issuer, NO_CLIENT, {}, oidc.None(), {
        [oidc.customFetch]: this.#fetch,
        execute: issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
      });
      // A copy: the library adds functions, and what it is given must be plain.
      const metadata = JSON.parse(JSON.stringify(found.serverMetadata())) as Oidc.ServerMetadata;
      // As text: the library compares addresses, where a last slash or an escaped letter makes no difference.
      if (metadata.issuer !== this.#provider.issuer) throw new OutboundError('ANSWER_MALFORMED', issuer.host);
      return { oidc, metadata };
    } catch (error) {
      throw causeOf(error) ?? new OutboundError('ANSWER_MALFORMED', issuer.host);
    }
  }

  async #configured(credentials: ClientCredentials) {
    const { oidc, metadata } = await this.#discovered.get();
    const secret = credentials.clientSecret?.reveal() ?? null;
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authentication =
      secret === null
        ? oidc.None()
        : methods.includes('client_secret_basic')
          ? oidc.ClientSecretBasic(secret)
          : oidc.ClientSecretPost(secret);
    const known = { [oidc.clockTolerance]: this.#clockToleranceSeconds };
    const configuration = new oidc.Configuration(metadata, credentials.clientId, known, authentication);
    configuration[oidc.customFetch] = this.#fetch;
    if (this.#provider.issuer.startsWith('http:')) oidc.allowInsecureRequests(configuration);
    return { oidc, configuration };
  }

  /** `refusal`: what it means when the issuer answers that it will not; null: a mistake in the settings. */
  async #call<T>(
    credentials: ClientCredentials,
    refusal: TokenFault | null,
    work: (oidc: typeof Oidc, configuration: Oidc.Configuration) => Promise<T>,
  ): Promise<T> {
    const { oidc, configuration } = await this.#configured(credentials);
    try {
      return await work(oidc, configuration);
    } catch (error) {
      const known = causeOf(error);
      if (known !== null) throw known;
      const answered = error instanceof oidc.ResponseBodyError || error instanceof oidc.WWWAuthenticateChallengeError;
      if (answered && error.status >= 500) throw new OutboundError('STATUS', this.#host);
      if (refusal === null) throw new OutboundError(answered ? 'STATUS' : 'ANSWER_MALFORMED', this.#host);
      // The library's own errors hold what was sent and answered, tokens included: none of it goes further.
      throw new SubjectTokenError(refusal);
    }
  }

  readonly #fetch = async (address: string, asked: Oidc.CustomFetchOptions): Promise<Response> => {
    const { status, headers, body } = await this.#outbound.send(new URL(address), {
      method: asked.method,
      headers: asked.headers,
      body: bodyOf(asked.body),
      loopback: this.#isLoopback,
      signal: asked.signal,
    });
    if (status < 200) throw new OutboundError('ANSWER_MALFORMED', new URL(address).host);
    // Errors of a server, and answers that are none of JSON's kinds, are told apart by the library.
    if (status >= 500) throw new OutboundError('STATUS', new URL(address).host);
    return new Response(status === 204 || status === 205 ? null : new Uint8Array(body), { status, headers });
  };
}
