import { argon2Sync } from 'node:crypto';
import nodeRs from '@node-rs/argon2';
import portable from 'argon2';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Argon2, type Argon2Job, type Argon2Parameters, loadArgon2 } from '../../../src/crypto/argon2.ts';
import {
  decoyHash,
  hashPassword,
  needsRehash,
  parseHash,
  shortfall,
  verifyPassword,
} from '../../../src/crypto/password-hash.ts';
import { Secret } from '../../../src/crypto/secret.ts';

const cheap: Argon2Parameters = { memoryKib: 256, iterations: 2, parallelism: 1 };
const password = new Secret('correct horse battery staple');
const libraries = await Promise.all([loadArgon2('auto'), loadArgon2('portable')]);
const SALT = 'c29tZXNhbHRzb21lc2FsdA';
const DIGEST = 'A'.repeat(43);

const verifyText = async (argon2: Argon2, text: string, candidate: Secret<string>): Promise<boolean> => {
  const stored = parseHash(text);
  return stored !== null && verifyPassword(argon2, stored, candidate);
};

test('both libraries load here, and they are two', () => {
  expect(libraries.map(({ name }) => name)).toEqual(['@node-rs/argon2', 'argon2']);
});

describe.each(libraries)('password hashes of $name', (argon2) => {
  test('are argon2id PHC strings with a salt of their own', async () => {
    const [a, b] = [await hashPassword(argon2, password, cheap), await hashPassword(argon2, password, cheap)];
    expect(a).toMatch(/^\$argon2id\$v=19\$m=256,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(a).not.toBe(b);
  });

  test('verify the password and nothing else', async () => {
    const text = await hashPassword(argon2, password, cheap);
    expect(await verifyText(argon2, text, password)).toBe(true);
    for (const wrong of [
      '',
      'correct horse battery stapl',
      'correct horse battery staple ',
      'Correct horse battery staple',
    ]) {
      expect(await verifyText(argon2, text, new Secret(wrong))).toBe(false);
    }
  });

  test('are verified by the other library, by its own functions and by Node', async () => {
    const text = await hashPassword(argon2, password, cheap);
    expect(await nodeRs.verify(text, password.reveal())).toBe(true);
    expect(await portable.verify(text, password.reveal())).toBe(true);
    for (const other of libraries) {
      expect(await verifyText(other, text, password)).toBe(true);
    }
    const stored = parseHash(text);
    const nonce = stored?.salt ?? Buffer.alloc(16);
    const message = password.reveal();
    const options = { message, nonce, parallelism: 1, tagLength: 32, memory: 256, passes: 2 };
    expect(argon2Sync('argon2id', options)).toEqual(stored?.digest);
  });

  test("the libraries' own strings are read, in either order of the parameters", async () => {
    const options = { memoryCost: 256, timeCost: 2, parallelism: 1 };
    const texts = [await nodeRs.hash(password.reveal(), options), await portable.hash(password.reveal(), options)];
    expect(texts.map((text) => text.split('$')[3])).toEqual(['m=256,t=2,p=1', 'm=256,p=1,t=2']);
    for (const text of texts) {
      expect(await verifyText(argon2, text, password)).toBe(true);
    }
  });

  test('mean one password, however its characters were composed', async () => {
    const text = await hashPassword(argon2, new Secret('Ame\u0301lie ｆａｒ ①'), cheap);
    expect(await verifyText(argon2, text, new Secret('Am\u00E9lie far 1'))).toBe(true);
    expect(await verifyText(argon2, text, new Secret('Amelie far 1'))).toBe(false);
  });

  test('hold every byte of long passwords, and NUL ends none', async () => {
    const long = 'x'.repeat(900);
    const text = await hashPassword(argon2, new Secret(`${long}a\u0000b`), cheap);
    expect(await verifyText(argon2, text, new Secret(`${long}a\u0000b`))).toBe(true);
    expect(await verifyText(argon2, text, new Secret(`${long}a\u0000c`))).toBe(false);
    expect(await verifyText(argon2, text, new Secret(`${long}a`))).toBe(false);
  });

  test('never match a decoy', async () => {
    expect(await verifyPassword(argon2, decoyHash(cheap), password)).toBe(false);
  });
});

describe('stored hashes', () => {
  test.each([
    ['nothing', ''],
    ['bcrypt', '$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234'],
    ['argon2i', `$argon2i$v=19$m=256,t=2,p=1$${SALT}$${DIGEST}`],
    ['argon2d', `$argon2d$v=19$m=256,t=2,p=1$${SALT}$${DIGEST}`],
    ['an old version', `$argon2id$v=16$m=256,t=2,p=1$${SALT}$${DIGEST}`],
    ['no version', `$argon2id$m=256,t=2,p=1$${SALT}$${DIGEST}`],
    ['no digest', `$argon2id$v=19$m=256,t=2,p=1$${SALT}$`],
    ['a digest of one byte', `$argon2id$v=19$m=256,t=2,p=1$${SALT}$AA`],
    ['a missing parameter', `$argon2id$v=19$m=256,t=2$${SALT}$${DIGEST}`],
    ['a parameter twice', `$argon2id$v=19$m=256,t=2,t=2$${SALT}$${DIGEST}`],
    ['a fourth parameter', `$argon2id$v=19$m=256,t=2,p=1,x=1$${SALT}$${DIGEST}`],
    ['an empty parameter', `$argon2id$v=19$m=256,t=,p=1$${SALT}$${DIGEST}`],
    ['no passes', `$argon2id$v=19$m=256,t=0,p=1$${SALT}$${DIGEST}`],
    ['four terabytes of memory', `$argon2id$v=19$m=4294967295,t=2,p=1$${SALT}$${DIGEST}`],
    ['a million passes', `$argon2id$v=19$m=256,t=1000000,p=1$${SALT}$${DIGEST}`],
    ['more lanes than its memory allows', `$argon2id$v=19$m=16,t=1,p=4$${SALT}$${DIGEST}`],
    ['spare bits set in the digest', `$argon2id$v=19$m=256,t=2,p=1$${SALT}$${'A'.repeat(42)}B`],
    ['a line after it', `$argon2id$v=19$m=256,t=2,p=1$${SALT}$${DIGEST}\n`],
    ['a megabyte', `$argon2id$v=19$m=256,t=2,p=1$${'A'.repeat(1_000_000)}$${DIGEST}`],
  ])('with %s are not read', (_, text) => {
    expect(parseHash(text)).toBeNull();
    expect(needsRehash(text, cheap)).toBe(true);
  });

  test('the construction of those cases is right, so that their refusal means something', () => {
    expect(parseHash(`$argon2id$v=19$m=256,t=2,p=1$${SALT}$${DIGEST}`)).toMatchObject(cheap);
  });

  test('no text makes the parser throw', () => {
    const parts = fc.oneof(fc.constantFrom('argon2id', 'v=19', 'm=256,t=2,p=1', SALT, DIGEST, ''), fc.string());
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 7 }), (list) => {
        const stored = parseHash(list.join('$'));
        expect(stored === null || stored.digest.length >= 16).toBe(true);
      }),
    );
  });

  test.each([
    [{ memoryKib: 512 }, true],
    [{ iterations: 3 }, true],
    [{ parallelism: 2 }, true],
    [{}, false],
  ])('are renewed when the present parameters differ by %j: %j', async (change, renewed) => {
    const text = await hashPassword(libraries[0], password, cheap);
    expect(needsRehash(text, { ...cheap, ...change })).toBe(renewed);
  });

  test('with a short salt are renewed', () => {
    expect(needsRehash(`$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$${DIGEST}`, cheap)).toBe(true);
  });
});

const work = (cost: Argon2Parameters | null): number => (cost === null ? 0 : cost.memoryKib * cost.iterations);

describe('the shortfall of an older hash', () => {
  const parameters = fc.record({
    memoryKib: fc.integer({ min: 1024, max: 131_072 }),
    iterations: fc.integer({ min: 1, max: 10 }),
    parallelism: fc.constant(1),
  });
  test('makes the work of a failed verification that of the present parameters, whatever the older ones were', () => {
    fc.assert(
      fc.property(parameters, parameters, (stored, present) => {
        const missing = shortfall(stored, present);
        expect(missing === null).toBe(work(stored) >= work(present));
        const total = work(stored) + work(missing);
        expect(Math.abs(total - Math.max(work(stored), work(present)))).toBeLessThanOrEqual(16);
        expect(missing?.memoryKib ?? 0).toBeLessThanOrEqual(present.memoryKib);
      }),
    );
  });

  test('is one that the libraries can compute', async () => {
    const job: Argon2Job = {
      ...(shortfall(
        { memoryKib: 256, iterations: 2, parallelism: 1 },
        { memoryKib: 513, iterations: 1, parallelism: 1 },
      ) ?? cheap),
      salt: Buffer.alloc(16),
      length: 32,
    };
    expect(job.memoryKib).toBe(8);
    for (const { compute } of libraries) {
      expect(await compute(Buffer.from('x'), job)).toHaveLength(32);
    }
  });
});
