import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Outbound } from '../../../src/providers/outbound.ts';
import { OutboundError } from '../../../src/providers/provider-error.ts';
import { ReachableAddresses } from '../../../src/providers/reachable-addresses.ts';

describe('addresses that the server may call', () => {
  const open = new ReachableAddresses([]);

  test.each([
    '93.184.215.14',
    '2606:2800:21f:cb07:6820:80da:af6b:8b2c',
    '::ffff:93.184.215.14',
    '172.32.0.1',
    '100.128.0.1',
  ])('%s', (address) => {
    expect(open.includes(address, { loopback: false })).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'localhost',
    '127.1',
    '2130706433',
    '',
  ])('never %j', (address) => {
    expect(open.includes(address, { loopback: false })).toBe(false);
  });

  test('of private networks those that the settings name; of this machine those that were asked for', () => {
    const own = new ReachableAddresses(['10.0.0.0/8', 'fd00::/8']);
    expect(own.includes('10.1.2.3', { loopback: false })).toBe(true);
    expect(own.includes('fd00::1', { loopback: false })).toBe(true);
    expect(own.includes('192.168.1.1', { loopback: false })).toBe(false);
    expect(own.includes('127.0.0.1', { loopback: false })).toBe(false);
    expect(own.includes('127.0.0.1', { loopback: true })).toBe(true);
    expect(own.includes('::1', { loopback: true })).toBe(true);
    expect(own.includes('169.254.169.254', { loopback: true })).toBe(false);
  });
});

describe('a call', () => {
  let server: Server;
  let port = 0;
  let answer: RequestListener = (_request, response) => response.end('{}');
  let calls = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      calls += 1;
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const outbound = (more: Partial<ConstructorParameters<typeof Outbound>[0]> = {}) =>
    new Outbound({ allowedNetworks: [], timeoutMs: 300, loopback: true, ...more });

  const faultOf = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof OutboundError)) throw new Error(`Not refused: ${String(error)}`);
    return error.fault;
  };

  test('sends method, headers and body, and gives status, headers and body', async () => {
    answer = (request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        response.writeHead(201, { 'x-kind': 'test' });
        response.end(`${request.method} ${String(request.headers['x-given'])} ${text}`);
      });
    };
    const { status, headers, body } = await outbound().send(new URL(`http://127.0.0.1:${port}/x`), {
      method: 'POST',
      headers: { 'x-given': 'yes' },
      body: 'größe',
      loopback: true,
    });
    expect([status, headers.get('x-kind'), body.toString()]).toEqual([201, 'test', 'POST yes größe']);
  });

  test.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '127.1', '2130706433', '0x7f.1'])(
    'to %s needs an address of the settings on this machine, whatever the name resolves to',
    async (host) => {
      const before = calls;
      expect(await faultOf(outbound().send(new URL(`https://${host}:${port}/`)))).toBe('ADDRESS_REFUSED');
      expect(await faultOf(outbound().send(new URL(`http://${host}:${port}/`)))).toBe('ADDRESS_REFUSED');
      const production = outbound({ loopback: false });
      expect(await faultOf(production.send(new URL(`http://${host}:${port}/`), { loopback: true }))).toBe(
        'ADDRESS_REFUSED',
      );
      expect(calls).toBe(before);
    },
  );

  test.each([
    'ftp://example.org/',
    'file:///etc/passwd',
    'http://example.org/',
    'https://user:secret@example.org/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00:ec2::254]/',
  ])('to %s is refused before anything is sent', async (address) => {
    expect(await faultOf(outbound().send(new URL(address), { loopback: true }))).toBe('ADDRESS_REFUSED');
  });

  test('follows no redirect', async () => {
    answer = (_request, response) => {
      response.writeHead(307, { location: 'https://169.254.169.254/' });
      response.end();
    };
    expect(await faultOf(outbound().send(new URL(`http://127.0.0.1:${port}/`), { loopback: true }))).toBe('REDIRECTED');
  });

  test('ends at its time although the answer goes on, and when its caller gives up', async () => {
    answer = (_request, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    };
    const address = new URL(`http://127.0.0.1:${port}/`);
    expect(await faultOf(outbound().send(address, { loopback: true }))).toBe('TIMED_OUT');
    const signal = AbortSignal.timeout(50);
    expect(await faultOf(outbound({ timeoutMs: 60_000 }).send(address, { loopback: true, signal }))).toBe('TIMED_OUT');
  });

  test('reads 256 KiB and not a byte more', async () => {
    const address = new URL(`http://127.0.0.1:${port}/`);
    let size = 256 * 1024;
    answer = (_request, response) => {
      response.writeHead(200); // chunked: the length is not announced
      response.end(Buffer.alloc(size, 0x20));
    };
    expect((await outbound({ timeoutMs: 5000 }).send(address, { loopback: true })).body.length).toBe(size);
    size += 1;
    expect(await faultOf(outbound({ timeoutMs: 5000 }).send(address, { loopback: true }))).toBe('TOO_LARGE');
  });
});
