import { API, OWN_CLIENT } from '../../support/oidc-provider.ts';

/** Settings of one issuer as the YAML file has them, for `providers.issuers`. */
export const issuerEntry = (issuer: string, more: Readonly<Record<string, unknown>> = {}): object => ({
  issuer,
  name: 'Test provider',
  ...OWN_CLIENT,
  audience: [API],
  ...more,
});

/** The setting `providers.issuers` as text. */
export const issuers = (...entries: readonly object[]): Readonly<Record<string, string>> => ({
  'providers.issuers': JSON.stringify(entries),
});
