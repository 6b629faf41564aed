import { host, integer, networks, optional } from './kinds.ts';
import { fixed, setting } from './setting.ts';

/** The second listener is for this machine unless it is set otherwise. */
export const DEFAULT_ADMIN_HOST = '127.0.0.1';

/** Where administrators' operations are served: src/permissions/administration.ts says which they are. */
export const administration = {
  port: setting({
    kind: optional(integer(0, 65_535)),
    env: 'ADMIN_PORT',
    byDefault: fixed<number | null>(null, 'none'),
    description:
      'Port of a second listener for administrators. With it, the first one refuses their operations (FORBIDDEN, reason ADMINISTRATION_ELSEWHERE).',
  }),
  host: setting({
    kind: host,
    env: 'ADMIN_HOST',
    byDefault: fixed<string>(DEFAULT_ADMIN_HOST),
    description: 'Address that the second listener listens on.',
  }),
  networks: setting({
    kind: networks,
    env: 'ADMIN_NETWORKS',
    byDefault: fixed<readonly string[]>([], 'any'),
    description:
      'Networks of the clients that are served administrators’ operations, whichever listener they come by; others are refused them. With ADMIN_PORT too, both must hold.',
  }),
};
