import { domainToASCII } from 'node:url';
import { isLoopbackHost } from './addresses.ts';
import { type Kind, list, scalar } from './kinds.ts';

/** Signature algorithms with a public key (RFC 7518 section 3.1, RFC 8037, RFC 9864); `none` and shared secrets are no choice. */
export const PROVIDER_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
export type ProviderAlgorithm = (typeof PROVIDER_ALGORITHMS)[number];

/** Where the server itself calls: https, or http on this machine; no user, no fragment. */
const isCallable = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || /[#\s\\]/.test(text)) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
};

/** Kept exactly as written: `iss` is compared as text (OpenID Connect Core section 2), with or without its last slash. */
export const issuerAddress: Kind<string> = scalar(
  'https address',
  'give the issuer exactly as its discovery document names it, for example https://login.example.org (http on loopback only)',
  (text) => (text.length <= 255 && isCallable(text) && !text.includes('?') ? text : null),
  'is no issuer',
);

/** An address with `{sub}` in its path or query, where the subject goes. */
export const fetchAddress: Kind<string> = scalar(
  'https address with `{sub}`',
  'give an https address that holds {sub} once, behind the host, for example https://login.example.org/api/users/{sub}/roles',
  (text) => {
    const [before = '', after, ...more] = text.split('{sub}');
    if (after === undefined || more.length > 0 || text.length > 1000) return null;
    const behindHost = /^https?:\/\/[^/]+\//.test(before);
    return behindHost && isCallable(before) && isCallable(before + after) ? text : null;
  },
  'is no address to fetch from',
);

/** Texts without blanks and commas, such as audiences and scopes. */
export const tokensList: Kind<readonly string[]> = list(
  'list of texts',
  'list texts of at most 255 characters',
  (item) => (item.length <= 255 ? item : null),
);

/** A complete domain in lower case and Punycode; null for everything else. */
export const emailDomain = (item: string): string | null => {
  const ascii = domainToASCII(item).toLowerCase();
  return /^(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/.test(ascii) ? ascii : null;
};

/** Domains of addresses; a domain does not stand for those below it. */
export const emailDomains: Kind<readonly string[]> = list(
  'list of domains',
  'list complete domains such as example.org, without @ and without *',
  emailDomain,
);

const algorithm = (item: string): ProviderAlgorithm | null => PROVIDER_ALGORITHMS.find((one) => one === item) ?? null;

export const algorithms = list(
  'list of algorithms',
  `list some of ${PROVIDER_ALGORITHMS.join(', ')}`,
  algorithm,
) as Kind<readonly ProviderAlgorithm[]>;

/** The domain of an address, as `emailDomains` writes it; null when the text is no address. */
export const domainOfEmail = (address: string): string | null =>
  address.includes('@') ? emailDomain(address.slice(address.lastIndexOf('@') + 1)) : null;
