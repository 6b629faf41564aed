import type { Command } from 'commander';
import { cacheNames, cacheTable } from '../cache/cache-table.ts';
import { StoreAway } from '../cache/key-value.ts';
import { RedisConnection } from '../cache/redis-connection.ts';
import { RedisInspection, type RedisStatus } from '../cache/redis-inspection.ts';
import type { Config } from '../config/config.ts';
import { counted } from './counted.ts';
import { IncompleteError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { configOf } from './session.ts';

const lifeOf = (config: Config, name: (typeof cacheNames)[number]): string => {
  const seconds = cacheTable[name].ttlSeconds(config);
  return seconds === null ? 'as long as it is right' : seconds === 0 ? 'off' : `${seconds} s`;
};

/** One line for each cache: where it is, how long entries live, and how many there are. */
const cacheLines = (config: Config, entries: RedisStatus['entries'] | null): readonly string[] =>
  cacheNames.map((name) => {
    const { isShared, holds } = cacheTable[name];
    const where =
      isShared && entries !== null
        ? `Redis, ${counted(entries.get(name) ?? 0, 'entry', 'entries')}`
        : 'in the memory of each server';
    return `${name}: ${holds}; ${where}; ${lifeOf(config, name)}`;
  });

const statusLines = (status: RedisStatus): readonly string[] => [
  `Redis ${status.version} answers within ${status.latencyMs} ms.`,
  `Memory: ${status.memory} of ${status.memoryLimit}; when full: ${status.evicts}.`,
  `Counters of limits: ${status.counters}.`,
];

/** null: the settings name no Redis. */
const withRedis = async <T>(config: Config, work: (redis: RedisInspection) => Promise<T>): Promise<T | null> => {
  const { url, prefix } = config.redis;
  if (url === null) return null;
  const connection = await RedisConnection.open({ url, prefix }, () => undefined);
  try {
    return await work(new RedisInspection(connection));
  } catch (error) {
    if (!(error instanceof StoreAway)) throw error;
    throw new IncompleteError(
      `Redis at ${new URL(url.reveal()).host} does not answer. Servers go on without it: each counts limits and keeps caches by itself.`,
    );
  } finally {
    connection.close();
  }
};

const status = async (host: Host, command: Command): Promise<void> => {
  const config = configOf(host, command);
  const found = await withRedis(config, (redis) => redis.status());
  const about =
    found === null ? ['REDIS_URL is not set: each server keeps caches in its own memory.'] : statusLines(found);
  for (const line of [...about, ...cacheLines(config, found?.entries ?? null)]) host.terminal.out(line);
};

const flush = async (host: Host, command: Command): Promise<void> => {
  const removed = await withRedis(configOf(host, command), (redis) => redis.flush());
  host.terminal.out(
    removed === null
      ? 'REDIS_URL is not set: caches are in the memory of each server, and end with it or with their time.'
      : `${counted(removed, 'entry', 'entries')} removed; all servers that are connected forget theirs.`,
  );
};

/** `cache ...`: what may vanish at any time. */
export const addCacheCommands = (host: Host, program: Command): void => {
  const cache = program
    .command('cache')
    .helpCommand(false)
    .description('what is cached, and in Redis where there is one');
  cache
    .command('status')
    .description('whether Redis answers, what it holds, and how long entries live')
    .action((_options: object, command: Command) => status(host, command));
  cache
    .command('flush')
    .description('remove every cached entry, in all servers; limits stay counted, nobody is signed out')
    .action((_options: object, command: Command) => flush(host, command));
};
