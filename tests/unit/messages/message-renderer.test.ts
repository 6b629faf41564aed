import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId, type MessageId } from '../../../src/ids.ts';
import { MessageRenderer, type UnwrittenMessage } from '../../../src/messages/message-renderer.ts';
import { templateNames } from '../../../src/messages/message-templates.ts';
import { TransportFailure } from '../../../src/messages/message-transport.ts';
import { TemplateStore } from '../../../src/messages/template-store.ts';
import { testConfig } from '../../support/test-config.ts';

const root = join(import.meta.dirname, '../../..');
const LOCALES = ['de', 'en', 'it'] as const;

let lines: string[] = [];
let directory = '';
beforeEach(() => {
  lines = [];
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-templates-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const rendererOf = (own: string | null = null, settings: Readonly<Record<string, string>> = {}): MessageRenderer => {
  const log = (_level: string, message: string, details: object = {}): void =>
    void lines.push(`${message} ${JSON.stringify(details)}`);
  const templates = new TemplateStore({ directory: own, log });
  return new MessageRenderer({
    templates,
    config: testConfig({ 'mail.companyName': 'Example & Sons', 'mail.supportEmail': 'help@example.org', ...settings }),
    log,
  });
};

const own = (file: string, text: string): void => {
  mkdirSync(join(directory, 'locales'), { recursive: true });
  writeFileSync(join(directory, file), text);
};

const message = (changed: Partial<UnwrittenMessage> = {}): UnwrittenMessage => ({
  id: newId<MessageId>(),
  channel: 'EMAIL',
  template: 'reset',
  recipient: 'ada@example.com',
  locale: 'en',
  variables: {
    link: 'http://localhost:4000/account/reset#token=ght_sesame',
    expiresAt: '2026-03-01T17:30:00Z',
    userName: 'Ada',
  },
  ...changed,
});

/** What a person reads of a page, a line for each block, with the targets of its links. */
const readable = (html: string): string =>
  html
    .replaceAll(/<head>[\s\S]*?<\/head>|<!--[\s\S]*?-->|<div style="display:none[\s\S]*?<\/div>/g, '')
    .replaceAll(/<a\s+href="([^"]*)"[^>]*>/g, '[$1] ')
    .replaceAll(/<\/td>\s*<td[^>]*>/g, ' | ')
    .replaceAll(/<[^>]+>/g, '\n')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\n\s+/g, '\n')
    .trim();

describe('every template in every language', () => {
  const cases = templateNames.flatMap((template) => LOCALES.map((locale) => [template, locale] as const));

  test.each(cases)('%s in %s', async (template, locale) => {
    const { subject, text, html } = rendererOf().preview(template, locale);
    const golden = `Subject: ${subject}\n\n--- text ---\n${text}\n--- html ---\n${readable(html ?? '')}\n`;
    await expect(golden).toMatchFileSnapshot(`golden/${template}.${locale}.txt`);
  });

  test.each(LOCALES)('the text message of a code in %s', async (locale) => {
    const { text, html } = rendererOf().preview('code', locale, 'SMS');
    expect(html).toBeNull();
    await expect(text).toMatchFileSnapshot(`golden/code.sms.${locale}.txt`);
    expect(text.length).toBeLessThanOrEqual(160);
  });

  test.each(cases)('%s in %s leaves nothing open: no tag, no placeholder, no missing text', (template, locale) => {
    const { subject, text, html } = rendererOf().preview(template, locale);
    for (const form of [subject, text, html ?? '']) {
      expect(form.trim()).not.toBe('');
      expect(form).not.toMatch(/<%|%>|undefined|\[object|\{(?:userName|companyName|link|code|expiresAt)\}/);
    }
    expect(text).not.toMatch(/\n{3}/);
  });

  test('asks nobody for files: no font, picture, script or sheet from elsewhere', () => {
    for (const template of templateNames) {
      const html = rendererOf().preview(template, 'en').html ?? '';
      expect(html).not.toMatch(/<img|<script|<link|@import|url\(|src=/i);
      expect(html).toMatch(/prefers-color-scheme: dark/);
      expect(html).toMatch(/name="viewport"/);
    }
  });
});

describe('languages', () => {
  const read = (locale: string): Readonly<Record<string, unknown>> =>
    JSON.parse(readFileSync(join(root, 'templates/locales', `${locale}.json`), 'utf8')) as Record<string, unknown>;
  const pathsOf = (node: unknown, path = ''): readonly string[] =>
    typeof node === 'string'
      ? [path]
      : Object.entries(node as object).flatMap(([name, child]) => pathsOf(child, `${path}.${name}`));

  test('are the files that there are, and have the same texts with the same placeholders', () => {
    const files = readdirSync(join(root, 'templates/locales')).map((file) => file.replace('.json', ''));
    expect(files.toSorted()).toEqual([...LOCALES]);
    const paths = pathsOf(read('en'));
    for (const locale of LOCALES) expect([locale, pathsOf(read(locale))]).toEqual([locale, paths]);
  });

  test.each([
    ['de-AT', 'de'],
    ['DE', 'de'],
    ['it-IT-u-nu-latn', 'it'],
    ['fr-CA', 'en'],
    ['../../etc/passwd', 'en'],
    ['', 'en'],
  ])('%s is written in %s', (locale, expected) => {
    const rendered = rendererOf().render(message({ locale }));
    expect(rendered.locale).toBe(expected);
    expect(rendered.html).toContain(`<html lang="${expected}" dir="ltr"`);
  });

  test('have words for every change of second factors and of access, and every purpose of a code', () => {
    const seen = { device: 'x', ipAddress: 'y', at: '2026-03-01T17:30:00Z', userName: '' };
    for (const locale of LOCALES) {
      for (const change of ['TOTP_ENABLED', 'TOTP_DISABLED', 'RECOVERY_CODES_REPLACED', 'RESET_BY_ADMINISTRATOR']) {
        const { text } = rendererOf().render(
          message({ locale, template: 'mfa-changed', variables: { ...seen, change } }),
        );
        expect(text).not.toContain(change);
      }
      for (const change of ['IDENTITY_LINKED', 'IDENTITY_UNLINKED', 'API_KEY_MADE']) {
        const variables = { ...seen, change };
        expect(rendererOf().render(message({ locale, template: 'access-changed', variables })).text).not.toContain(
          change,
        );
      }
      for (const purpose of ['SIGN_UP', 'SIGN_IN', 'STEP_UP', 'SOMETHING_NEW']) {
        const variables = { code: '493817', purpose, expiresAt: '2026-03-01T17:30:00Z', userName: '' };
        const { subject, text } = rendererOf().render(message({ locale, template: 'code', variables }));
        expect([subject === '', text.includes('493817'), text.includes(purpose)]).toEqual([false, true, false]);
      }
    }
  });
});

describe('what people and servers wrote', () => {
  const HOSTILE = '<img src=x onerror=alert(1)>"\'&';

  test('is text in HTML, whatever it holds', () => {
    const variables = { device: HOSTILE, ipAddress: HOSTILE, at: HOSTILE, userName: '<b>Ada</b>' };
    const { html, text } = rendererOf().render(message({ template: 'new-device', variables }));
    expect(html).not.toMatch(/<img|<b>/);
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
    expect(html).toContain('Example &amp; Sons');
    expect(text).toContain(HOSTILE);
    expect(text).toContain('Example & Sons');
  });

  test('cannot break out of a link', () => {
    const link = 'http://localhost:4000/account/reset#token="><script>alert(1)</script>';
    const { html } = rendererOf().render(message({ variables: { ...message().variables, link } }));
    expect(html).not.toContain('<script>');
  });

  test('has no line breaks and no marks that turn texts around', () => {
    const variables = { newEmail: 'new@example.com\r\nBcc: x@example.com\u202e', userName: 'Ada\nLovelace\u0000' };
    const { text, subject } = rendererOf(null, { 'mail.companyName': 'X' }).render(
      message({ template: 'email-changed', variables }),
    );
    expect(text).toContain('Hello Ada Lovelace,');
    expect(text).toContain('new@example.com Bcc: x@example.com');
    expect(['\u202e', '\u0000'].filter((mark) => text.includes(mark))).toEqual([]);
    expect(subject).not.toMatch(/[\r\n]/);
  });

  test.each(['Win at evil.example', 'http://evil', 'www.evil', 'me@evil.example', 'Ада сайт.рф'])(
    'a name with something like a link (%s) is left out',
    (userName) => {
      const { text } = rendererOf().render(message({ variables: { ...message().variables, userName } }));
      expect(text).toContain('\nHello,\n');
      expect(text).not.toContain(userName);
    },
  );

  test.each(['Ada Lovelace', 'José Ñandú', '李小龍', "O'Brien, Jr"])('an ordinary name (%s) stays', (userName) => {
    const { text } = rendererOf().render(message({ variables: { ...message().variables, userName } }));
    expect(text).toContain(`\nHello ${userName},\n`);
  });

  test('instants reach people in words and services as they were', () => {
    const { text, variables } = rendererOf().render(message({ locale: 'de' }));
    expect(text).toContain('1. März 2026 um 17:30 UTC');
    expect(variables['expiresAt']).toBe('2026-03-01T17:30:00Z');
    expect(variables).toMatchObject({
      userName: 'Ada',
      userEmail: 'ada@example.com',
      companyName: 'Example & Sons',
      supportEmail: 'help@example.org',
      loginUrl: 'http://localhost:4000',
    });
  });

  test('a kind that does not exist is refused for good, as is a text message without a short form', () => {
    for (const wrong of [message({ template: '__proto__' }), message({ channel: 'SMS', recipient: '+15550100' })]) {
      expect(() => rendererOf().render(wrong)).toThrow(TransportFailure);
    }
  });
});

describe("an operator's directory", () => {
  test('replaces single templates, texts and languages, and adds new ones, without a build', () => {
    own('reset.txt', 'Own: <%= it.link %> for <%= it.userName %>');
    own('locales/en.json', JSON.stringify({ reset: { subject: 'Own subject for {userName}' } }));
    own('locales/fr.json', JSON.stringify({ reset: { subject: 'Un nouveau mot de passe' } }));
    const { subject, text, html } = rendererOf(directory).render(message());
    expect(subject).toBe('Own subject for Ada');
    expect(text).toBe('Own: http://localhost:4000/account/reset#token=ght_sesame for Ada\n');
    expect(html).toContain('Choose a new password');
    expect(rendererOf(directory).render(message({ locale: 'fr-FR' }))).toMatchObject({
      locale: 'fr',
      subject: 'Un nouveau mot de passe',
    });
    expect(rendererOf(directory).check()).toEqual([]);
    expect(lines).toEqual([]);
  });

  test('escapes in its HTML as the built-in one does', () => {
    own('new-device.html', '<p><%= it.device %></p>');
    const variables = { device: '<script>', ipAddress: '', at: '', userName: '' };
    const { html } = rendererOf(directory).render(message({ template: 'new-device', variables }));
    expect(html).toBe('<p>&lt;script&gt;</p>');
  });

  test('with broken files is told about at start, and the built-in ones are used', () => {
    own('reset.html', '<p><%= it.link ');
    own('reset.txt', '<%= it.nothing.there %>');
    own('locales/en.json', '{ "reset": ');
    own('locales/it.json', '{ "reset": { "subject": 7 } }');
    own('welcome.html', '<p>Hello</p>');
    const renderer = rendererOf(directory);
    const problems = renderer.check();
    expect(problems.map((problem) => problem.split(':', 1).join()).toSorted()).toEqual([
      'locales/en.json',
      'locales/it.json',
      'reset.html',
      'welcome.html',
    ]);
    const { subject, text, html } = renderer.render(message());
    expect(subject).toBe('A new password for Example & Sons');
    expect(text).toContain('http://localhost:4000/account/reset#token=ght_sesame');
    expect(html).toContain('Choose a new password');
    const passedOver = lines.filter((line) => line.includes('the built-in one is used'));
    expect(passedOver.some((line) => line.includes('reset.txt'))).toBe(true);
    expect(lines.join()).not.toContain('ght_');
    renderer.render(message());
    expect(lines.filter((line) => line.includes('the built-in one is used'))).toHaveLength(passedOver.length);
  });

  test('that is not there is told about', () => {
    expect(rendererOf(join(directory, 'missing')).check()).toEqual([
      `${join(directory, 'missing')}: there is no such directory.`,
    ]);
    expect(rendererOf(join(directory, 'missing')).render(message()).subject).toContain('new password');
  });

  test('cannot be left by the name of a template or language', () => {
    own('locales/secret.json', '{}');
    const renderer = rendererOf(join(directory, 'locales'));
    expect(() => renderer.render(message({ template: '../secret' }))).toThrow(TransportFailure);
    expect(renderer.render(message({ locale: '../secret' })).locale).toBe('en');
  });
});
