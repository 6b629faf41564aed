import type { Config } from '../config/config.ts';

/** What the driver is told for each `database.tls`; `require` encrypts without asking who answers. */
export const tlsOptions = (mode: Config['database']['tls']): false | { readonly rejectUnauthorized: boolean } =>
  mode === 'disable' ? false : { rejectUnauthorized: mode === 'verify-full' };
