import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('@node-rs/argon2');
  vi.doUnmock('argon2');
  vi.resetModules();
});

const load = async (choice: 'auto' | 'portable') => {
  const { loadArgon2 } = await import('../../../src/crypto/argon2.ts');
  return loadArgon2(choice);
};

const cannotLoad = (): never => {
  throw new Error('Cannot find native binding');
};

describe('loading argon2', () => {
  test('falls back to the portable library where the fast one does not load', async () => {
    vi.doMock('@node-rs/argon2', cannotLoad);
    expect((await load('auto')).name).toBe('argon2');
  });

  test('falls back where the fast one computes something else', async () => {
    vi.doMock('@node-rs/argon2', () => ({ hashRaw: () => Promise.resolve(Buffer.alloc(32)) }));
    expect((await load('auto')).name).toBe('argon2');
  });

  test('does not touch the fast one when the portable one is asked for', async () => {
    const hashRaw = vi.fn<() => Promise<Buffer>>();
    vi.doMock('@node-rs/argon2', () => ({ hashRaw }));
    expect((await load('portable')).name).toBe('argon2');
    expect(hashRaw).not.toHaveBeenCalled();
  });

  test('says why when nothing works', async () => {
    vi.doMock('@node-rs/argon2', cannotLoad);
    vi.doMock('argon2', cannotLoad);
    const error: unknown = await load('auto').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ errors: [expect.any(Error), expect.any(Error)] });
  });
});
