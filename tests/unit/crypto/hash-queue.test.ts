import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashQueue } from '../../../src/crypto/hash-queue.ts';
import { Failure } from '../../../src/errors.ts';

/** A job that ends when it is told to. */
const makeJob = <T>(result: T) => {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let begun = false;
  const run = (): Promise<T> => {
    begun = true;
    return promise;
  };
  return { run, end: () => resolve(result), fail: reject, hasBegun: () => begun };
};

const throwing = (): Promise<string> => {
  throw new Error('thrown');
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.resolve();
  }
};

describe('the hash queue', () => {
  test('runs no more jobs at once than it may, and the others in the order of their arrival', async () => {
    const queue = new HashQueue({ concurrency: 2, limit: 10 });
    const order: number[] = [];
    let most = 0;
    let now = 0;
    const job = (number: number) => async () => {
      order.push(number);
      now += 1;
      most = Math.max(most, now);
      await settle();
      now -= 1;
      return number;
    };
    const results = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((number) => queue.run(job(number))));
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
    expect([queue.running, queue.size]).toEqual([0, 0]);
  });

  test('counts what runs and what waits', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 2 });
    const jobs = [makeJob('a'), makeJob('b'), makeJob('c')];
    const results = jobs.map((job) => queue.run(job.run));
    expect([queue.running, queue.size]).toEqual([1, 2]);
    jobs[0]?.end();
    await results[0];
    await settle();
    expect([queue.running, queue.size]).toEqual([1, 1]);
    expect(jobs.map((job) => job.hasBegun())).toEqual([true, true, false]);
    for (const job of jobs) {
      job.end();
    }
    await Promise.all(results);
    expect([queue.running, queue.size]).toEqual([0, 0]);
  });

  test('turns away at once what does not fit, and says when to come back', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 1 });
    const [running, waiting, refused] = [makeJob('a'), makeJob('b'), makeJob('c')];
    const accepted = [queue.run(running.run), queue.run(waiting.run)];
    const error: unknown = await queue.run(refused.run).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { retryAfterSeconds: 1 } });
    expect(refused.hasBegun()).toBe(false);
    running.end();
    waiting.end();
    expect(await Promise.all(accepted)).toEqual(['a', 'b']);
  });

  test('with no room to wait refuses whatever cannot start, and serves again afterwards', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 0 });
    const job = makeJob('a');
    const first = queue.run(job.run);
    await expect(queue.run(makeJob('b').run)).rejects.toThrow(Failure);
    job.end();
    await first;
    expect(await queue.run(() => Promise.resolve('c'))).toBe('c');
  });

  test('a job that fails, even at once, gives its slot back', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 1 });
    await expect(queue.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(queue.run(throwing)).rejects.toThrow('thrown');
    expect([queue.running, queue.size]).toEqual([0, 0]);
    expect(await queue.run(() => Promise.resolve('works'))).toBe('works');
  });

  test('a newcomer never overtakes the one who waits', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 5 });
    const [first, second, third] = [makeJob(1), makeJob(2), makeJob(3)];
    const results = [queue.run(first.run), queue.run(second.run)];
    first.end();
    await results[0];
    results.push(queue.run(third.run));
    await settle();
    expect([second.hasBegun(), third.hasBegun()]).toEqual([true, false]);
    second.end();
    third.end();
    expect(await Promise.all(results)).toEqual([1, 2, 3]);
  });

  test('an aborted waiter leaves at once and never runs', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 2 });
    const [running, aborted, last] = [makeJob('a'), makeJob('b'), makeJob('c')];
    const controller = new AbortController();
    const first = queue.run(running.run);
    const second = queue.run(aborted.run, controller.signal);
    const third = queue.run(last.run);
    controller.abort(new Error('the client went away'));
    await expect(second).rejects.toThrow('the client went away');
    expect(queue.size).toBe(1);
    running.end();
    last.end();
    expect(await Promise.all([first, third])).toEqual(['a', 'c']);
    expect(aborted.hasBegun()).toBe(false);
  });

  test('a signal aborted before takes no place, and one aborted during the job changes nothing', async () => {
    const queue = new HashQueue({ concurrency: 1, limit: 1 });
    await expect(queue.run(makeJob('a').run, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    const controller = new AbortController();
    const job = makeJob('b');
    const result = queue.run(job.run, controller.signal);
    await settle();
    controller.abort();
    job.end();
    expect(await result).toBe('b');
    expect([queue.running, queue.size]).toEqual([0, 0]);
  });

  test('whatever ends, fails and is aborted, the bounds hold and nothing is left over', async () => {
    const kinds = fc.constantFrom('end', 'fail', 'abort');
    await fc.assert(
      fc.asyncProperty(
        fc.array(kinds, { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat({ max: 6 }),
        async (list, concurrency, limit) => {
          const queue = new HashQueue({ concurrency, limit });
          let running = 0;
          const results = list.map((kind) => {
            const controller = new AbortController();
            const result = queue.run(async () => {
              running += 1;
              expect(running).toBeLessThanOrEqual(concurrency);
              await settle();
              running -= 1;
              if (kind === 'fail') {
                throw new Error('fails');
              }
            }, controller.signal);
            expect(queue.size).toBeLessThanOrEqual(limit);
            if (kind === 'abort') {
              controller.abort();
            }
            return result;
          });
          await Promise.allSettled(results);
          expect([queue.running, queue.size, running]).toEqual([0, 0, 0]);
        },
      ),
    );
  });

  test.each([
    [0, 1],
    [1, -1],
    [1.5, 1],
  ])('a concurrency of %d with a limit of %d is refused', (concurrency, limit) => {
    expect(() => new HashQueue({ concurrency, limit })).toThrow(RangeError);
  });
});
