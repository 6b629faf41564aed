import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/config.ts';
import { load, problemsOf, productionEnv } from './working-directory.ts';

const SMTP = { SMTP_HOST: 'smtp.example.org', SMTP_FROM: 'id@example.org' };
const mailOf = (env: Readonly<Record<string, string>>) => load({ env }).mail;

describe('the way out for mails', () => {
  test.each([
    ['in development', {}, 'inbox', 'inbox'],
    ['in test', { APP_ENVIRONMENT: 'test' }, 'inbox', 'inbox'],
    ['in staging', { APP_ENVIRONMENT: 'staging' }, 'none', 'none'],
    ['with a mail server', SMTP, 'smtp', 'inbox'],
    ['with a mail service', { MAIL_SERVICE_URL: 'https://mail.example.org/email/send' }, 'http', 'inbox'],
    ['with the other name of the service', { EMAIL_SERVICE_URL: 'http://127.0.0.1:8025/email/send' }, 'http', 'inbox'],
    ['with a gateway', { SMS_GATEWAY_URL: 'https://sms.example.org' }, 'inbox', 'http'],
    ['as it is said', { ...SMTP, MAIL_TRANSPORT: 'none' }, 'none', 'inbox'],
  ])('%s', (_when, env: Record<string, string>, transport, smsTransport) => {
    expect(mailOf(env)).toMatchObject({ transport, smsTransport });
  });

  test.each([
    [{}, 'starttls', null],
    [{ SMTP_PORT: '465' }, 'tls', 465],
    [{ SMTP_PORT: '2525' }, 'starttls', 2525],
    [{ SMTP_TLS: 'none' }, 'none', null],
    [{ SMTP_TLS: 'true' }, 'starttls', null],
    [{ SMTP_TLS: 'ssl', SMTP_PORT: '465' }, 'tls', 465],
  ])('with %j speaks %s on port %s', (env, smtpTls, smtpPort) => {
    expect(mailOf({ ...SMTP, ...env })).toMatchObject({ smtpTls, smtpPort });
  });

  test('takes its names from the name of the company', () => {
    expect(mailOf({ COMPANY_NAME: 'Example' })).toMatchObject({ companyName: 'Example', smtpFromName: 'Example' });
    expect(mailOf({ COMPANY_NAME: 'Example', SMTP_FROM_NAME: 'ID' }).smtpFromName).toBe('ID');
    expect(mailOf({ DASHBOARD_URL: 'https://app.example.org' }).loginUrl).toBe('https://app.example.org');
  });

  test('finds its templates from the working directory', () => {
    const config = loadConfig({ env: { TEMPLATES_DIR: 'mine' }, cwd: '/srv/gatehouse' });
    expect(config.mail.templatesDirectory).toBe(join('/srv/gatehouse', 'mine'));
  });
});

describe('settings of mail that do not go together', () => {
  test.each([
    [{ MAIL_TRANSPORT: 'smtp', SMTP_FROM: 'id@example.org' }, /mail\.smtpHost: is missing.*SMTP_HOST/],
    [{ SMTP_HOST: 'smtp.example.org' }, /mail\.smtpFrom: is missing.*SMTP_FROM/],
    [{ ...SMTP, SMTP_USERNAME: 'gate' }, /mail\.smtpUsername: .*go together/],
    [{ ...SMTP, SMTP_PASSWORD: 'sesame' }, /mail\.smtpUsername: .*go together/],
    [{ ...SMTP, SMTP_PORT: '465', SMTP_TLS: 'starttls' }, /mail\.smtpTls: port 465 begins with TLS/],
    [{ MAIL_TRANSPORT: 'http' }, /mail\.serviceUrl: is missing.*MAIL_SERVICE_URL/],
    [{ SMS_TRANSPORT: 'http' }, /mail\.smsGatewayUrl: is missing.*SMS_GATEWAY_URL/],
    [{ SMTP_FROM: 'Ada <ada@example.org>' }, /mail\.smtpFrom .*no e-mail address/],
    [{ SMTP_FROM: 'ada@example.org\r\nBcc: x@example.net' }, /mail\.smtpFrom .*no e-mail address/],
    [{ SMTP_FROM_NAME: 'Ada\r\nBcc: x@example.net' }, /mail\.smtpFromName .*control characters/],
    [{ MAIL_TRANSPORT: 'pigeon' }, /mail\.transport .*smtp, http, inbox, none/],
  ])('%j is told with its cure', (env: Record<string, string>, problem) => {
    const problems = problemsOf({ env });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
    expect(problems.join()).not.toContain('sesame');
  });

  test('capturing all messages is refused in production', () => {
    const problems = problemsOf({ env: { ...productionEnv, MAIL_TRANSPORT: 'inbox', SMS_TRANSPORT: 'inbox' } });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/mail\.transport \(MAIL_TRANSPORT .*refused in production\)/);
  });

  test.each([
    [{ ...productionEnv }, /mail\.transport: is none, so no mail is sent/],
    [{ ...SMTP, SMTP_TLS: 'none' }, /mail\.smtpTls: is none, so links and codes travel readable/],
    [
      { ...SMTP, SMTP_TLS: 'none', SMTP_USERNAME: 'gate', SMTP_PASSWORD: 'sesame' },
      /links, codes and the password travel readable/,
    ],
    [{ MAIL_SERVICE_URL: 'http://mail.internal/send' }, /mail\.serviceUrl: is clear http/],
    [{ SMS_GATEWAY_URL: 'http://sms.internal/send' }, /mail\.smsGatewayUrl: is clear http/],
  ])('%j is warned about', (env: Record<string, string>, warning) => {
    expect(load({ env }).warnings.filter((line) => line.startsWith('mail.'))).toEqual([expect.stringMatching(warning)]);
  });

  test('is quiet where nothing can be overheard', () => {
    const quiet = { ...SMTP, SMTP_HOST: '127.0.0.1', SMTP_TLS: 'none', SMS_GATEWAY_URL: 'http://localhost:9/x' };
    expect(load({ env: quiet }).warnings).toEqual([]);
  });
});
