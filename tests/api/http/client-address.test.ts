import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { startTestApp, type TestApp, useTestApp } from '../../support/test-app.ts';
import { getPath } from './raw-requests.ts';

/** The address that a session begun with these headers has. */
const addressSeen = async (app: TestApp, headers: Readonly<Record<string, string>>): Promise<string | undefined> => {
  const email = `${randomUUID()}@address.example`;
  await makePerson(app, { email });
  const client = app.anonymous(headers);
  const { data } = await client.send(SignInDocument, {
    input: { identifier: email, password: PASSWORD, delivery: 'BODY' },
  });
  const bearer = client.with({ authorization: `Bearer ${data.signIn?.tokens?.accessToken ?? ''}` });
  return (await bearer.send(ViewerDocument, {})).data.viewer?.session?.ipAddress;
};

describe('without trusted proxies', () => {
  const app = useTestApp();

  test.each([
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '203.0.113.9, 127.0.0.1' },
    { forwarded: 'for=203.0.113.9' },
    { 'x-real-ip': '203.0.113.9' },
    { 'true-client-ip': '203.0.113.9' },
  ])('nobody chooses the address that a session is known by: %j', async (headers) => {
    expect(await addressSeen(app(), headers)).toBe('127.0.0.1');
  });

  test.each([
    { 'x-forwarded-for': '203.0.113.9' },
    { 'x-forwarded-for': '127.0.0.1' },
    { forwarded: 'for=203.0.113.9' },
    { via: '1.1 tunnel' },
  ])('what a proxy or tunnel on this machine brings is not of this machine: %j', async (headers) => {
    expect((await getPath(app(), '/metrics')).status).toBe(200);
    expect((await getPath(app(), '/metrics', headers)).status).toBe(401);
    expect((await getPath(app(), '/errors', headers)).status).toBe(401);
  });
});

describe('behind trusted proxies', () => {
  const app = useTestApp({ settings: { 'server.trustedProxies': '127.0.0.0/8,10.0.0.0/8' } });

  test.each([
    ['the only address', '203.0.113.9', '203.0.113.9'],
    [
      'the last one that no proxy of ours has, counted from the right',
      '198.51.100.1, 203.0.113.9, 10.1.2.3',
      '203.0.113.9',
    ],
    ['not what the client wrote in front of it', '127.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['IPv4 mapped into IPv6, as IPv4', '::ffff:203.0.113.9', '203.0.113.9'],
    ['IPv4 mapped into IPv6 in capitals', '::FFFF:203.0.113.9', '203.0.113.9'],
    ['IPv4 mapped into IPv6 in hexadecimal', '::ffff:cb00:7109', '203.0.113.9'],
    ['IPv4 without the port that a proxy wrote to it', '203.0.113.9:4711', '203.0.113.9'],
    ['IPv6 without brackets and port', '[2001:db8::1]:4711', '2001:db8::1'],
    ['IPv6 in its one spelling', '2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['IPv6 with leading zeros', '2001:0db8:0000::0001', '2001:db8::1'],
  ])('the client is %s', async (_name, forwarded, address) => {
    expect(await addressSeen(app(), { 'x-forwarded-for': forwarded })).toBe(address);
  });

  test.each(['unknown', '_hidden', '999.1.1.1', '203.0.113.9:4711:1', `'; drop table sessions; --`, 'x'.repeat(300)])(
    'a header that holds no address never makes the server fail: %j',
    async (forwarded) => {
      const seen = await addressSeen(app(), { 'x-forwarded-for': forwarded });
      expect(seen).toBe('127.0.0.1');
    },
  );

  test('who comes from elsewhere does not read metrics that are for this machine', async () => {
    expect((await getPath(app(), '/metrics')).status).toBe(200);
    expect((await getPath(app(), '/metrics', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(401);
    expect((await getPath(app(), '/metrics', { 'x-forwarded-for': '127.0.0.1, 203.0.113.9' })).status).toBe(401);
    expect((await getPath(app(), '/metrics', { 'x-forwarded-for': '127.0.0.1' })).status).toBe(200);
    // A proxy that does not tell whose request it brings.
    expect((await getPath(app(), '/metrics', { via: '1.1 proxy' })).status).toBe(401);
  });
});

describe('behind a proxy that is not this one', () => {
  test('forwarded addresses of strangers are not believed', async () => {
    const app = await startTestApp({ settings: { 'server.trustedProxies': '10.0.0.0/8' } });
    try {
      expect(await addressSeen(app, { 'x-forwarded-for': '203.0.113.9' })).toBe('127.0.0.1');
    } finally {
      await app.close();
    }
  });
});
