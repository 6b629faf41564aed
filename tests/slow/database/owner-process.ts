import { systemClock } from '../../../src/clock.ts';
import { startEmbeddedPostgres } from '../../../src/database/embedded/embedded-postgres.ts';

/**
 * A process that owns an embedded PostgreSQL, for tests that kill it: writes one line of JSON, the connection string or the
 * error, then lives until it is killed or its standard input ends.
 */
const write = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

try {
  const server = await startEmbeddedPostgres({
    directory: process.argv[2] ?? '',
    durable: process.argv[3] === 'durable',
    clock: systemClock,
    log: () => undefined,
  });
  write({ url: server.url });
  process.stdin.resume();
  process.stdin.once('end', () => void server.stop());
} catch (error) {
  write({ error: String(error) });
}
