import { type Address, Network, parseAddress } from '../permissions/networks.ts';

const networksOf = (texts: readonly string[]): readonly Network[] =>
  texts.map((text) => Network.parse(text)).filter((network) => network !== null);

/** IPv4 that is not the public internet (IANA special-purpose registry, RFC 6890), multicast and reserved space included. */
const SPECIAL_V4 = networksOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local: here clouds hand out credentials
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]);

/** All of the IPv6 internet lies here (RFC 4291 section 2.4); everything outside is local, mapped, or not assigned. */
const GLOBAL_V6 = networksOf(['2000::/3']);

/** Parts of it that are not: protocol assignments and Teredo, documentation, 6to4 (which holds an IPv4 address). */
const SPECIAL_V6 = networksOf(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

const LOOPBACK = networksOf(['127.0.0.0/8', '::1/128']);

const within = (networks: readonly Network[], address: Address): boolean =>
  networks.some((network) => network.contains(address));

const isPublic = (address: Address): boolean =>
  address.family === 'ipv4' ? !within(SPECIAL_V4, address) : within(GLOBAL_V6, address) && !within(SPECIAL_V6, address);

/** Which addresses the server may call: the public internet, and what the settings add. */
export class ReachableAddresses {
  readonly #allowed: readonly Network[];

  constructor(allowedNetworks: readonly string[]) {
    this.#allowed = networksOf(allowedNetworks);
  }

  /** `loopback`: the call goes to something that the settings place on this machine. A text that is no address is refused. */
  includes(text: string, { loopback }: { readonly loopback: boolean }): boolean {
    const address = parseAddress(text);
    if (address === null) return false;
    return isPublic(address) || within(this.#allowed, address) || (loopback && within(LOOPBACK, address));
  }
}
