import { describe, expect, test } from 'vitest';
import { VerifiedTokenCache } from '../../../src/crypto/verified-token-cache.ts';
import { claims, NOW, NOW_SECONDS } from './jwt-fixtures.ts';
import { printed } from './printed.ts';

const at = (seconds: number): Date => new Date(seconds * 1000);

describe('the cache of verified tokens', () => {
  test('gives the claims of a remembered token, and of no other', () => {
    const cache = new VerifiedTokenCache();
    cache.set('a token', claims);
    expect(cache.get('a token', NOW)).toEqual(claims);
    expect(cache.get('a token ', NOW)).toBeNull();
    expect(cache.get('', NOW)).toBeNull();
  });

  test('never gives an expired token, and forgets it', () => {
    const cache = new VerifiedTokenCache();
    cache.set('a token', { ...claims, exp: NOW_SECONDS + 10 });
    expect(cache.get('a token', at(NOW_SECONDS + 9))).not.toBeNull();
    expect(cache.get('a token', at(NOW_SECONDS + 10))).toBeNull();
    expect(cache.size).toBe(0);
    expect(cache.get('a token', NOW)).toBeNull();
  });

  test('holds no more than its limit, and drops what was used longest ago', () => {
    const cache = new VerifiedTokenCache(3);
    for (const token of ['a', 'b', 'c']) {
      cache.set(token, { ...claims, jti: token });
    }
    cache.get('a', NOW);
    cache.set('d', { ...claims, jti: 'd' });
    expect(cache.size).toBe(3);
    expect(['a', 'b', 'c', 'd'].map((token) => cache.get(token, NOW)?.jti ?? null)).toEqual(['a', null, 'c', 'd']);
  });

  test('holds 10,000 by default, whatever comes', () => {
    const cache = new VerifiedTokenCache();
    for (let number = 0; number < 10_500; number += 1) {
      cache.set(`token ${number}`, claims);
    }
    expect(cache.size).toBe(10_000);
    expect(cache.get('token 499', NOW)).toBeNull();
    expect(cache.get('token 500', NOW)).not.toBeNull();
  });

  test('takes a token again without growing', () => {
    const cache = new VerifiedTokenCache(2);
    cache.set('a', claims);
    cache.set('a', { ...claims, jti: 'newer' });
    expect([cache.size, cache.get('a', NOW)?.jti]).toEqual([1, 'newer']);
  });

  test('shares claims that nobody can change', () => {
    const cache = new VerifiedTokenCache();
    const own = { ...claims };
    cache.set('a', own);
    own.sub = 'somebody else';
    expect(cache.get('a', NOW)?.sub).toBe(claims.sub);
    expect(Object.isFrozen(cache.get('a', NOW))).toBe(true);
  });

  test('is empty after a key was withdrawn', () => {
    const cache = new VerifiedTokenCache();
    cache.set('a', claims);
    cache.clear();
    expect([cache.size, cache.get('a', NOW)]).toEqual([0, null]);
  });

  test('holds and prints no token', () => {
    const cache = new VerifiedTokenCache();
    cache.set('header.payload.signature', claims);
    expect(printed(cache)).not.toContain('header.payload');
  });

  test.each([0, -1, 1.5, Number.NaN])('cannot have room for %d tokens', (limit) => {
    expect(() => new VerifiedTokenCache(limit)).toThrow(RangeError);
  });
});
