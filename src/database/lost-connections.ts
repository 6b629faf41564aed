import type { Pool, PoolClient } from 'pg';

/** Longer than it takes whoever had the connection to see that it is gone, and to give it back if they will. */
const GRACE_MS = 1000;

/**
 * Takes connections out of the pool that the server ended while a transaction had them. The query builder gives a connection back only
 * after a COMMIT or ROLLBACK that succeeded, which on a dead one none does: each would keep its place in the pool for ever, until none
 * was left, and the pool could not be closed.
 */
export const returnLostConnections = (pool: Pool): void => {
  const held = new Set<PoolClient>();
  pool.on('acquire', (client) => held.add(client));
  pool.on('release', (_error, client) => held.delete(client));
  pool.on('connect', (client) => {
    client.once('end', () => {
      setTimeout(() => {
        if (held.has(client)) client.release(true);
      }, GRACE_MS);
    });
  });
};
