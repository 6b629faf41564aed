const MAXIMUM_STEPS = 15;

export interface Page {
  readonly status: number;
  /** Where the answer leads; null when nowhere. */
  readonly location: string | null;
  readonly text: string;
  readonly setCookies: readonly string[];
}

/** The part of a browser that sign-ins need: cookies by host, and redirects that it follows one by one. */
export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** One request; nothing is followed. */
  async get(address: string): Promise<Page> {
    return this.#request(address, {}, {});
  }

  /** One request with a body. */
  async post(address: string, body: string, headers: Readonly<Record<string, string>>): Promise<Page> {
    return this.#request(address, { method: 'POST', body }, headers);
  }

  async #request(address: string, init: RequestInit, headers: Readonly<Record<string, string>>): Promise<Page> {
    const { host } = new URL(address);
    const own = this.#cookies.get(host) ?? new Map<string, string>();
    const cookie = [...own].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = cookie === '' ? headers : { ...headers, cookie };
    const response = await fetch(address, { ...init, redirect: 'manual', headers: sent });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) own.delete(name);
      else own.set(name, value);
    }
    this.#cookies.set(host, own);
    const location = response.headers.get('location');
    const text = await response.text();
    return {
      status: response.status,
      location: location === null ? null : new URL(location, address).href,
      text,
      setCookies,
    };
  }

  /** Follows redirects until one leads where `isEnd` says; gives that address, which is not asked for. */
  async follow(address: string, isEnd: (next: string) => boolean): Promise<string> {
    let next = address;
    for (let step = 0; step < MAXIMUM_STEPS; step += 1) {
      const page = await this.get(next);
      if (page.location === null) throw new Error(`${next} led nowhere: ${page.status} ${page.text.slice(0, 500)}`);
      if (isEnd(page.location)) return page.location;
      next = page.location;
    }
    throw new Error(`No end of redirects after ${MAXIMUM_STEPS}.`);
  }

  /** The value of a cookie of a host. */
  cookie(address: string, name: string): string | null {
    return this.#cookies.get(new URL(address).host)?.get(name) ?? null;
  }

  /** All cookies of a host as a header. */
  header(address: string): string {
    return [...(this.#cookies.get(new URL(address).host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}
