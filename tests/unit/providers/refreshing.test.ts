import { describe, expect, test } from 'vitest';
import { Refreshing } from '../../../src/providers/refreshing.ts';
import { TestClock } from '../../support/test-clock.ts';

const SETTINGS = { ttlSeconds: 300, staleSeconds: 86_400, retrySeconds: 4, pauseSeconds: 30 };

/** A server that answers, refuses or hangs as told, and a value kept of it. */
const kept = () => {
  const clock = new TestClock();
  const server = { reads: 0, behave: async (): Promise<string> => `answer ${server.reads}` };
  const value = new Refreshing<string>(
    async () => {
      server.reads += 1;
      return { value: await server.behave(), at: clock.now() };
    },
    SETTINGS,
    clock,
  );
  return { clock, server, value };
};

const refuse = async (): Promise<string> => Promise.reject(new Error('away'));

describe('a value that another server holds', () => {
  test('is waited for by nobody while that server hangs, once it has failed and something is kept', async () => {
    const { clock, server, value } = kept();
    expect(await value.get()).toBe('answer 1');
    clock.advance(301);
    server.behave = refuse;
    expect(await value.get()).toBe('answer 1');
    clock.advance(5);
    const { promise, resolve } = Promise.withResolvers<string>();
    server.behave = () => promise;
    expect([await value.get(), await value.get()]).toEqual(['answer 1', 'answer 1']);
    expect(server.reads).toBe(3);
    resolve('back');
    await promise;
    await expect.poll(() => value.get()).toBe('back');
    expect(server.reads).toBe(3);
  });

  test('is read again within five seconds of a failure, and not at once', async () => {
    const { clock, server, value } = kept();
    server.behave = refuse;
    await expect(value.get()).rejects.toThrow('away');
    server.behave = async () => 'back';
    await expect(value.get()).rejects.toThrow('away');
    expect(server.reads).toBe(1);
    clock.advance(4);
    expect(await value.get()).toBe('back');
  });

  test('is waited for where what is kept is too old, or is said to lack something', async () => {
    const { clock, server, value } = kept();
    await value.get();
    clock.advance(301);
    server.behave = refuse;
    await value.get();
    server.behave = async () => 'new';
    clock.advance(5);
    expect(await value.renewed()).toBe('new');
    clock.advance(86_701);
    server.behave = refuse;
    await expect(value.get()).rejects.toThrow('away');
  });

  test('is read early once in a pause, however often somebody asks', async () => {
    const { clock, server, value } = kept();
    await value.get();
    expect([await value.renewed(), await value.renewed()]).toEqual(['answer 2', null]);
    clock.advance(29);
    expect(await value.renewed()).toBeNull();
    clock.advance(1);
    expect(await value.renewed()).toBe('answer 3');
    expect(server.reads).toBe(3);
  });
});
