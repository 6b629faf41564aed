import { describe, expect, test } from 'vitest';
import { Network, parseAddress } from '../../../src/permissions/networks.ts';

const contains = (range: string, address: string): boolean => {
  const network = Network.parse(range);
  const parsed = parseAddress(address);
  return network !== null && parsed !== null && network.contains(parsed);
};

const includes = (outer: string, inner: string): boolean => {
  const [a, b] = [Network.parse(outer), Network.parse(inner)];
  return a !== null && b !== null && a.includes(b);
};

describe('a range of addresses', () => {
  test.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['10.1.2.3/9', '10.127.0.1', true],
    ['10.1.2.3/9', '10.128.0.0', false],
    ['192.0.2.7/32', '192.0.2.7', true],
    ['192.0.2.7/32', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['2001:DB8:0:0::/32', '2001:db8::ff', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::1/128', '::1', true],
  ])('%s and %s: %s', (range, address, expected) => {
    expect(contains(range, address)).toBe(expected);
  });

  test.each(['::ffff:10.1.2.3', '::FFFF:0a01:0203', '0:0:0:0:0:ffff:10.1.2.3'])(
    'takes %s, IPv4 written as IPv6, for IPv4',
    (address) => {
      expect(contains('10.0.0.0/8', address)).toBe(true);
      expect(contains('11.0.0.0/8', address)).toBe(false);
      expect(contains('::/0', address)).toBe(false);
    },
  );

  test('may itself be written as mapped IPv6', () => {
    expect(contains('::ffff:10.0.0.0/104', '10.9.9.9')).toBe(true);
    expect(contains('::ffff:10.0.0.0/104', '11.0.0.1')).toBe(false);
    expect(contains('::ffff:0:0/96', '203.0.113.9')).toBe(true);
  });

  test('holds addresses of its own family only', () => {
    expect(contains('0.0.0.0/0', '2001:db8::1')).toBe(false);
    expect(contains('::/0', '203.0.113.9')).toBe(false);
    expect(contains('64:ff9b::/96', '10.0.0.1')).toBe(false);
  });

  test.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0/8',
    '10.0.0.0/8 ',
    '10.0.0.0/8/8',
    '010.0.0.0/8',
    '2001:db8::/129',
    'fe80::1%eth0/64',
    '::ffff:10.0.0.0/8',
    'localhost/8',
    '/8',
    '',
    '10.0.0.0/',
    '10.0.0.0/8\n',
    '0x0a000000/8',
  ])('is not read from %j', (text) => {
    expect(Network.parse(text)).toBeNull();
  });

  test.each(['', 'localhost', '10.0.0', '10.0.0.256', '1::2::3', '10.0.0.1/8', 'unknown'])(
    'an address is not read from %j',
    (text) => {
      expect(parseAddress(text)).toBeNull();
    },
  );

  test.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.0.0.0/8', '11.0.0.0/16', false],
    ['0.0.0.0/0', '10.0.0.0/8', true],
    ['::/0', '10.0.0.0/8', false],
    ['::/0', '2001:db8::/32', true],
    ['10.0.0.0/8', '::ffff:10.1.0.0/112', true],
  ])('%s includes %s: %s', (outer, inner, expected) => {
    expect(includes(outer, inner)).toBe(expected);
  });
});
