import { duration, list, oneOf, someOf } from './kinds.ts';
import { derived, fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const groupNames = list(
  'list of names or ids',
  'list names or ids of groups; names with blanks only in a YAML sequence',
  (item) => (item.length <= 100 ? item : null),
);

const IDENTIFIER_KINDS = ['EMAIL', 'PHONE', 'USERNAME'] as const;
const METHODS = ['PASSWORD', 'CODE', 'LINK'] as const;

export const signUp = {
  mode: setting<'OPEN' | 'INVITE_ONLY' | 'CLOSED'>({
    kind: oneOf(['OPEN', 'INVITE_ONLY', 'CLOSED']),
    env: 'SIGN_UP_MODE',
    byDefault: derived('`OPEN` in development, else `CLOSED`', ({ environment }) =>
      environment === 'development' ? 'OPEN' : 'CLOSED',
    ),
    description:
      'Who can sign up: `OPEN`, anybody; `INVITE_ONLY`, people with an invitation; `CLOSED`, nobody: accounts are made by administrators.',
  }),
  verification: setting<'REQUIRED' | 'OPTIONAL' | 'NONE'>({
    kind: oneOf(['REQUIRED', 'OPTIONAL', 'NONE']),
    env: 'SIGN_UP_VERIFICATION',
    byDefault: fixed('REQUIRED'),
    description:
      'Whether a new address must be proved by a code: `REQUIRED`, before the first session; `OPTIONAL`, asked for but not awaited; `NONE`, never. The last two tell strangers which addresses have accounts. User names have no channel for codes: such accounts are active at once.',
  }),
  identifiers: setting({
    kind: someOf(IDENTIFIER_KINDS),
    env: 'SIGN_UP_IDENTIFIERS',
    byDefault: derived(
      '`EMAIL`, `PHONE`, `USERNAME`; without a gateway for text messages, in staging and production, no `PHONE`',
      ({ environment, mail }) =>
        mail.smsGatewayUrl === null && (environment === 'production' || environment === 'staging')
          ? (['EMAIL', 'USERNAME'] as const)
          : IDENTIFIER_KINDS,
    ),
    description: 'What people may sign up with.',
  }),
  groups: setting({
    kind: groupNames,
    env: 'SIGN_UP_GROUPS',
    byDefault: fixed<readonly string[]>(['Members'], '`Members`'),
    description:
      'Groups that people are in after they signed up. Groups with `admin:*` or protected permissions are left out; Members when none is left.',
  }),
  pendingTtlSeconds: setting({
    kind: duration(HOUR, 30 * DAY),
    env: 'SIGN_UP_PENDING_TTL',
    byDefault: fixed(DAY, '`1d`'),
    description: 'A sign-up whose address is not proved within this time is removed.',
  }),
};

export const signIn = {
  methods: setting({
    kind: someOf(METHODS),
    env: 'SIGN_IN_METHODS',
    byDefault: fixed<readonly (typeof METHODS)[number][]>(METHODS, '`PASSWORD`, `CODE`, `LINK`'),
    description:
      'Ways to sign in beside passkeys and identity providers: by password, by a code that is sent, by a mailed link. `CODE` also confirms identities. Without `PASSWORD` nobody gets a link to a new one, which would sign in as well; who is invited still sets one.',
  }),
  linkTtlSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'SIGN_IN_LINK_TTL',
    byDefault: fixed(15 * MINUTE, '`15m`'),
    description: 'Life of a mailed link that signs in.',
  }),
};
