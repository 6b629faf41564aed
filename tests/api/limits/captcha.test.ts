import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CaptchaRequiredDocument, SignInWithCaptchaDocument } from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { Way } from '../../support/way.ts';

/** A service that speaks siteverify: the answer `solved` is right, once. */
const asked: URLSearchParams[] = [];
let mode: 'works' | 'broken' | 'huge' | 'cut' | 'half' = 'works';
const service = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    asked.push(form);
    if (mode === 'broken') response.writeHead(503).end();
    else if (mode === 'cut') request.socket.destroy();
    else if (mode === 'half') response.write('{ "success": ');
    else if (mode === 'huge') response.end('x'.repeat(10_000_000));
    else response.end(JSON.stringify({ success: form.get('response') === 'solved' && form.get('secret') === 'hush' }));
  });
});

describe('a captcha', () => {
  let app: TestApp;
  let way: Way;
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    way = await Way.open();
    const url = await way.leadTo(`http://127.0.0.1:${(service.address() as AddressInfo).port}/siteverify`);
    app = await startTestApp({
      settings: {
        'rates.enabled': 'true',
        'rates.delayAfter': '1000',
        'captcha.url': url,
        'captcha.secret': 'hush',
        'captcha.afterFailures': '3',
      },
    });
    await makePerson(app, { email: 'person@captcha.example' });
  });
  afterAll(async () => {
    await app.close();
    await way.close();
    service.closeAllConnections();
    service.close();
  });
  const attempt = async (captchaToken: string | null, password = PASSWORD) => {
    const input = { identifier: 'person@captcha.example', password, delivery: 'BODY', captchaToken } as const;
    const { data } = await app.anonymous().send(SignInWithCaptchaDocument, { input });
    return [data.signIn?.step, ...(data.signIn?.errors.map((error) => error.code) ?? [])];
  };
  const timed = async <T>(work: () => Promise<T>): Promise<readonly [result: T, ms: number]> => {
    const began = performance.now();
    return [await work(), performance.now() - began];
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

  test.each([
    ['lets connect and never answers', () => way.freeze()],
    ['begins its answer and never ends it', () => void (mode = 'half')],
  ])('of a service that %s holds an answer for five seconds, and nothing else', async (_how, harm) => {
    expect(await isRequired()).toBe(true);
    harm();
    const answering = Promise.all([
      timed(() => attempt('whatever')),
      timed(() => attempt('whatever')),
      timed(() => attempt('whatever', 'quite the wrong password')),
    ]);
    // Whoever brings no answer, or asks for something else, does not wait for it.
    const others = await Promise.all([timed(() => attempt(null)), timed(isRequired)]);
    expect(others.map(([result]) => result)).toEqual([['FAILED', 'CAPTCHA_REQUIRED'], true]);
    for (const [, ms] of others) expect(ms).toBeLessThan(2500);
    const answers = await answering;
    expect(answers.map(([result]) => result)).toEqual([['COMPLETE'], ['COMPLETE'], ['FAILED', 'INVALID_CREDENTIALS']]);
    for (const [, ms] of answers) {
      expect(ms).toBeGreaterThan(4500);
      expect(ms).toBeLessThan(8000);
    }
    way.heal();
    mode = 'works';
    const back = await Promise.all([timed(() => attempt('solved')), timed(() => attempt('not solved'))]);
    expect(back.map(([result]) => result)).toEqual([['COMPLETE'], ['FAILED', 'CAPTCHA_REQUIRED']]);
    for (const [, ms] of back) expect(ms).toBeLessThan(2500);
  });
});
