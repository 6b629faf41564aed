import { request } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MessageId } from '../../../src/ids.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const HOSTILE = '<script>alert(1)</script>"\'';

describe('/dev/mail', () => {
  const app = useTestApp();
  let id: MessageId;

  const send = async (recipient: string, userName = 'Ada'): Promise<MessageId> => {
    const made = await app().database.transaction((em) =>
      app().services.messages.enqueue(em, {
        template: 'new-device',
        recipient,
        userId: null,
        userName,
        locale: 'en',
        variables: { device: HOSTILE, ipAddress: '192.0.2.7', at: '2026-03-01T16:45:00Z' },
      }),
    );
    await app().services.messageWorker.deliver([made]);
    return made;
  };
  const get = async (path: string): Promise<{ status: number; headers: Headers; body: string }> => {
    const response = await fetch(`${app().url}${path}`);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

  beforeAll(async () => {
    id = await send('captured@example.com');
  });

  test('lists what was captured, newest first, without any script', async () => {
    const second = await send('second@example.com');
    const { status, headers, body } = await get('/dev/mail');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'self'; frame-src 'self';/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.indexOf(second)).toBeGreaterThan(0);
    expect(body.indexOf(second)).toBeLessThan(body.indexOf(id));
    expect(body).not.toMatch(/<script| style=| on\w+=/i);
    expect((await get('/dev/mail.css')).headers.get('content-type')).toBe('text/css; charset=utf-8');
  });

  test('shows a message as text with links, and as HTML in a sandbox of its own', async () => {
    const { body } = await get(`/dev/mail/${id}`);
    expect(body).toContain('captured@example.com');
    expect(body).toContain(`<iframe src="/dev/mail/${id}/html" title="The mail" sandbox="allow-popups `);
    expect(body).not.toContain('<script>');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    const html = await get(`/dev/mail/${id}/html`);
    expect(html.headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*sandbox allow-popups/);
    expect(html.headers.get('content-security-policy')).not.toMatch(/allow-scripts|allow-same-origin|script-src/);
    expect(html.body).toContain('A sign-in from a new device');
    expect(html.body).not.toContain('<script>');
  });

  test('makes links of the text clickable', async () => {
    const link = 'http://localhost:4000/account/reset#token=ght_sesame';
    const made = await app().database.transaction((em) =>
      app().services.messages.enqueue(em, {
        template: 'reset',
        recipient: 'link@example.com',
        userId: null,
        userName: '',
        locale: 'en',
        variables: { link, expiresAt: '2026-03-01T16:45:00Z' },
      }),
    );
    await app().services.messageWorker.deliver([made]);
    const { body } = await get(`/dev/mail/${made}`);
    expect(body).toContain(`<a href="${link}" target="_blank" rel="noreferrer">${link}</a>`);
  });

  test('has a twin for programs', async () => {
    const messages = (await (await fetch(`${app().url}/dev/mail.json`)).json()) as { id: string; subject: string }[];
    expect(messages.find((message) => message.id === id)).toMatchObject({
      recipient: 'captured@example.com',
      template: 'new-device',
      subject: 'New sign-in at Gatehouse',
      variables: { device: HOSTILE },
    });
  });

  test('answers 404 for a message that is not there', async () => {
    for (const path of ['/dev/mail/nothing', '/dev/mail/nothing/html']) {
      expect((await get(path)).status).toBe(404);
    }
  });

  test('is not shown under a foreign name, as a page of another site would ask for it', async () => {
    const { port } = new URL(app().url);
    const status = await new Promise<number>((resolve, reject) => {
      request(
        { host: '127.0.0.1', port, path: '/dev/mail.json', headers: { host: `evil.example:${port}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  test('is not shown through a tunnel that ends on this machine', async () => {
    for (const path of ['/dev/mail', '/dev/mail.json', `/dev/mail/${id}`]) {
      const response = await fetch(`${app().url}${path}`, { headers: { 'x-forwarded-for': '203.0.113.9' } });
      expect([response.status, await response.text()]).toEqual([403, expect.not.stringContaining('captured@')]);
    }
  });

  test.each([
    ['in staging', { environment: 'staging', 'mail.transport': 'inbox' }],
    ['without captured messages', { 'mail.transport': 'none', 'mail.smsTransport': 'none' }],
  ])('does not exist %s', async (_when, settings: Record<string, string>) => {
    const other = await startTestApp({ settings, beside: app() });
    expect((await fetch(`${other.url}/dev/mail`)).status).toBe(404);
    expect((await fetch(`${other.url}/dev/mail.json`)).status).toBe(404);
    await other.close();
  });
});
