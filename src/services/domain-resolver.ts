import { Resolver } from 'node:dns/promises';

/** Where the DNS records that prove a domain are looked up. */
export interface DomainResolver {
  /** The texts of all TXT records of a name, each in one piece (RFC 7208 section 3.3); none when nothing can be learnt. */
  textsOf(name: string): Promise<readonly string[]>;
}

const TIMEOUT_MS = 3000;

const isLookUpFailure = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'queryTxt';

/** Asks the name servers of the machine, or these; once, for at most three seconds: somebody waits for the answer. */
export class DnsDomainResolver implements DomainResolver {
  readonly #servers: readonly string[] | null;

  constructor(servers: readonly string[] | null = null) {
    this.#servers = servers;
  }

  async textsOf(name: string): Promise<readonly string[]> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
    if (this.#servers !== null) resolver.setServers(this.#servers);
    try {
      return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''));
    } catch (error) {
      // No such name, no such record, no answer, a broken one: for whoever waits they are one thing, there is no record yet.
      if (isLookUpFailure(error)) return [];
      throw error;
    }
  }
}
