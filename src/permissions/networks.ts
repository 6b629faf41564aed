import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';

type Family = 'ipv4' | 'ipv6';

/** An address in its one canonical text. IPv4 written as IPv6 (`::ffff:10.0.0.1`) is IPv4 here: sockets report either form. */
export interface Address {
  readonly family: Family;
  readonly text: string;
}

const MAPPED = '::ffff:';

const parseV6 = (text: string): Address => {
  const canonical = new SocketAddress({ address: text, family: 'ipv6' }).address;
  const tail = canonical.startsWith(MAPPED) ? canonical.slice(MAPPED.length) : '';
  return isIPv4(tail) ? { family: 'ipv4', text: tail } : { family: 'ipv6', text: canonical };
};

/** Reads an address, with or without a zone (`fe80::1%eth0`); null when the text is none. */
export const parseAddress = (text: string): Address | null => {
  if (isIPv4(text)) return { family: 'ipv4', text };
  return isIPv6(text) ? parseV6(text) : null;
};

/** A range of addresses, the bits behind the prefix ignored. */
export class Network {
  readonly address: Address;
  readonly prefix: number;
  readonly #list = new BlockList();

  private constructor(address: Address, prefix: number) {
    this.address = address;
    this.prefix = prefix;
    this.#list.addSubnet(address.text, prefix, address.family);
  }

  /** Reads CIDR form (RFC 4632, RFC 4291 section 2.3): 10.0.0.0/8, 2001:db8::/32; null when the text is none. */
  static parse(text: string): Network | null {
    const [, written, digits] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/i.exec(text) ?? [];
    if (written === undefined || digits === undefined) return null;
    const address = parseAddress(written);
    if (address === null) return null;
    // A range written as mapped IPv6 loses the 96 bits of the mapping; a shorter prefix would also hold addresses that are no IPv4.
    const mapped = isIP(written) === 6 && address.family === 'ipv4';
    const prefix = Number(digits) - (mapped ? 96 : 0);
    if (prefix < 0 || prefix > (address.family === 'ipv4' ? 32 : 128)) return null;
    return new Network(address, prefix);
  }

  /** Families do not mix: `::/0` is every IPv6 address and no IPv4 address. */
  contains(address: Address): boolean {
    return address.family === this.address.family && this.#list.check(address.text, address.family);
  }

  /** Every address of `other` lies in this range. */
  includes(other: Network): boolean {
    return other.prefix >= this.prefix && this.contains(other.address);
  }
}
