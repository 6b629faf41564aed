import { duration, flag, integer, list, oneOf, optional, secretText, text } from './kinds.ts';
import { masterKeys, type MasterKey } from './master-keys.ts';
import { alias, derived, fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A bare number in minutes or days, as one of the sources counts; a text with a unit stays as it is. */
const inUnits = (unit: 'm' | 'd') => (given: string) => (/^\s*\d+\s*$/.test(given) ? `${given.trim()}${unit}` : given);

const filePaths = list('list of files', 'list paths of files', (item) => (item.includes('\0') ? null : item));

/** Verifiers may keep the key set for five minutes, and replicas have a minute to notice: a key is published for longer than both. */
const LEAST_AHEAD = 7 * MINUTE;

const signing = {
  rotationSeconds: setting({
    kind: duration(0, 3650 * DAY),
    env: 'SIGNING_KEY_ROTATION',
    byDefault: fixed(90 * DAY, '`90d`'),
    description:
      'How long a signing key signs before the next one follows, which is published long before; 0 = by hand only.',
  }),
  publishAheadSeconds: setting({
    kind: duration(LEAST_AHEAD, 30 * DAY),
    env: 'SIGNING_KEY_PUBLISH_AHEAD',
    byDefault: fixed(15 * MINUTE, '`15m`'),
    description:
      'How long a signing key is in the key set at least before it signs: longer than verifiers keep the set, five minutes if they go by its headers.',
  }),
  signingKeyFiles: setting({
    kind: filePaths,
    env: 'SIGNING_KEY_FILES',
    byDefault: fixed<readonly string[]>([], 'none: keys are made, and kept sealed in the database'),
    description:
      'Files with private keys that sign, in PEM or as JWK, the one that is to sign first; they are read again every half minute. None is then made or rotated here: docs/keys.md.',
  }),
  signingKeys: setting({
    kind: optional(secretText(32, 65_536)),
    env: 'SIGNING_KEYS',
    byDefault: fixed<null>(null, 'none'),
    description: 'The same as text, blocks of PEM one after the other or one JWK.',
  }),
};

export const keys = {
  ...signing,
  masterKeys: setting<readonly MasterKey[]>({
    kind: masterKeys,
    env: 'MASTER_KEYS',
    byDefault: fixed<readonly MasterKey[]>([], 'none: a file with mode 0600 in the data directory is made'),
    description:
      'Secrets from which all others are derived (CSRF, refresh, TOTP, signing keys at rest), newest first: `v2:<base64>,v1:<base64>`. Every replica needs the same.',
    production: {
      text: 'required',
      problem: (value) =>
        value.length > 0
          ? null
          : 'is empty, so a restart elsewhere would sign everybody out; give MASTER_KEYS="v1:$(openssl rand -base64 32)" from your secret store',
    },
  }),
};

const lives = {
  accessTtlSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'ACCESS_TOKEN_TTL',
    aliases: [alias('AUTH_ACCESS_TOKEN_TTL', '2.10'), alias('JWT_EXPIRY_MINUTES', '3.12', inUnits('m'))],
    byDefault: fixed(15 * MINUTE, '`15m`'),
    description: 'Life of an access token.',
  }),
  sessionIdleSeconds: setting({
    kind: duration(5 * MINUTE, 365 * DAY),
    env: 'SESSION_IDLE_TTL',
    aliases: [alias('AUTH_REFRESH_TOKEN_TTL', '2.10'), alias('REFRESH_TOKEN_EXPIRY_DAYS', '3.12', inUnits('d'))],
    byDefault: fixed(7 * DAY, '`7d`'),
    description: 'A session that is not used for this long ends; this is the sliding life of refresh tokens.',
  }),
  sessionAbsoluteSeconds: setting({
    kind: duration(5 * MINUTE, 365 * DAY),
    env: 'SESSION_ABSOLUTE_TTL',
    byDefault: fixed(30 * DAY, '`30d`'),
    description: 'A session ends this long after sign-in, used or not.',
  }),
  stepUpSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'STEP_UP_TTL',
    byDefault: fixed(10 * MINUTE, '`10m`'),
    description: 'How long a fresh proof of identity counts for sensitive operations.',
  }),
  refreshReplaySeconds: setting({
    kind: duration(0, MINUTE),
    env: 'REFRESH_REPLAY_TTL',
    byDefault: fixed(10, '`10s`'),
    description: 'A refresh token sent twice within this time gets the same successor; later it ends the session.',
  }),
  inviteTtlSeconds: setting({
    kind: duration(5 * MINUTE, 90 * DAY),
    env: 'INVITE_TTL',
    byDefault: fixed(7 * DAY, '`7d`'),
    description: 'Life of an invitation.',
  }),
  resetTtlSeconds: setting({
    kind: duration(5 * MINUTE, 7 * DAY),
    env: 'RESET_TTL',
    byDefault: fixed(HOUR, '`1h`'),
    description: 'Life of a password reset link.',
  }),
};

export const tokens = {
  issuer: setting({
    kind: text(255),
    env: 'TOKEN_ISSUER',
    aliases: [alias('JWT_ISSUER', '0.3')],
    byDefault: derived('as `server.baseUrl`', ({ baseUrl }) => baseUrl),
    description: 'Claim `iss` of access tokens.',
  }),
  audience: setting({
    kind: text(255),
    env: 'TOKEN_AUDIENCE',
    byDefault: derived('as `server.baseUrl`', ({ baseUrl }) => baseUrl),
    description: 'Claim `aud` of access tokens.',
  }),
  algorithm: setting({
    kind: oneOf(['EdDSA', 'ES256', 'RS256']),
    env: 'TOKEN_ALGORITHM',
    byDefault: fixed<'EdDSA' | 'ES256' | 'RS256'>('EdDSA'),
    description: 'Algorithm of the signing keys made from now on; older keys stay valid until they are rotated out.',
  }),
  ...lives,
  claimEmail: setting({
    kind: flag,
    env: 'CLAIM_EMAIL',
    byDefault: fixed(true),
    description: 'Access tokens carry the address.',
  }),
  claimGroups: setting({
    kind: flag,
    env: 'CLAIM_GROUPS',
    byDefault: fixed(true),
    description: 'Access tokens carry the names of the groups.',
  }),
  claimScope: setting({
    kind: flag,
    env: 'CLAIM_SCOPE',
    byDefault: fixed(false),
    description: 'Access tokens carry the unconstrained permissions as `scope`, for routers; Gatehouse never reads it.',
  }),
};

export const passwords = {
  memoryKib: setting({
    kind: integer(1024, 1_048_576),
    env: 'PASSWORD_MEMORY_KIB',
    byDefault: fixed(19_456),
    description: 'Memory of one argon2id computation in KiB.',
    production: {
      text: 'at least 7168',
      problem: (value) =>
        value >= 7168 ? null : 'is too weak; give 7168 or more (OWASP Password Storage Cheat Sheet)',
    },
  }),
  iterations: setting({
    kind: integer(1, 100),
    env: 'PASSWORD_ITERATIONS',
    byDefault: fixed(2),
    description: 'Passes of argon2id.',
  }),
  parallelism: setting({
    kind: integer(1, 16),
    env: 'PASSWORD_PARALLELISM',
    byDefault: fixed(1),
    description: 'Lanes of argon2id.',
  }),
  minimumLength: setting({
    kind: integer(8, 128),
    env: 'PASSWORD_MINIMUM_LENGTH',
    byDefault: fixed(12),
    description: 'Least number of characters of a password (NIST SP 800-63B: never below 8).',
  }),
  maximumBytes: setting({
    kind: integer(64, 4096),
    env: 'PASSWORD_MAXIMUM_BYTES',
    byDefault: fixed(1024),
    description: 'Greatest length of a password in bytes.',
  }),
  historySize: setting({
    kind: integer(0, 24),
    env: 'PASSWORD_HISTORY',
    byDefault: fixed(5),
    description:
      'Earlier passwords of an account that are refused, besides the present one. Each costs a hash to check.',
  }),
  pepper: setting({
    kind: flag,
    env: 'PASSWORD_PEPPER',
    byDefault: fixed(false),
    description:
      'Passwords are hashed under a key derived from `MASTER_KEYS`, whose version stands in each hash. Removing a version from `MASTER_KEYS` then locks out everybody whose hash was made with it and who has not signed in since; switching this off does not.',
  }),
  queueLength: setting({
    kind: integer(1, 10_000),
    env: 'PASSWORD_QUEUE_LENGTH',
    byDefault: fixed(64),
    description: 'Hash computations that may wait; more are refused with SERVICE_UNAVAILABLE.',
  }),
  implementation: setting({
    kind: oneOf(['auto', 'portable']),
    env: 'PASSWORD_IMPLEMENTATION',
    byDefault: fixed<'auto' | 'portable'>('auto'),
    description: '`auto` takes the fastest argon2 that loads, `portable` the one that loads everywhere.',
  }),
};

export const codes = {
  lifeSeconds: setting({
    kind: duration(MINUTE, HOUR),
    env: 'CODE_TTL',
    row: '1.3',
    byDefault: fixed(5 * MINUTE, '`5m`'),
    description: 'Life of a one-time code.',
  }),
  resendSeconds: setting({
    kind: duration(5, HOUR),
    env: 'CODE_RESEND_AFTER',
    byDefault: fixed(MINUTE, '`1m`'),
    description: 'Least time between two codes that one device or network has sent to one address.',
  }),
  maximumPerHour: setting({
    kind: integer(1, 100),
    env: 'CODE_MAXIMUM_PER_HOUR',
    byDefault: fixed(10),
    description: 'Codes that one device or network has sent to one address within an hour.',
  }),
  maximumPerAddress: setting({
    kind: integer(1, 1000),
    env: 'CODE_MAXIMUM_PER_ADDRESS',
    byDefault: fixed(30),
    description:
      'Codes that all networks together have sent to one address within an hour; known devices of its owner go on.',
  }),
  maximumTries: setting({
    kind: integer(1, 20),
    env: 'CODE_MAXIMUM_TRIES',
    byDefault: fixed(5),
    description: 'Tries of one code; the next one needs a new code.',
  }),
};

export const devices = {
  trustSeconds: setting({
    kind: duration(0, 365 * DAY),
    env: 'TRUSTED_DEVICE_TTL',
    byDefault: fixed(0, '`0`: never'),
    description: 'How long a device may be trusted instead of a second factor; 0 = not at all.',
  }),
  newDeviceMail: setting({
    kind: flag,
    env: 'NEW_DEVICE_MAIL',
    byDefault: fixed(true),
    description: 'People are written to when their account is used on a device that was not seen before.',
  }),
  retentionSeconds: setting({
    kind: duration(DAY, 10 * 365 * DAY),
    env: 'DEVICE_RETENTION',
    byDefault: fixed(365 * DAY, '`365d`'),
    description: 'A device that is not used for this long is forgotten.',
  }),
};

export const lockout = {
  maximumFailures: setting({
    kind: integer(1, 100),
    env: 'LOCKOUT_FAILURES',
    byDefault: fixed(5),
    description: 'Failed sign-ins after which an account is locked.',
  }),
  lockSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'LOCKOUT_TIME',
    byDefault: fixed(15 * MINUTE, '`15m`'),
    description: 'How long the lock lasts.',
  }),
};
