import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisIsMissing, RedisServer } from '../../support/redis-server.ts';
import { ask, build, Place, type ServerProcess } from '../process/server-process.ts';

describe.skipIf(redisIsMissing)('a server that is killed between commit and publication (needs redis-server)', () => {
  let redis: RedisServer;
  let place: Place;

  beforeAll(async () => {
    build();
    redis = await RedisServer.start();
    place = new Place();
  });
  afterAll(async () => {
    await place.remove();
    await redis.close();
  });

  /** Ids of the users in the events of the stream, first occurrences only. */
  const registered = async (): Promise<readonly string[]> => {
    const entries = JSON.parse(
      await redis.command('--json', 'XRANGE', 'gatehouse:events', '-', '+'),
    ) as readonly (readonly [string, readonly string[]])[];
    const events = entries.map(([, fields]) => JSON.parse(fields[7] ?? '') as Published);
    return [...new Set(events.filter(({ type }) => type === 'UserRegistered').map(({ payload }) => payload.userId))];
  };
  interface Published {
    readonly type: string;
    readonly payload: { readonly userId: string };
  }

  const settings = (): Record<string, string> => ({
    EVENT_SINKS: 'redis',
    REDIS_URL: redis.url,
    SIGN_UP_MODE: 'OPEN',
    SIGN_UP_IDENTIFIERS: 'USERNAME',
    RATE_LIMITS: 'false',
  });
  const signUp = async (server: ServerProcess, name: string): Promise<string> => {
    const data = await ask(
      server,
      'mutation Up($input: SignUpInput!) { signUp(input: $input) { user { id } errors { code message } } }',
      { input: { username: name, displayName: name, password: 'correct horse battery staple', delivery: 'BODY' } },
    );
    const { user, errors } = data['signUp'] as { user: { id: string } | null; errors: readonly unknown[] };
    expect(errors).toEqual([]);
    return user?.id ?? 'none';
  };

  test('loses no event: the next start publishes what was committed', async () => {
    const first = await place.start(settings());
    await first.ready();
    redis.freeze();
    const ids: string[] = [];
    for (const name of ['ada', 'bea', 'cleo']) ids.push(await signUp(first, `${name}.killed`));
    first.child.kill('SIGKILL');
    await first.ended;
    redis.thaw();
    const second = await place.start(settings());
    await second.ready();
    for (let waited = 0; waited < 30_000; waited += 250) {
      const found = await registered();
      if (ids.every((id) => found.includes(id))) break;
      await sleep(250);
    }
    expect((await registered()).filter((id) => ids.includes(id))).toEqual(ids);
    expect((await second.stop()).code).toBe(0);
  });
});
