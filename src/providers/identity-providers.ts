import type { JSONWebKeySet } from 'jose';
import type { Dated } from '../cache/cache-entries.ts';
import type { Caches } from '../cache/caches.ts';
import type { ReadThrough } from '../cache/read-through.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { type GroupRule, identityProviders, type ProviderSettings } from '../config/identity-providers.ts';
import { domainOfEmail } from '../config/provider-kinds.ts';
import type { Secret } from '../crypto/secret.ts';
import type { SubjectTokenType } from '../vocabulary.ts';
import { type AuthorizationRequest, IssuerClient } from './issuer-client.ts';
import { Outbound } from './outbound.ts';
import { PersonFetch } from './person-fetch.ts';
import { OutboundError, SubjectTokenError } from './provider-error.ts';
import { RemoteKeys } from './remote-keys.ts';
import { type Claims, isSignedToken, readSubject, verifySubjectToken } from './subject-token.ts';

/** Somebody whom a provider vouches for. Further sources are asked when somebody wants to know. */
export interface Evidence {
  readonly issuer: string;
  readonly subject: string;
  readonly claims: Claims;
  /** Set for a token that is good once: what to remember it by, and until when. */
  readonly singleUse: { readonly fingerprint: Buffer; readonly until: Date } | null;
  /** What a source says; null when it cannot be asked with this token, or does not answer. Asked once. */
  readonly ask: (source: GroupRule['source']) => Promise<unknown>;
}

/** Nobody waits for a provider again for so long after it failed; one that is back is found within five seconds. */
const RETRY_SECONDS = 4;
/** Its keys are not read early again for so long: anybody can send a token that names a key that there is not. */
const PAUSE_SECONDS = 30;

/** One configured issuer: checks its tokens, sends browsers there, asks it about people. */
export class IdentityProvider {
  readonly settings: ProviderSettings;
  readonly #client: IssuerClient;
  readonly #keys: RemoteKeys;
  readonly #fetch: PersonFetch | null;
  readonly #clock: Clock;
  readonly #clockToleranceSeconds: number;
  readonly #onSilence: (error: OutboundError) => void;

  constructor(parts: {
    settings: ProviderSettings;
    outbound: Outbound;
    limits: Config['providers'];
    clock: Clock;
    caches: Caches;
    onSilence: (error: OutboundError) => void;
  }) {
    const { settings, outbound, clock, limits, caches } = parts;
    this.settings = settings;
    this.#clock = clock;
    this.#clockToleranceSeconds = limits.clockToleranceSeconds;
    this.#onSilence = parts.onSilence;
    const lasting = { staleSeconds: limits.staleSeconds, retrySeconds: RETRY_SECONDS, pauseSeconds: PAUSE_SECONDS };
    this.#client = new IssuerClient({
      provider: settings,
      outbound,
      refreshing: { ttlSeconds: limits.metadataTtlSeconds, ...lasting },
      clockToleranceSeconds: limits.clockToleranceSeconds,
      clock,
    });
    this.#keys = new RemoteKeys(
      (early) => this.#readKeys(caches.issuerKeys, early),
      { ttlSeconds: limits.keysTtlSeconds, ...lasting },
      clock,
    );
    caches.onFlush(() => this.#keys.forget());
    const { issuer, fetch } = settings;
    this.#fetch =
      fetch === null
        ? null
        : new PersonFetch({ issuer, settings: fetch, client: this.#client, cache: caches.people, clock });
  }

  /**
   * Checks a token that somebody presents. Throws SubjectTokenError when it is not taken, OutboundError when the provider
   * would have to be asked and does not answer.
   */
  async examine(token: Secret<string>, type: SubjectTokenType): Promise<Evidence> {
    const text = token.reveal();
    if (type === 'ACCESS_TOKEN' && !isSignedToken(text)) return this.#examineOpaque(token);
    const verified = await this.#verify(text, type);
    const singleUse = type === 'ID_TOKEN' ? { fingerprint: verified.fingerprint, until: verified.acceptedUntil } : null;
    return this.#evidence(verified, singleUse, type === 'ACCESS_TOKEN' ? token : null);
  }

  /** Where a browser goes to sign in. */
  authorizationUrl(asked: AuthorizationRequest): Promise<URL> {
    return this.#client.authorizationUrl(asked);
  }

  /** Takes the answer that a browser brings back, and checks the ID token that its code is exchanged for. */
  async redeem(answer: URL, asked: Omit<AuthorizationRequest, 'redirectUri'>): Promise<Evidence> {
    const { idToken, accessToken } = await this.#client.redeem(answer, asked);
    const verified = await this.#verify(idToken.reveal(), 'ID_TOKEN', asked.nonce);
    return this.#evidence(verified, null, accessToken);
  }

  /** What another replica has read counts here, too, with the age that it has; a key that is missing there does not wait for that. */
  #readKeys(cache: ReadThrough, early: boolean): Promise<Dated<JSONWebKeySet>> {
    const read = (): Promise<JSONWebKeySet> => this.#client.keys();
    return early ? cache.refresh(this.settings.issuer, read) : cache.dated(this.settings.issuer, read);
  }

  #verify(text: string, type: SubjectTokenType, nonce?: string) {
    return verifySubjectToken(text, type, (header) => this.#keys.find(header), {
      provider: this.settings,
      now: this.#clock.now(),
      clockToleranceSeconds: this.#clockToleranceSeconds,
      ...(nonce === undefined ? {} : { nonce }),
    });
  }

  /** A token that says nothing by itself: the issuer is asked what it is, and for whom it was made. */
  async #examineOpaque(token: Secret<string>): Promise<Evidence> {
    const { opaqueTokens } = this.settings;
    if (opaqueTokens === 'refuse') throw new SubjectTokenError('KIND');
    if (opaqueTokens === 'userinfo') {
      const claims = await this.#client.userinfo(token, null);
      return this.#evidence({ subject: readSubject(claims['sub']), claims }, null, token);
    }
    const claims = await this.#client.introspect(token);
    this.#checkIntrospected(claims);
    return this.#evidence({ subject: readSubject(claims['sub']), claims }, null, token);
  }

  #checkIntrospected(claims: Claims): void {
    const { issuer, clientId, audience } = this.settings;
    if (claims['active'] !== true) throw new SubjectTokenError('INACTIVE');
    if (claims['iss'] !== undefined && claims['iss'] !== issuer) throw new SubjectTokenError('ISSUER');
    const said: unknown = claims['aud'];
    const audiences: readonly unknown[] = Array.isArray(said) ? said : [said];
    const isOurs = audiences.some((one) => typeof one === 'string' && audience.includes(one));
    if (!isOurs && claims['client_id'] !== clientId) throw new SubjectTokenError('AUDIENCE');
    const exp: unknown = claims['exp'];
    if (typeof exp === 'number' && exp + this.#clockToleranceSeconds <= this.#clock.now().getTime() / 1000) {
      throw new SubjectTokenError('EXPIRED');
    }
  }

  #evidence(
    { subject, claims }: { readonly subject: string; readonly claims: Claims },
    singleUse: Evidence['singleUse'],
    accessToken: Secret<string> | null,
  ): Evidence {
    const sources: Readonly<Record<GroupRule['source'], () => Promise<unknown>>> = {
      claim: async () => claims,
      userinfo: async () => (accessToken === null ? null : this.#client.userinfo(accessToken, subject)),
      fetched: async () => this.#fetch?.of(subject) ?? null,
    };
    const asked = new Map<GroupRule['source'], Promise<unknown>>();
    const ask = (source: GroupRule['source']): Promise<unknown> => {
      const answer = asked.get(source) ?? sources[source]().catch((error: unknown) => this.#silence(error));
      asked.set(source, answer);
      return answer;
    };
    return { issuer: this.settings.issuer, subject, claims, singleUse, ask };
  }

  /** A further source that does not answer does not stop a sign-in: what it would have said stays as it was. */
  #silence(error: unknown): null {
    if (error instanceof SubjectTokenError) return null;
    if (!(error instanceof OutboundError)) throw error;
    this.#onSilence(error);
    return null;
  }
}

/** All configured issuers. */
export class IdentityProviders {
  readonly #byIssuer: ReadonlyMap<string, IdentityProvider>;
  readonly #byDomain: ReadonlyMap<string, string>;

  constructor(parts: { config: Config; clock: Clock; caches: Caches; onSilence: (error: OutboundError) => void }) {
    const { environment, providers } = parts.config;
    const outbound = new Outbound({
      allowedNetworks: providers.allowedNetworks,
      timeoutMs: providers.timeoutSeconds * 1000,
      loopback: environment === 'development' || environment === 'test',
    });
    const all = identityProviders(providers).map(
      (settings) => new IdentityProvider({ ...parts, settings, outbound, limits: providers }),
    );
    this.#byIssuer = new Map(all.map((provider) => [provider.settings.issuer, provider]));
    this.#byDomain = new Map(
      all.flatMap(({ settings }) => settings.domains.map((domain) => [domain, settings.issuer] as const)),
    );
  }

  /** The provider of an issuer, compared as text; null when the settings name none. */
  find(issuer: string): IdentityProvider | null {
    return this.#byIssuer.get(issuer) ?? null;
  }

  /** How a provider is called; the host of an issuer that the settings no longer name. */
  nameOf(issuer: string): string {
    return this.find(issuer)?.settings.name ?? URL.parse(issuer)?.hostname ?? issuer;
  }

  get all(): readonly ProviderSettings[] {
    return [...this.#byIssuer.values()].map(({ settings }) => settings);
  }

  /**
   * The issuer that the domain of an address belongs to; null for no address and for every other domain. Looks at the settings
   * alone, so that the answer says nothing about accounts.
   */
  issuerFor(identifier: string): string | null {
    const domain = this.domainOf(identifier);
    return domain === null ? null : (this.#byDomain.get(domain) ?? null);
  }

  /** The domain of an address as people type it; null when it is none, or far too long. */
  domainOf(identifier: string): string | null {
    return identifier.length > 320 ? null : domainOfEmail(identifier.trim());
  }
}
