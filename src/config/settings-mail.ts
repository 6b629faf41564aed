import { isLoopbackHost } from './addresses.ts';
import { baseUrl, host, integer, mailAddress, oneOf, optional, secretText, text } from './kinds.ts';
import { alias, derived, type Environment, fixed, type ProductionRule, setting } from './setting.ts';

const TRANSPORTS = ['smtp', 'http', 'inbox', 'none'] as const;
export type MailTransportName = (typeof TRANSPORTS)[number];

const SMS_TRANSPORTS = ['http', 'inbox', 'none'] as const;
export type SmsTransportName = (typeof SMS_TRANSPORTS)[number];

const TLS_MODES = ['starttls', 'tls', 'none'] as const;
export type SmtpTlsMode = (typeof TLS_MODES)[number];

const isTrying = (environment: Environment): boolean => environment === 'development' || environment === 'test';

/** Codes and links of all people, readable by whoever reaches the page. */
const notCaptured: ProductionRule<string> = {
  text: 'not `inbox`',
  // by default only where it is harmless: production has another default
  problem: (value, { isDefault }) =>
    value === 'inbox' && !isDefault
      ? 'would keep all messages, with their codes and links, readable in memory; configure a transport or give none'
      : null,
};

const smtp = {
  smtpHost: setting<string | null>({
    kind: optional(host),
    env: 'SMTP_HOST',
    row: '0.33',
    byDefault: fixed<null>(null, 'none'),
    description: 'Mail server that takes our messages.',
  }),
  smtpPort: setting<number | null>({
    kind: optional(integer(1, 65_535)),
    env: 'SMTP_PORT',
    row: '0.33',
    byDefault: fixed<null>(null, '587 with `starttls`, 465 with `tls`, 25 with `none`'),
    description: 'Port of the mail server.',
  }),
  smtpTls: setting<SmtpTlsMode>({
    kind: oneOf(TLS_MODES, { true: 'starttls', false: 'none', ssl: 'tls' }),
    env: 'SMTP_TLS',
    row: '0.33',
    byDefault: derived('`tls` on port 465, else `starttls`', ({ mail }) =>
      mail.smtpPort === 465 ? 'tls' : 'starttls',
    ),
    description:
      '`starttls` switches to TLS before anything is said and refuses servers that cannot, `tls` begins with it, `none` is clear text.',
  }),
  smtpUsername: setting<string | null>({
    kind: optional(text(320)),
    env: 'SMTP_USERNAME',
    row: '0.33',
    aliases: [alias('SMTP_USER', null)],
    byDefault: fixed<null>(null, 'none: without signing in'),
    description: 'User name at the mail server.',
  }),
  smtpPassword: setting({
    kind: optional(secretText(1, 4096)),
    env: 'SMTP_PASSWORD',
    row: '0.33',
    byDefault: fixed<null>(null, 'none'),
    description: 'Password or API key at the mail server.',
  }),
  smtpFrom: setting<string | null>({
    kind: optional(mailAddress),
    env: 'SMTP_FROM',
    row: '0.33',
    byDefault: fixed<null>(null, 'none'),
    description: 'Address that mails come from; needed by `smtp`.',
  }),
  smtpFromName: setting<string>({
    kind: text(100),
    env: 'SMTP_FROM_NAME',
    row: '0.33',
    byDefault: derived('as `mail.companyName`', ({ mail }) => mail.companyName),
    description: 'Name that stands beside the address.',
  }),
};

const services = {
  serviceUrl: setting<string | null>({
    kind: optional(baseUrl),
    env: 'MAIL_SERVICE_URL',
    aliases: [alias('EMAIL_SERVICE_URL', '1.25')],
    byDefault: fixed<null>(null, 'none'),
    description:
      'Address of an HTTP mail service; gets `POST {to, subject, template, variables, html, text}` as JSON. The complete address: nothing is added to it.',
  }),
  serviceToken: setting({
    kind: optional(secretText(1, 4096)),
    env: 'MAIL_SERVICE_TOKEN',
    byDefault: fixed<null>(null, 'none'),
    description: 'Bearer token for the HTTP mail service.',
  }),
  smsGatewayUrl: setting<string | null>({
    kind: optional(baseUrl),
    env: 'SMS_GATEWAY_URL',
    byDefault: fixed<null>(null, 'none'),
    description: 'Address of an HTTP gateway for text messages; gets `POST {to, text}` as JSON.',
  }),
  smsGatewayToken: setting({
    kind: optional(secretText(1, 4096)),
    env: 'SMS_GATEWAY_TOKEN',
    byDefault: fixed<null>(null, 'none'),
    description: 'Bearer token for the gateway.',
  }),
};

const transports = {
  transport: setting<MailTransportName>({
    kind: oneOf(TRANSPORTS),
    env: 'MAIL_TRANSPORT',
    byDefault: derived(
      '`smtp` with `SMTP_HOST`, `http` with `MAIL_SERVICE_URL`, else `inbox` in development and test, `none` elsewhere',
      ({ mail, environment }) => {
        if (mail.smtpHost !== null) return 'smtp';
        if (mail.serviceUrl !== null) return 'http';
        return isTrying(environment) ? 'inbox' : 'none';
      },
    ),
    description: 'How mails leave. `inbox` keeps the latest in memory and shows them at /dev/mail; nothing leaves.',
    production: notCaptured,
  }),
  smsTransport: setting<SmsTransportName>({
    kind: oneOf(SMS_TRANSPORTS),
    env: 'SMS_TRANSPORT',
    byDefault: derived(
      '`http` with `SMS_GATEWAY_URL`, else `inbox` in development and test, `none` elsewhere',
      ({ mail, environment }) => {
        if (mail.smsGatewayUrl !== null) return 'http';
        return isTrying(environment) ? 'inbox' : 'none';
      },
    ),
    description: 'How text messages leave.',
    production: notCaptured,
  }),
};

const texts = {
  supportEmail: setting<string | null>({
    kind: optional(mailAddress),
    env: 'SUPPORT_EMAIL',
    byDefault: fixed<null>(null, 'none'),
    description: 'Address for questions, named in messages.',
  }),
  loginUrl: setting<string>({
    kind: baseUrl,
    env: 'LOGIN_URL',
    aliases: [alias('DASHBOARD_URL', '4.38')],
    byDefault: derived('as `server.baseUrl`', (known) => known.baseUrl),
    description: 'Page that messages name for signing in.',
  }),
  templatesDirectory: setting<string | null>({
    kind: optional(text(4096, 'directory')),
    env: 'TEMPLATES_DIR',
    byDefault: fixed<null>(null, 'none'),
    description: 'Directory whose files replace templates and languages of messages: docs/mail.md.',
  }),
};

/** The name comes first, other defaults are made of it; the transports come last, they depend on what is there. */
export const mail = {
  companyName: setting<string>({
    kind: text(100),
    env: 'COMPANY_NAME',
    byDefault: fixed('Gatehouse'),
    description: 'Name of the service or organization in messages.',
  }),
  ...smtp,
  ...services,
  ...transports,
  ...texts,
};

/** What the settings of mail look like to each other. */
interface MailFacts {
  readonly transport: MailTransportName;
  readonly smsTransport: SmsTransportName;
  readonly smtpHost: string | null;
  readonly smtpPort: number | null;
  readonly smtpTls: SmtpTlsMode;
  readonly smtpUsername: string | null;
  readonly smtpPassword: object | null;
  readonly smtpFrom: string | null;
  readonly serviceUrl: string | null;
  readonly smsGatewayUrl: string | null;
}

const smtpContradictions = (mailSettings: MailFacts): readonly string[] => {
  const { smtpHost, smtpFrom, smtpPort, smtpTls, smtpUsername, smtpPassword } = mailSettings;
  const found: string[] = [];
  if (smtpHost === null) found.push('mail.smtpHost: is missing though mail.transport is smtp; give SMTP_HOST');
  if (smtpFrom === null) {
    found.push('mail.smtpFrom: is missing though mail.transport is smtp; give the address mails come from, SMTP_FROM');
  }
  if ((smtpUsername === null) !== (smtpPassword === null)) {
    found.push('mail.smtpUsername: user name and password go together; give both SMTP_USERNAME and SMTP_PASSWORD');
  }
  if (smtpPort === 465 && smtpTls !== 'tls') {
    found.push('mail.smtpTls: port 465 begins with TLS; give SMTP_TLS=tls, or port 587');
  }
  return found;
};

/** Settings of mail that are sound one by one but not together. */
export const mailContradictions = (mailSettings: MailFacts): readonly string[] => [
  ...(mailSettings.transport === 'smtp' ? smtpContradictions(mailSettings) : []),
  ...(mailSettings.transport === 'http' && mailSettings.serviceUrl === null
    ? ['mail.serviceUrl: is missing though mail.transport is http; give MAIL_SERVICE_URL']
    : []),
  ...(mailSettings.smsTransport === 'http' && mailSettings.smsGatewayUrl === null
    ? ['mail.smsGatewayUrl: is missing though mail.smsTransport is http; give SMS_GATEWAY_URL']
    : []),
];

const isClearAddress = (address: string | null): boolean => {
  if (address === null) return false;
  const url = new URL(address);
  return url.protocol === 'http:' && !isLoopbackHost(url.hostname);
};

/** Settings of mail that are allowed but worth a look. */
export const mailOddities = (mailSettings: MailFacts, environment: Environment): readonly string[] => {
  const { transport, smtpTls, smtpHost, smtpUsername, smsTransport } = mailSettings;
  const found: string[] = [];
  if (environment === 'production' && transport === 'none') {
    found.push(
      'mail.transport: is none, so no mail is sent: set-up links are shown to whoever invites, nobody can reset a password; give SMTP_HOST or MAIL_SERVICE_URL',
    );
  }
  if (transport === 'smtp' && smtpTls === 'none' && smtpHost !== null && !isLoopbackHost(smtpHost)) {
    const what = smtpUsername === null ? 'links and codes travel' : 'links, codes and the password travel';
    found.push(`mail.smtpTls: is none, so ${what} readable to the mail server; give SMTP_TLS=starttls`);
  }
  if (transport === 'http' && isClearAddress(mailSettings.serviceUrl)) {
    found.push('mail.serviceUrl: is clear http, so links and codes travel readable; give an https address');
  }
  if (smsTransport === 'http' && isClearAddress(mailSettings.smsGatewayUrl)) {
    found.push('mail.smsGatewayUrl: is clear http, so codes travel readable; give an https address');
  }
  return found;
};
