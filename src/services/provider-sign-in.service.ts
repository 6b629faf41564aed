import { createHmac } from 'node:crypto';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MasterKeys } from '../crypto/master-keys.ts';
import { createToken, parseToken, sameHash } from '../crypto/opaque-token.ts';
import { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { Failure, Rejection, type ErrorCode } from '../errors.ts';
import type { IdentityProvider, IdentityProviders } from '../providers/identity-providers.ts';
import { OutboundError } from '../providers/provider-error.ts';
import type { Caller } from './caller.ts';
import type { ExternalIdentityService } from './external-identity.service.ts';
import type { FoundToken, OneTimeTokenService } from './one-time-token.service.ts';
import type { ClientFacts } from './session-facts.ts';
import type { SignInOutcome } from './sign-in-facts.ts';

/** Where a browser goes, and the secret that ties what comes back to it. */
export interface BegunSignIn {
  readonly location: string;
  readonly browser: Secret<string>;
  readonly expiresAt: Date;
}

/** What a browser brings back from the issuer; texts of strangers. */
export interface ProviderAnswer {
  readonly state: string | null;
  readonly code: string | null;
  readonly error: string | null;
  readonly issuer: string | null;
  readonly browser: string | null;
}

/** Where the browser goes on, and what came of it. */
export type FinishedSignIn =
  | { readonly target: string; readonly outcome: SignInOutcome }
  | { readonly target: string; readonly error: ErrorCode };

/** As long as somebody needs to sign in elsewhere. */
const SIGN_IN_SECONDS = 600;
const START = '/auth/external/start';
const CALLBACK = '/auth/external/callback';

/**
 * The redirect sign-in: authorization code with PKCE, state and nonce (OpenID Connect Core section 3.1, RFC 9700 section 2.1).
 * What the first step settled is read from the stored row; the browser brings back nothing but the code. Verifier and nonce
 * are derived from the state by a key of the server, so that nothing of them is stored.
 */
export class ProviderSignInService {
  readonly #database: Database;
  readonly #tokens: OneTimeTokenService;
  readonly #providers: IdentityProviders;
  readonly #identities: ExternalIdentityService;
  readonly #masterKeys: MasterKeys;
  readonly #clock: Clock;
  readonly #server: Config['server'];

  constructor(parts: {
    database: Database;
    oneTimeTokens: OneTimeTokenService;
    providers: IdentityProviders;
    externalIdentities: ExternalIdentityService;
    masterKeys: MasterKeys;
    clock: Clock;
    config: Config;
  }) {
    this.#database = parts.database;
    this.#tokens = parts.oneTimeTokens;
    this.#providers = parts.providers;
    this.#identities = parts.externalIdentities;
    this.#masterKeys = parts.masterKeys;
    this.#clock = parts.clock;
    this.#server = parts.config.server;
  }

  /** Whether any issuer can be gone to. */
  get isOffered(): boolean {
    return this.#providers.all.some(({ redirect }) => redirect);
  }

  /** The issuers that a sign-in page can offer. */
  offers(): readonly { readonly issuer: string; readonly name: string; readonly startUrl: string | null }[] {
    return this.#providers.all.map(({ issuer, name, redirect }) => ({
      issuer,
      name,
      startUrl: redirect ? `${this.#server.baseUrl}${START}?issuer=${encodeURIComponent(issuer)}` : null,
    }));
  }

  /**
   * Begins a sign-in. `redirect`: one of the allowed targets, exactly; null = the default one. `browser`: the secret of an
   * earlier beginning, so that several tabs can be under way. Throws BAD_USER_INPUT, SERVICE_UNAVAILABLE.
   */
  async begin(asked: {
    readonly issuer: string | null;
    readonly redirect: string | null;
    readonly browser: string | null;
  }): Promise<BegunSignIn> {
    const provider = asked.issuer === null ? null : this.#providers.find(asked.issuer);
    if (provider?.settings.redirect !== true)
      throw new Failure('BAD_USER_INPUT', 'No issuer of this name can be gone to.');
    const redirect = asked.redirect ?? this.#defaultTarget;
    if (!this.#targets.includes(redirect))
      throw new Failure('BAD_USER_INPUT', 'The redirect target is not registered.');
    const browser = this.#browserSecret(asked.browser);
    const expiresAt = secondsAfter(this.#clock.now(), SIGN_IN_SECONDS);
    const keyVersion = this.#masterKeys.current;
    const issued = await this.#database.transaction((em) =>
      this.#tokens.issue(em, {
        kind: 'PROVIDER_SIGN_IN',
        userId: null,
        expiresAt,
        context: {
          purpose: 'REDIRECT',
          issuer: provider.settings.issuer,
          redirect,
          browser: browser.hash.toString('base64url'),
          keyVersion,
        },
      }),
    );
    const state = issued.token.reveal();
    const location = await this.#authorizationUrl(provider, { state, ...this.#derived(state, keyVersion) });
    return { location, browser: browser.secret, expiresAt };
  }

  /**
   * Takes what the browser brought back, at most once for each beginning and only from the browser that began. Everything that
   * can go wrong is a code for the target's page.
   */
  async finish(caller: Caller, answer: ProviderAnswer, client: ClientFacts): Promise<FinishedSignIn> {
    const begun = await this.#begunBy(answer);
    if (begun === null) return { target: this.#defaultTarget, error: 'TOKEN_INVALID' };
    const target = this.#targetOf(begun);
    try {
      await this.#database.transaction((em) => this.#tokens.consume(em, begun, 'state'));
      return { target, outcome: await this.#signIn(caller, begun, answer, client) };
    } catch (error) {
      if (error instanceof Rejection) return { target, error: error.problems[0]?.code ?? 'INVALID_CREDENTIALS' };
      if (error instanceof Failure) return { target, error: error.code };
      throw error;
    }
  }

  async #signIn(
    caller: Caller,
    begun: FoundToken,
    { state, code, issuer, error }: ProviderAnswer,
    client: ClientFacts,
  ): Promise<SignInOutcome> {
    const provider = this.#providers.find(String(begun.context['issuer']));
    if (provider?.settings.redirect !== true) throw new Rejection([{ code: 'UNKNOWN_ISSUER' }]);
    // The issuer, or the person there, said no; in whose words is nobody's business here.
    if (error !== null || code === null || code === '' || state === null)
      throw new Rejection([{ code: 'INVALID_CREDENTIALS' }]);
    const address = new URL(`${this.#server.baseUrl}${CALLBACK}`);
    address.searchParams.set('state', state);
    address.searchParams.set('code', code);
    if (issuer !== null) address.searchParams.set('iss', issuer);
    const derived = this.#derived(state, Number(begun.context['keyVersion']));
    const evidence = await this.#identities.vouched(caller, provider, () =>
      provider.redeem(address, { state, ...derived }),
    );
    const { outcome } = await this.#identities.signIn(caller, provider, evidence, { delivery: 'COOKIE', client });
    return outcome;
  }

  /** The row of the state, if this browser began it; a stranger with the right state neither gets in nor uses it up. */
  async #begunBy({ state, browser }: ProviderAnswer): Promise<FoundToken | null> {
    const presented = browser === null ? null : parseToken('challenge', browser);
    if (state === null || presented === null) return null;
    const found = await this.#tokens.find(this.#database.orm.em.fork(), state, ['PROVIDER_SIGN_IN']);
    if (found?.context['purpose'] !== 'REDIRECT') return null;
    const wanted = Buffer.from(String(found.context['browser']), 'base64url');
    return sameHash(wanted, presented.secretHash) ? found : null;
  }

  /** Stored targets were allowed when they were stored; the settings may have changed since. */
  #targetOf(begun: FoundToken): string {
    const stored = begun.context['redirect'];
    return typeof stored === 'string' && this.#targets.includes(stored) ? stored : this.#defaultTarget;
  }

  #browserSecret(presented: string | null): { readonly secret: Secret<string>; readonly hash: Buffer } {
    const parsed = presented === null ? null : parseToken('challenge', presented);
    if (presented !== null && parsed !== null) return { secret: new Secret(presented), hash: parsed.secretHash };
    const created = createToken('challenge');
    return { secret: created.token, hash: created.secretHash };
  }

  async #authorizationUrl(
    provider: IdentityProvider,
    asked: { readonly state: string; readonly nonce: string; readonly codeVerifier: Secret<string> },
  ): Promise<string> {
    try {
      const redirectUri = `${this.#server.baseUrl}${CALLBACK}`;
      return (await provider.authorizationUrl({ ...asked, redirectUri })).href;
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      throw new Failure('SERVICE_UNAVAILABLE', 'The identity provider does not answer now; try again.');
    }
  }

  #derived(state: string, keyVersion: number): { readonly nonce: string; readonly codeVerifier: Secret<string> } {
    const key = this.#masterKeys.derive('provider', keyVersion);
    const of = (use: string): string => createHmac('sha256', key).update(`${use}.${state}`).digest('base64url');
    return { nonce: of('nonce'), codeVerifier: new Secret(of('verifier')) };
  }

  get #defaultTarget(): string {
    const { baseUrl, playground, redirectUris } = this.#server;
    return playground ? `${baseUrl}/playground` : (redirectUris[0] ?? `${baseUrl}/`);
  }

  /** The registered targets and this server's own pages; compared as text. */
  get #targets(): readonly string[] {
    const { baseUrl, redirectUris } = this.#server;
    return [...redirectUris, `${baseUrl}/playground`, `${baseUrl}/`, baseUrl];
  }
}
