import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServices } from '../../../src/composition/services.ts';
import { systemClock } from '../../../src/clock.ts';
import { loadConfig } from '../../../src/config/config.ts';
import { generateMasterKey, MasterKeys } from '../../../src/crypto/master-keys.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { Database } from '../../../src/database/database.ts';
import { systemOrigin } from '../../../src/services/caller.ts';
import { type Cluster, startCluster } from './cli-fixture.ts';

const KEY = generateMasterKey().reveal();

describe('verify-audit', () => {
  let cluster: Cluster;
  let url = '';
  const env = () => ({ DATABASE_URL: url, MASTER_KEYS: `v1:${KEY}` });

  beforeAll(async () => {
    cluster = await startCluster();
    url = await cluster.newDatabase();
    await cluster.run(['migrate', 'up'], { DATABASE_URL: url });
    const database = await Database.connect({ url, poolSize: 2 });
    const masterKeys = new MasterKeys([{ version: 1, secret: new Secret(KEY) }]);
    const config = loadConfig({ env: { APP_ENVIRONMENT: 'test' }, cwd: cluster.directory });
    const services = createServices({ config, database, masterKeys, clock: systemClock, log: () => undefined });
    await services.signingKeys.prepare();
    const happenings = Array.from({ length: 3 }, () => ({ action: 'thing.done' }));
    await services.recorder.recordAlone(database, systemOrigin('test'), happenings);
    await services.auditChain.run();
    await services.recorder.recordAlone(database, systemOrigin('test'), happenings.slice(0, 1));
    await database.close();
  });
  afterAll(() => cluster.stop());

  test('says what it verified and where the chain ends, which can be expected the next time', async () => {
    const { exitCode, out, notes } = await cluster.run(['verify-audit'], env());
    expect([exitCode, notes]).toEqual([0, []]);
    expect(out.slice(0, 2)).toEqual(['3 events verified, 1 signed checkpoint.', '1 event waits to be sealed.']);
    const end = /^End of the chain, to keep elsewhere: (3:[0-9a-f]{64})$/.exec(out[2] ?? '')?.[1] ?? '';
    expect((await cluster.run(['verify-audit', '--expect', end], env())).exitCode).toBe(0);
    const other = await cluster.run(['verify-audit', '--expect', `3:${'0'.repeat(64)}`], env());
    expect([other.exitCode, other.notes.join()]).toEqual([
      1,
      expect.stringContaining('has another hash than the one given'),
    ]);
  });

  test('takes a place as it was printed only', async () => {
    expect((await cluster.run(['verify-audit', '--expect', 'nonsense'], env())).exitCode).toBe(2);
  });

  test('does not take other master keys for a forgery alone', async () => {
    const { exitCode, notes } = await cluster.run(['verify-audit'], {
      ...env(),
      MASTER_KEYS: `v1:${generateMasterKey().reveal()}`,
    });
    expect([exitCode, notes.join()]).toEqual([
      1,
      expect.stringContaining('no valid signature, or MASTER_KEYS are not those of the servers'),
    ]);
    const keys = await cluster.run(['keys', 'list'], { ...env(), MASTER_KEYS: `v2:${generateMasterKey().reveal()}` });
    expect([keys.exitCode, keys.notes.join()]).toEqual([
      1,
      expect.stringContaining('give this command the MASTER_KEYS'),
    ]);
  });

  test('names the first broken event and fails', async () => {
    await cluster.query(url, 'alter table audit_events disable trigger user');
    await cluster.query(url, `update audit_events set result = 'DENIED' where chain_sequence = 2`);
    const { exitCode, notes } = await cluster.run(['verify-audit'], env());
    expect([exitCode, notes.join()]).toEqual([
      1,
      expect.stringMatching(/tampered with: event [0-9a-f-]{36} \(thing\.done, .*, place 2\) is not what was sealed/),
    ]);
  });
});
