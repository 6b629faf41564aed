import { baseUrl, duration, flag, integer, optional, secretText } from './kinds.ts';
import { fixed, setting } from './setting.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export const rates = {
  enabled: setting({
    kind: flag,
    env: 'RATE_LIMITS',
    byDefault: fixed(true),
    description: 'Limits by network: an IPv4 address, or the /64 of an IPv6 address.',
    production: {
      text: 'true',
      problem: (value) => (value ? null : 'lets one network try one password on every account; leave it on'),
    },
  }),
  failures: setting({
    kind: integer(5, 100_000),
    env: 'RATE_FAILURES',
    byDefault: fixed(100),
    description: 'Wrong credentials of one network within `rates.failureSeconds`; then RATE_LIMITED.',
  }),
  failureSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'RATE_FAILURE_WINDOW',
    byDefault: fixed(15 * MINUTE, '`15m`'),
    description: 'Window of `rates.failures`.',
  }),
  questions: setting({
    kind: integer(10, 1_000_000),
    env: 'RATE_QUESTIONS',
    byDefault: fixed(1000),
    description:
      'Sign-ins by passkey or at an identity provider that one network may begin within `rates.failureSeconds`; each leaves a row until it is over.',
  }),
  delayAfter: setting({
    kind: integer(0, 100_000),
    env: 'RATE_DELAY_AFTER',
    byDefault: fixed(10),
    description: 'Wrong credentials of one network after which each further answer comes a little later, up to 2 s.',
  }),
  messages: setting({
    kind: integer(1, 100_000),
    env: 'RATE_MESSAGES',
    byDefault: fixed(60),
    description: 'Codes, links and sign-ups that one network may ask for within `rates.messageSeconds`.',
  }),
  messageSeconds: setting({
    kind: duration(MINUTE, DAY),
    env: 'RATE_MESSAGE_WINDOW',
    byDefault: fixed(HOUR, '`1h`'),
    description: 'Window of `rates.messages`.',
  }),
};

export const captcha = {
  url: setting({
    kind: optional(baseUrl),
    env: 'CAPTCHA_URL',
    byDefault: fixed<null>(null, 'none: no captcha'),
    description: 'Address that answers whether a captcha was solved (siteverify of hCaptcha, Turnstile, reCAPTCHA).',
  }),
  secret: setting({
    kind: optional(secretText(1, 1024)),
    env: 'CAPTCHA_SECRET',
    byDefault: fixed<null>(null, 'none'),
    description: 'Secret that goes with `captcha.url`.',
  }),
  afterFailures: setting({
    kind: integer(0, 1000),
    env: 'CAPTCHA_AFTER',
    byDefault: fixed(5),
    description: 'Wrong credentials of one network after which a captcha is asked for; 0 = always.',
  }),
};
