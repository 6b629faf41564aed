import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** Where the addresses of a name are looked up. */
export interface AddressResolver {
  /** All addresses of a name; none when nothing can be learnt. */
  addressesOf(name: string): Promise<readonly LookupAddress[]>;
}

const TIMEOUT_MS = 2000;
const TRIES = 2;

/**
 * Asks the name servers of the machine, or these, by the network alone. The look-up of the operating system would hold a thread of the
 * pool that passwords are hashed in for as long as a name server stays silent, and the names here are chosen by others. The price: the
 * hosts file is not read, and names must be complete.
 */
export class DnsAddressResolver implements AddressResolver {
  readonly #servers: readonly string[] | null;

  constructor(servers: readonly string[] | null = null) {
    this.#servers = servers;
  }

  async addressesOf(name: string): Promise<readonly LookupAddress[]> {
    if (name === 'localhost') return LOCALHOST;
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (this.#servers !== null) resolver.setServers(this.#servers);
    const [v4, v6] = await Promise.all([known(resolver.resolve4(name)), known(resolver.resolve6(name))]);
    return [...v4.map((address) => ({ address, family: 4 })), ...v6.map((address) => ({ address, family: 6 }))];
  }
}

/** RFC 6761 section 6.3: never asked of a name server. */
const LOCALHOST: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** No such name, no answer, a broken one: for whoever calls they are one thing, there is no address. */
const known = (asked: Promise<string[]>): Promise<readonly string[]> => asked.catch(() => []);
