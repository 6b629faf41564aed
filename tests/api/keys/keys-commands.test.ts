import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateMasterKey } from '../../../src/crypto/master-keys.ts';
import { type Cluster, startCluster } from '../cli/cli-fixture.ts';

describe('keys list, keys rotate and keys retire', () => {
  let cluster: Cluster;
  let env: Readonly<Record<string, string>>;
  const run = (...args: readonly string[]) => cluster.run(['keys', ...args], env);

  beforeAll(async () => {
    cluster = await startCluster();
    env = { DATABASE_URL: await cluster.newDatabase(), MASTER_KEYS: `v1:${generateMasterKey().reveal()}` };
    const { exitCode } = await cluster.run(['migrate', 'up'], env);
    if (exitCode !== 0) throw new Error('The migrations failed.');
  });
  afterAll(() => cluster.stop());

  test('make, publish, replace and take out keys, and say what they did', async () => {
    expect((await run('list')).out).toEqual(['There is no signing key yet; the server makes one when it starts.']);
    const first = await run('rotate', '--now', '--algorithm', 'es256');
    expect(first).toMatchObject({ exitCode: 0, notes: [] });
    expect(first.out[0]).toMatch(/^[\w-]{43} ES256 ACTIVE from \S+Z$/);
    const planned = await run('rotate', '--overlap', '3600');
    expect(planned.out[0]).toMatch(/^[\w-]{43} ES256 PUBLISHED from \S+Z$/);
    expect(planned.out[1]).toMatch(/^[\w-]{43} ES256 ACTIVE from \S+Z, verifies until \S+Z$/);
    const [active, published] = (await run('list')).out.map((line) => line.split(' ')[0] ?? '');
    expect((await run('retire', active ?? '')).notes).toEqual([
      'This is the key that signs: run "keys rotate --now" first, then retire it.',
    ]);
    expect((await run('retire', published ?? '')).out).toEqual([
      `${published} verifies no more; servers notice within half a minute.`,
    ]);
    expect((await run('rotate', '--now')).out[1]).toMatch(new RegExp(`^${active} ES256 RETIRING from`));
    expect((await run('retire', active ?? '')).exitCode).toBe(0);
    expect((await run('list')).out).toHaveLength(1);
    expect((await run('retire', 'nobody')).exitCode).toBe(1);
    expect((await run('rotate', '--algorithm', 'HS256')).exitCode).toBe(2);
    for (const overlap of ['5', '604801', '999999999']) {
      const refused = await run('rotate', '--overlap', overlap);
      expect([refused.exitCode, refused.notes]).toEqual([1, [expect.stringContaining('to 604800 seconds')]]);
    }
    const lines = await cluster.query<{ action: string }>(
      env['DATABASE_URL'] ?? '',
      `select action from audit_events where action like 'signing-key.%' order by at, id`,
    );
    expect(lines.map(({ action }) => action.replace('signing-key.', ''))).toEqual([
      'rotated',
      'published',
      'retired',
      'rotated',
      'retired',
    ]);
  });

  test('take an id that begins with a dash for an id, options behind it too', async () => {
    for (const kid of ['-rmAiwSpFwGz4Q2pbCiYaroWKyoDNUii7yXg4iY6IOI', '--c'.padEnd(43, 'a')]) {
      expect(await run('retire', kid, '--verbose')).toMatchObject({
        exitCode: 1,
        notes: [expect.stringContaining(`There is no signing key ${kid}`)],
      });
    }
  });

  test('leave mounted keys to whoever mounts them, and refuse a broken one without showing it', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const SIGNING_KEYS = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const refused = await cluster.run(['keys', 'rotate'], { ...env, SIGNING_KEYS });
    expect([refused.exitCode, refused.out]).toEqual([1, []]);
    const broken = await cluster.run(['keys', 'list'], { ...env, SIGNING_KEYS: SIGNING_KEYS.slice(0, 70) });
    expect(broken.notes).toEqual(['SIGNING_KEYS holds no private key in PEM (unencrypted) or as a JWK.']);
  });
});
