import { duration, flag, instant, integer, oneOf, optional, text } from './kinds.ts';
import { derived, fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export const mfa = {
  enforce: setting({
    kind: flag,
    env: 'MFA_ENFORCE',
    byDefault: fixed(true),
    description: 'Operations that ask for two factors refuse sessions of one; `false`: a fresh session satisfies them.',
    production: {
      text: '`true`',
      problem: (value) =>
        value ? null : 'is off, so protected operations need a password alone; remove MFA_ENFORCE=false',
    },
  }),
  required: setting({
    kind: oneOf(['permissions', 'everyone']),
    env: 'MFA_REQUIRED',
    byDefault: fixed<'permissions' | 'everyone'>('permissions'),
    description:
      'Who needs a second factor: `permissions`, holders of permissions that ask for one, when they use them; `everyone`, for whatever a session does beyond setting one up.',
  }),
  graceSeconds: setting({
    kind: duration(0, 365 * DAY),
    env: 'MFA_GRACE',
    byDefault: derived('`7d` in development, else `0s`', ({ environment }) =>
      environment === 'development' ? 7 * DAY : 0,
    ),
    description:
      'How long an account may be without a second factor where one is asked for, from its making or from `MFA_ENFORCED_SINCE`, whichever is later; meanwhile a fresh session suffices.',
  }),
  enforcedSince: setting({
    kind: optional(instant),
    env: 'MFA_ENFORCED_SINCE',
    byDefault: fixed<string | null>(null, 'none'),
    description: 'When second factors began to be asked for: the grace of accounts that are older begins here.',
  }),
  issuerName: setting({
    kind: text(64),
    env: 'MFA_ISSUER_NAME',
    byDefault: derived('host name of `server.baseUrl`', ({ baseUrl }) => new URL(baseUrl).hostname),
    description: 'Name under which authenticator apps list the account.',
  }),
  enrollmentTtlSeconds: setting({
    kind: duration(MINUTE, HOUR),
    env: 'MFA_ENROLLMENT_TTL',
    byDefault: fixed(10 * MINUTE, '`10m`'),
    description: 'Time to confirm a TOTP enrolment by a code.',
  }),
  totpWindowSteps: setting({
    kind: integer(0, 5),
    env: 'MFA_TOTP_WINDOW',
    byDefault: fixed(1),
    description: 'Time steps of 30 s before and after the present one whose codes are accepted (RFC 6238 section 5.2).',
  }),
};
