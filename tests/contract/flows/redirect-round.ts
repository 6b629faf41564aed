import { CookieJar, type Page } from '../../support/browser.ts';
import { unique } from '../../support/holder.ts';
import { json, type LyingProvider } from '../../support/lying-provider.ts';
import type { TestApp } from '../../support/test-app.ts';

/** A browser that was sent to the provider. */
export interface BegunRound {
  readonly browser: CookieJar;
  readonly state: string;
  readonly nonce: string;
  /** Who signs in there. */
  readonly subject: string;
}

/** What the provider makes of it. */
type Outcome = 'SIGNED_IN' | 'CODE_REFUSED' | 'OTHER_NONCE' | 'ACCESS_DENIED';

/** The redirect sign-in as a browser goes through it, with a provider that says what the test lets it say. */
export class RedirectRound {
  readonly #app: TestApp;
  readonly #provider: LyingProvider;

  constructor(app: TestApp, provider: LyingProvider) {
    this.#app = app;
    this.#provider = provider;
  }

  /** Goes to the start; the provider is not asked yet. */
  async begin(browser = new CookieJar(), subject = unique('redirected')): Promise<BegunRound> {
    const query = new URLSearchParams({ issuer: this.#provider.issuer });
    const page = await browser.get(`${this.#app.url}/auth/external/start?${query.toString()}`);
    const { searchParams } = new URL(page.location ?? 'nowhere:');
    return { browser, subject, state: searchParams.get('state') ?? '', nonce: searchParams.get('nonce') ?? '' };
  }

  /** Comes back from the provider, in the browser that began or in another one. */
  async comeBack(begun: BegunRound, outcome: Outcome = 'SIGNED_IN', browser = begun.browser): Promise<Page> {
    const { subject, state } = begun;
    const nonce = outcome === 'OTHER_NONCE' ? 'of-another-sign-in' : begun.nonce;
    const idToken = await this.#provider.idToken({ sub: subject, nonce, name: 'Ada' });
    const tokens = { access_token: 'opaque', token_type: 'Bearer', id_token: idToken };
    this.#provider.answers.set(
      '/token',
      outcome === 'CODE_REFUSED' ? json({ error: 'invalid_grant' }, 400) : json(tokens),
    );
    this.#provider.answers.set('/userinfo', json({ sub: subject, name: 'Ada' }));
    const answer: Record<string, string> =
      outcome === 'ACCESS_DENIED' ? { error: 'access_denied' } : { code: 'a-code' };
    const query = new URLSearchParams({ state, ...answer });
    return browser.get(`${this.#app.url}/auth/external/callback?${query.toString()}`);
  }
}
