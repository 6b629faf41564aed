import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServices } from '../../../src/composition/services.ts';
import { systemClock } from '../../../src/clock.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { generateMasterKey, MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { Database } from '../../../src/database/database.ts';
import { type Cluster, startCluster } from './cli-fixture.ts';

const OLD = generateMasterKey().reveal();
const NEW = generateMasterKey().reveal();

describe('keys reseal', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  /** A database with a signing key and a message under the old key, as a server leaves them. */
  const used = async (): Promise<string> => {
    const url = await cluster.newDatabase();
    expect((await cluster.run(['migrate', 'up'], { DATABASE_URL: url })).exitCode).toBe(0);
    const database = await Database.connect({ url, poolSize: 2 });
    const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(OLD) }]);
    const config = loadConfig({ env: { APP_ENVIRONMENT: 'test' }, cwd: cluster.directory });
    const services = createServices({ config, database, masterKeys, clock: systemClock, log: () => undefined });
    await services.signingKeys.prepare();
    await database.transaction((em) =>
      services.messages.enqueue(em, {
        template: 'account-deleted',
        recipient: 'ada@example.org',
        userId: null,
        userName: 'Ada',
        locale: 'en',
        variables: {},
      }),
    );
    await database.close();
    return url;
  };

  test('counts with --dry-run, seals everything again, says what is left, and is done when repeated', async () => {
    const url = await used();
    const env = { DATABASE_URL: url, MASTER_KEYS: `v2:${NEW},v1:${OLD}` };
    expect(await cluster.run(['keys', 'reseal', '--dry-run'], env)).toEqual({
      exitCode: 0,
      out: [
        'The current master key is version 2.',
        'TOTP secrets: 0 under older keys',
        'private signing keys: 1 under older keys',
        'marks of mounted signing keys: 0 under older keys',
        'messages: 1 under older keys',
        'webhook secrets: 0 under older keys',
        'previous webhook secrets: 0 under older keys',
      ],
      notes: [],
    });
    expect(await cluster.run(['keys', 'reseal'], env)).toEqual({
      exitCode: 0,
      out: [
        'The current master key is version 2.',
        'TOTP secrets: 0 of 0 sealed again',
        'private signing keys: 1 of 1 sealed again',
        'marks of mounted signing keys: 0 of 0 sealed again',
        'messages: 1 of 1 sealed again',
        'webhook secrets: 0 of 0 sealed again',
        'previous webhook secrets: 0 of 0 sealed again',
        'Nothing needs an older key any more; MASTER_KEYS can do without.',
      ],
      notes: [],
    });
    const again = await cluster.run(['keys', 'reseal'], { ...env, MASTER_KEYS: `v2:${NEW}` });
    expect([again.exitCode, again.out.at(-1)]).toEqual([
      0,
      'Nothing needs an older key any more; MASTER_KEYS can do without.',
    ]);
    const log = await cluster.query<{ action: string }>(url, 'select action from audit_events');
    expect(log).toEqual([{ action: 'master-keys.resealed' }]);
  });

  test('fails, and changes nothing, where the key that sealed a value is not given', async () => {
    const url = await used();
    const ran = await cluster.run(['keys', 'reseal'], { DATABASE_URL: url, MASTER_KEYS: `v2:${NEW}` });
    expect(ran.exitCode).toBe(1);
    expect(ran.out).toContain('private signing keys: 0 of 1 sealed again, 1 cannot be opened');
    expect(ran.notes).toEqual([
      '2 sealed values cannot be opened: altered, or the master key that sealed them is not in MASTER_KEYS.',
    ]);
    const rows = await cluster.query<{ version: string }>(
      url,
      `select split_part(sealed_private_jwk, '.', 1) as version from signing_keys`,
    );
    expect(rows).toEqual([{ version: 'v1' }]);
  });
});
