import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AddressResolver } from '../../../src/providers/address-resolver.ts';
import { DnsAddressResolver } from '../../../src/providers/address-resolver.ts';
import { startDnsServer } from '../../support/dns-server.ts';
import { useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import { makeWebhook, mutate } from '../../support/webhooks.ts';

/** A name server that answers as it likes, another time otherwise. */
class LyingResolver implements AddressResolver {
  readonly asked: string[] = [];
  answers: readonly (readonly string[])[] = [];

  async addressesOf(name: string): Promise<readonly LookupAddress[]> {
    const answer = this.answers[Math.min(this.asked.length, this.answers.length - 1)] ?? [];
    this.asked.push(name);
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }
}

describe('addresses of webhooks (DNS rebinding)', () => {
  const addressResolver = new LyingResolver();
  const app = useTestApp({
    settings: { 'webhooks.allowHttp': 'true', 'webhooks.timeoutSeconds': '2s' },
    addressResolver,
  });
  const cast = useCast(app);
  let victim: Server;
  let port = 0;
  let connections = 0;

  beforeAll(async () => {
    victim = createServer((_request, response) => response.end('internal'));
    victim.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => victim.listen(0, '127.0.0.1', resolve));
    port = (victim.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => victim.close(resolve)));
  beforeEach(() => {
    connections = 0;
    addressResolver.asked.length = 0;
  });

  const tested = async (url: string) => {
    const { id } = await makeWebhook(cast().admin, { url });
    const { payload } = await mutate(cast().admin, 'testWebhook', { id });
    await mutate(cast().admin, 'deleteWebhook', { id });
    return payload?.delivery;
  };

  const refusal = {
    state: 'DEAD',
    responseStatus: null,
    failure: 'Its address is not public, or not https, and the settings do not allow it.',
  };

  test.each([
    [['127.0.0.1']],
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['100.64.0.1']],
    [['0.0.0.0']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['fd00:ec2::254']],
    [['fe80::1']],
    // One forbidden answer among several: the connection would choose.
    [['203.0.113.7', '127.0.0.1']],
    [['93.184.215.14', '127.0.0.1']],
    [['127.0.0.1', '93.184.215.14']],
  ])('a name that leads to %s is not connected to', async (answer) => {
    addressResolver.answers = [answer];
    expect(await tested(`http://receiver.example:${port}/`)).toMatchObject(refusal);
    expect(connections).toBe(0);
  });

  test('a name is asked for once in a try, and what was checked is what is connected to', async () => {
    // The first answer is public, every other one leads here: who asked twice would end here.
    addressResolver.answers = [['192.0.2.1'], ['127.0.0.1']];
    expect(await tested(`http://receiver.example:${port}/`)).toMatchObject(refusal);
    expect(addressResolver.asked).toEqual(['receiver.example']);
    expect(connections).toBe(0);
  });

  test('an address that was taken before the settings forbade it is refused when it is called', async () => {
    const { id } = await makeWebhook(cast().admin, { url: 'http://receiver.example/' });
    for (const url of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `ftp://receiver.example/`]) {
      addressResolver.answers = [['127.0.0.1']];
      await app().database.query('update webhooks set url = $2 where id = $1', [id, url]);
      const { payload } = await mutate(cast().admin, 'testWebhook', { id });
      expect([url, payload?.delivery]).toMatchObject([url, refusal]);
    }
    expect(connections).toBe(0);
  });

  test('a name without an address says so', async () => {
    addressResolver.answers = [[]];
    expect(await tested('http://nobody.example/')).toMatchObject({ failure: 'Its name could not be resolved.' });
  });

  test('a name server that stays silent holds nothing but the try', { timeout: 15_000 }, async () => {
    const dns = await startDnsServer();
    dns.silent = true;
    const resolver = new DnsAddressResolver([dns.address]);
    const began = Date.now();
    const asked = Promise.all(Array.from({ length: 20 }, (_, index) => resolver.addressesOf(`n${index}.example`)));
    // The pool of threads stays free: a password is hashed meanwhile.
    const { Secret } = await import('../../../src/crypto/secret.ts');
    await app().services.hasher.hash(new Secret('correct horse battery staple'));
    expect(Date.now() - began).toBeLessThan(2000);
    expect((await asked).flat()).toEqual([]);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(await resolver.addressesOf('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 });
    await dns.close();
  });
});
