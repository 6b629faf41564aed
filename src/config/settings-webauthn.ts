import { duration, host, origins, text } from './kinds.ts';
import { derived, fixed, setting } from './setting.ts';

const MINUTE = 60;

/** Passkeys (W3C Web Authentication, Level 3). */
export const webauthn = {
  rpId: setting({
    kind: host,
    env: 'WEBAUTHN_RP_ID',
    byDefault: derived('the host of `server.baseUrl`', ({ baseUrl }) => new URL(baseUrl).hostname),
    description:
      'Domain that passkeys belong to: the host of every origin, or a domain above it. Passkeys made for one domain never work for another, so it must not change.',
  }),
  rpName: setting({
    kind: text(64),
    env: 'WEBAUTHN_RP_NAME',
    byDefault: fixed('Gatehouse'),
    description: 'Name of the site that authenticators show beside a passkey.',
  }),
  origins: setting({
    kind: origins,
    env: 'WEBAUTHN_ORIGINS',
    byDefault: derived<readonly string[]>('the origin of `server.baseUrl`', ({ baseUrl }) => [new URL(baseUrl).origin]),
    description: 'Origins of the pages that may make and use passkeys; exact, without `*`.',
  }),
  challengeSeconds: setting({
    kind: duration(MINUTE, 15 * MINUTE),
    env: 'WEBAUTHN_CHALLENGE_TTL',
    byDefault: fixed(5 * MINUTE, '`5m`'),
    description: 'How long a person has to answer the question of the browser.',
  }),
};
