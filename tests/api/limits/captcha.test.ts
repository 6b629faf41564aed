import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CaptchaRequiredDocument, SignInWithCaptchaDocument } from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

/** A service that speaks siteverify: the answer `solved` is right, once. */
const asked: URLSearchParams[] = [];
let mode: 'works' | 'broken' | 'huge' | 'cut' = 'works';
const service = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    asked.push(form);
    if (mode === 'broken') response.writeHead(503).end();
    else if (mode === 'cut') request.socket.destroy();
    else if (mode === 'huge') response.end('x'.repeat(10_000_000));
    else response.end(JSON.stringify({ success: form.get('response') === 'solved' && form.get('secret') === 'hush' }));
  });
});

describe('a captcha', () => {
  let app: TestApp;
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    app = await startTestApp({
      settings: {
        'rates.enabled': 'true',
        'rates.delayAfter': '1000',
        'captcha.url': `http://127.0.0.1:${(service.address() as AddressInfo).port}/siteverify`,
        'captcha.secret': 'hush',
        'captcha.afterFailures': '3',
      },
    });
    await makePerson(app, { email: 'person@captcha.example' });
  });
  afterAll(async () => {
    await app.close();
    service.closeAllConnections();
    service.close();
  });
  const attempt = async (captchaToken: string | null, password = PASSWORD) => {
    const input = { identifier: 'person@captcha.example', password, delivery: 'BODY', captchaToken } as const;
    const { data } = await app.anonymous().send(SignInWithCaptchaDocument, { input });
    return [data.signIn?.step, ...(data.signIn?.errors.map((error) => error.code) ?? [])];
  };
  const isRequired = async () =>
    (await app.anonymous().send(CaptchaRequiredDocument, {})).data.signInOptions?.captchaRequired;

  test('is asked for after so many failures of the network, before the password is looked at', async () => {
    expect(await isRequired()).toBe(false);
    expect(await attempt(null)).toEqual(['COMPLETE']);
    for (let time = 0; time < 3; time += 1) {
      expect(await attempt(null, 'quite the wrong password')).toEqual(['FAILED', 'INVALID_CREDENTIALS']);
    }
    expect(await isRequired()).toBe(true);
    expect(asked).toEqual([]);
    expect(await attempt(null)).toEqual(['FAILED', 'CAPTCHA_REQUIRED']);
    expect(await attempt('not solved')).toEqual(['FAILED', 'CAPTCHA_REQUIRED']);
    expect(await attempt('solved')).toEqual(['COMPLETE']);
    expect(asked.at(-1)?.get('remoteip')).toBe('127.0.0.1');
  });

  test('keeps nobody out while its service is away or talks nonsense', async () => {
    for (const broken of ['broken', 'huge', 'cut'] as const) {
      mode = broken;
      expect(await attempt('whatever')).toEqual(['COMPLETE']);
    }
    mode = 'works';
    expect(app.log.join('\n')).toContain('the captcha provider cannot be asked');
    expect(app.log.join('\n')).not.toContain('hush');
  });
});
