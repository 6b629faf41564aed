import { describe, expect, test } from 'vitest';
import { deviceNameOf } from '../../../src/services/user-agent.ts';

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0';

describe('the name of a device', () => {
  test.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox on Linux'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`, 'Chrome on Windows'],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36 Edg/141.0.0.0`, 'Microsoft Edge on Windows'],
    [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${CHROME} Mobile Safari/537.36`, 'Chrome on Android'],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      'Safari on iOS',
    ],
  ])('of a browser is browser and system: %s', async (userAgent, name) => {
    expect(await deviceNameOf(userAgent)).toBe(name);
  });

  test.each([
    ['curl/8.5.0', 'curl'],
    ['node', 'node'],
    ['Go-http-client/1.1', 'Go-http-client'],
    ['python-requests/2.31.0', 'python-requests'],
    ['PostmanRuntime/7.36.0', 'PostmanRuntime'],
    ['ShopApp/2.1 (iPhone; iOS 17.5)', 'ShopApp on iOS'],
  ])('of a program is its own: %s', async (userAgent, name) => {
    expect(await deviceNameOf(userAgent)).toBe(name);
  });

  test.each([null, '', '   ', 'Mozilla/5.0', '\0', '/8.5', '(', '\ud800', '+39 123 456'])(
    'is a plain one where there is nothing to tell: %j',
    async (userAgent) => {
      expect(await deviceNameOf(userAgent)).toBe('Unknown device');
    },
  );

  test.each([
    'Your account is blocked, call +39 02 1234567/1 now',
    'https://evil.example/login please',
    '<a href="https://evil.example">here</a>/1.0 x',
    'evil.example/1.0',
    `${'a'.repeat(100_000)}/1`,
    `Mozilla/5.0 (${'('.repeat(100_000)}`,
    'Chrome/1 '.repeat(20_000),
  ])('never repeats what somebody wants a mail to say: %#', async (userAgent) => {
    const begun = performance.now();
    const name = await deviceNameOf(userAgent);
    expect(performance.now() - begun).toBeLessThan(500);
    expect(name).toMatch(/^[\w -]{1,80}$/);
    expect(name.split(' ').length).toBeLessThanOrEqual(6);
    expect(name).not.toMatch(/\d{3}|blocked|http|href/);
  });
});
