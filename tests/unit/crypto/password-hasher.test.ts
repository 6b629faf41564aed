import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Argon2Module from '../../../src/crypto/argon2.ts';
import type { Argon2Choice, Argon2Job, Argon2Parameters } from '../../../src/crypto/argon2.ts';
import { PasswordHasher } from '../../../src/crypto/password-hasher.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { Failure } from '../../../src/errors.ts';
import { FOREIGN, FOREIGN_PASSWORD } from '../../support/foreign-hashes.ts';
import { printed } from './printed.ts';

/** What was computed, seen at the border to the library. */
const computed: Argon2Job[] = [];

vi.mock('../../../src/crypto/argon2.ts', async (importOriginal) => {
  const original = await importOriginal<typeof Argon2Module>();
  return {
    ...original,
    loadArgon2: async (choice: Argon2Choice) => {
      const argon2 = await original.loadArgon2(choice);
      return {
        name: argon2.name,
        compute: (password: Buffer, job: Argon2Job) => {
          computed.push(job);
          return argon2.compute(password, job);
        },
      };
    },
  };
});

const parameters: Argon2Parameters = { memoryKib: 256, iterations: 2, parallelism: 1 };
const make = (changes: Partial<ConstructorParameters<typeof PasswordHasher>[0]> = {}): PasswordHasher =>
  new PasswordHasher({ parameters, implementation: 'auto', concurrency: 2, limit: 50, ...changes });
const right = new Secret('correct horse battery staple');
const wrong = new Secret('incorrect horse battery staple');
const cost = (jobs: readonly Argon2Job[]): number =>
  jobs.reduce((sum, { memoryKib, iterations }) => sum + memoryKib * iterations, 0);

beforeEach(() => {
  computed.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the password hasher', () => {
  test('verifies what it hashed', async () => {
    const hasher = make();
    const hash = await hasher.hash(right);
    expect([await hasher.verify(hash, right), await hasher.verify(hash, wrong)]).toEqual([true, false]);
    expect(hasher.needsRehash(hash)).toBe(false);
  });

  test.each([
    ['auto', '@node-rs/argon2'],
    ['portable', 'argon2'],
  ] as const)('set to %s uses %s', async (implementation, name) => {
    const hasher = make({ implementation });
    expect(hasher.implementationName).toBe('none');
    await hasher.ready();
    expect(hasher.implementationName).toBe(name);
  });

  test('an account that does not exist costs one computation with the present parameters', async () => {
    const hasher = make();
    expect(await hasher.verify(null, right)).toBe(false);
    expect(computed).toHaveLength(1);
    expect(computed[0]).toMatchObject({ ...parameters, length: 32 });
    expect(computed[0]?.salt).toHaveLength(16);
  });

  test('a wrong password, an unknown account, a foreign hash and an empty one take the same path', async () => {
    const hasher = make();
    const hash = await hasher.hash(right);
    const seen = [];
    for (const stored of [hash, null, '$2b$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234', '']) {
      computed.length = 0;
      expect(await hasher.verify(stored, wrong)).toBe(false);
      seen.push(
        computed.map(({ memoryKib, iterations, parallelism, length, salt }) => [
          memoryKib,
          iterations,
          parallelism,
          length,
          salt.length,
        ]),
      );
    }
    expect(seen).toEqual(Array.from({ length: 4 }, () => [[256, 2, 1, 32, 16]]));
  });

  test('a foreign hash costs the same argon2id beside it, whether the password is wrong or right and renews it', async () => {
    const hasher = make();
    for (const { text } of FOREIGN.filter((one) => !one.text.startsWith('$argon2id$'))) {
      computed.length = 0;
      expect(await hasher.verify(text, wrong)).toBe(false);
      expect(cost(computed)).toBe(512);
      computed.length = 0;
      expect(await hasher.verify(text, new Secret(FOREIGN_PASSWORD))).toBe(true);
      expect(hasher.needsRehash(text)).toBe(true);
      await hasher.hash(new Secret(FOREIGN_PASSWORD));
      expect(cost(computed)).toBe(512);
    }
  });

  test('a password beyond the maximum is not right for a foreign hash either', async () => {
    const [first] = FOREIGN;
    expect(await make({ maximumBytes: 8 }).verify(first?.text ?? '', new Secret(FOREIGN_PASSWORD))).toBe(false);
  });

  test('after the parameters were raised an older hash costs as much as an unknown account, and is renewed', async () => {
    const old = await make().hash(right);
    const raised = make({ parameters: { memoryKib: 1024, iterations: 3, parallelism: 1 } });
    computed.length = 0;
    expect(await raised.verify(old, wrong)).toBe(false);
    const ofOld = cost(computed);
    computed.length = 0;
    expect(await raised.verify(null, wrong)).toBe(false);
    expect(Math.abs(ofOld - cost(computed))).toBeLessThanOrEqual(16);
    expect(await raised.verify(old, right)).toBe(true);
    expect(raised.needsRehash(old)).toBe(true);
  });

  test('a password beyond the maximum is never right, costs the same, and is not hashed', async () => {
    const hasher = make({ maximumBytes: 64 });
    const hash = await hasher.hash(new Secret('é'.repeat(32)));
    expect(await hasher.verify(hash, new Secret('é'.repeat(32)))).toBe(true);
    const tooLong = new Secret('é'.repeat(33));
    computed.length = 0;
    expect([await hasher.verify(hash, tooLong), await hasher.verify(null, tooLong)]).toEqual([false, false]);
    expect(computed.map(({ memoryKib }) => memoryKib)).toEqual([256, 256]);
    await expect(hasher.hash(tooLong)).rejects.toThrow(RangeError);
    await expect(hasher.hash(new Secret('\uFDFA'.repeat(20)))).rejects.toThrow(RangeError);
    expect(await hasher.verify(hash, new Secret('x'.repeat(1_000_000)))).toBe(false);
  });

  test('the empty password that stands for a too long one opens no account', async () => {
    const hasher = make({ maximumBytes: 64 });
    const hash = await hasher.hash(new Secret(''));
    expect(await hasher.verify(hash, new Secret('x'.repeat(65)))).toBe(false);
  });

  test('a flood is served up to the bound and turned away beyond it', async () => {
    const hasher = make({ concurrency: 2, limit: 3 });
    await hasher.ready();
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => hasher.verify(null, right)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(7);
    for (const { reason } of refused) {
      expect(reason).toBeInstanceOf(Failure);
      expect(reason).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { retryAfterSeconds: 1 } });
    }
    expect(computed).toHaveLength(5);
    expect([hasher.running, hasher.size]).toEqual([0, 0]);
    expect(await hasher.verify(null, right)).toBe(false);
  });

  test('a client that goes away takes its waiting verification along', async () => {
    const hasher = make({ concurrency: 1, limit: 5 });
    await hasher.ready();
    const controller = new AbortController();
    const first = hasher.verify(null, right);
    const second = hasher.verify(null, right, controller.signal);
    await Promise.resolve();
    controller.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    expect(await first).toBe(false);
    expect(computed).toHaveLength(1);
  });

  test('parallel verifications of different passwords do not mix', async () => {
    const hasher = make();
    const hash = await hasher.hash(right);
    const attempts = Array.from({ length: 20 }, (_, at) => hasher.verify(hash, at % 3 === 0 ? right : wrong));
    expect(await Promise.all(attempts)).toEqual(Array.from({ length: 20 }, (_, at) => at % 3 === 0));
  });

  test('prints no password', async () => {
    const hasher = make();
    const pending = hasher.verify(null, right);
    expect(printed([hasher, pending])).not.toContain('horse');
    await pending;
    const error: unknown = await make({ maximumBytes: 4 })
      .hash(right)
      .catch((reason: unknown) => reason);
    expect(printed(error)).not.toContain('horse battery');
  });
});
