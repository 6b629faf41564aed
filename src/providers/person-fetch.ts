import type { ReadThrough } from '../cache/read-through.ts';
import type { Clock } from '../clock.ts';
import type { FetchSettings } from '../config/identity-providers.ts';
import type { Secret } from '../crypto/secret.ts';
import type { IssuerClient } from './issuer-client.ts';
import { OutboundError } from './provider-error.ts';

/** A token is asked for anew this long before its end. */
const TOKEN_MARGIN_SECONDS = 30;
const MAXIMUM_TOKEN_SECONDS = 3600;

/** A person whom the issuer does not know: no values at any path. */
const NOBODY = {};

/**
 * What the issuer's own interface says about a person, fetched with client credentials (RFC 6749 section 4.4) and kept for a
 * short time, so that somebody who signs in often does not load the issuer.
 */
export class PersonFetch {
  readonly #settings: FetchSettings;
  readonly #client: IssuerClient;
  readonly #clock: Clock;
  readonly #issuer: string;
  readonly #cache: ReadThrough;
  #token: { readonly of: Promise<Secret<string>>; until: number } | null = null;

  constructor(parts: {
    issuer: string;
    settings: FetchSettings;
    client: IssuerClient;
    cache: ReadThrough;
    clock: Clock;
  }) {
    this.#issuer = parts.issuer;
    this.#cache = parts.cache;
    this.#settings = parts.settings;
    this.#client = parts.client;
    this.#clock = parts.clock;
  }

  /** Throws OutboundError when the issuer does not answer; a person it does not know has no values. */
  of(subject: string): Promise<unknown> {
    const { url, ttlSeconds } = this.#settings;
    const key = JSON.stringify([this.#issuer, url, subject]);
    return this.#cache.get<unknown>(key, () => this.#fetch(subject), { ttlSeconds });
  }

  async #fetch(subject: string): Promise<unknown> {
    const address = this.#addressOf(subject);
    const first = await this.#client.read(address, await this.#accessToken());
    // The token may have been taken back before its time.
    const { status, text } = first.status === 401 ? await this.#again(address) : first;
    if (status === 404) return NOBODY;
    if (status !== 200) throw new OutboundError('STATUS', address.host);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new OutboundError('ANSWER_MALFORMED', address.host);
    }
  }

  async #again(address: URL): Promise<{ readonly status: number; readonly text: string }> {
    this.#token = null;
    return this.#client.read(address, await this.#accessToken());
  }

  /** The subject as one segment: a subject of dots would name another path however it is escaped (RFC 3986 section 5.2.4). */
  #addressOf(subject: string): URL {
    const { url } = this.#settings;
    if (/^\.+$/.test(subject)) throw new OutboundError('ADDRESS_REFUSED', new URL(url.replace('{sub}', '')).host);
    return new URL(url.replace('{sub}', () => encodeURIComponent(subject)));
  }

  #accessToken(): Promise<Secret<string>> {
    const now = this.#clock.now().getTime();
    if (this.#token !== null && this.#token.until > now) return this.#token.of;
    const { scope, resource } = this.#settings;
    const asked = {
      ...(scope === null ? {} : { scope }),
      ...(resource === null ? {} : { resource }),
    };
    const token = { of: this.#grant(asked, (seconds) => (token.until = now + seconds * 1000)), until: now };
    token.until = now + MAXIMUM_TOKEN_SECONDS * 1000; // whoever comes before it is there waits for the same one
    this.#token = token;
    token.of.catch(() => {
      if (this.#token === token) this.#token = null;
    });
    return token.of;
  }
  async #grant(asked: Readonly<Record<string, string>>, onLife: (seconds: number) => void): Promise<Secret<string>> {
    const { accessToken, expiresInSeconds } = await this.#client.clientCredentials(this.#settings, asked);
    onLife(Math.max(Math.min(expiresInSeconds - TOKEN_MARGIN_SECONDS, MAXIMUM_TOKEN_SECONDS), 0));
    return accessToken;
  }
}
