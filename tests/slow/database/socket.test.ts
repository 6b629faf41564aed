import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../api/cli/cli-fixture.ts';
import { PostgresServer } from '../../support/postgres-server.ts';

describe('a database behind a socket', () => {
  let server: PostgresServer;
  let cluster: Cluster;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([PostgresServer.primary(), startCluster()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), cluster.stop()]);
  });

  test('is found by its parts, and by an address, by each command alike', async () => {
    const parts = {
      DATABASE_HOST: server.directory,
      DATABASE_PORT: String(server.port),
      DATABASE_USER: 'gatehouse',
      DATABASE_NAME: 'by_socket',
    };
    expect(await cluster.run(['migrate', 'init'], parts)).toMatchObject({ exitCode: 0, notes: [] });
    expect(await cluster.run(['migrate', 'up'], parts)).toMatchObject({ exitCode: 0, notes: [] });
    const query = new URLSearchParams({ host: server.directory, port: String(server.port), user: 'gatehouse' });
    const ran = await cluster.run(['migrate', 'status'], {
      DATABASE_URL: `postgresql:///by_socket?${query.toString()}`,
    });
    expect(ran).toMatchObject({ exitCode: 0, notes: [] });
    expect(ran.out.at(-1)).toMatch(/^[1-9]\d* applied, 0 pending\.$/);
  });
});
