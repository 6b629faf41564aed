import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadMasterKeys } from '../../../src/database/master-key-file.ts';
import { directoryWith, keyText, load, productionEnv } from '../config/working-directory.ts';

const configWith = (directory: string, env: Readonly<Record<string, string>> = {}): Config =>
  load({ env: { DATA_DIR: directory, ...env } });

describe('the file of the master keys', () => {
  test('is made once, closed to others, and gives the same keys from then on', async () => {
    const directory = join(directoryWith(), 'deeper', 'data');
    const first = await loadMasterKeys(configWith(directory));
    const second = await loadMasterKeys(configWith(directory));
    expect(first.derive('csrf').equals(second.derive('csrf'))).toBe(true);
    const { mode } = await stat(join(directory, 'master.keys'));
    expect(mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['master.keys']);
  });

  test('parallel starts agree on one key', async () => {
    const config = configWith(directoryWith());
    const all = await Promise.all(Array.from({ length: 20 }, () => loadMasterKeys(config)));
    expect(new Set(all.map((keys) => keys.derive('csrf').export().toString('hex'))).size).toBe(1);
    expect(await readdir(config.database.dataDirectory)).toEqual(['master.keys']);
  });

  test('holds several versions after a rotation, the newest current', async () => {
    const directory = directoryWith({ 'master.keys': `# comment\nv2:${keyText(3)}\n\nv1:${keyText(1)}\n` });
    const keys = await loadMasterKeys(configWith(directory), () => undefined);
    expect(keys.versions).toEqual([2, 1]);
  });

  test.each([
    ['is empty', ''],
    ['holds only comments', '# nothing\n'],
    ['was cut short', `v1:${keyText(1).slice(0, 20)}`],
    ['is something else', '{"keys": []}'],
  ])('that %s stops the start and is left as it is', async (_name, content) => {
    const directory = directoryWith({ 'master.keys': content });
    await expect(loadMasterKeys(configWith(directory))).rejects.toThrow(/restore it from a backup/);
    expect(await readFile(join(directory, 'master.keys'), 'utf8')).toBe(content);
  });

  test('a damaged one is described without its contents', async () => {
    const secret = keyText(9).slice(0, 25);
    const directory = directoryWith({ 'master.keys': `v1:${secret}` });
    await expect(loadMasterKeys(configWith(directory))).rejects.not.toThrow(secret);
  });

  test('open permissions are a warning with the command that closes them', async () => {
    const directory = directoryWith();
    const config = configWith(directory);
    await loadMasterKeys(config);
    const file = join(directory, 'master.keys');
    await chmod(file, 0o644);
    const warnings: string[] = [];
    await loadMasterKeys(config, (message) => warnings.push(message));
    expect(warnings).toEqual([
      `${file} may be read or written by other users of this machine (mode 644): run "chmod 600 ${file}"`,
    ]);
  });

  test('what cannot be read or made says what to do', async () => {
    const directory = directoryWith({ file: '' });
    await mkdir(join(directory, 'data', 'master.keys'), { recursive: true });
    await expect(loadMasterKeys(configWith(join(directory, 'data')))).rejects.toThrow(
      /cannot be used \(EISDIR\): give this user/,
    );
    await expect(loadMasterKeys(configWith(join(directory, 'file')))).rejects.toThrow(/cannot be used \(ENOTDIR\)/);
  });

  test('is neither made nor read when the settings hold keys', async () => {
    const directory = directoryWith();
    await writeFile(join(directory, 'master.keys'), 'damaged');
    const keys = await loadMasterKeys(configWith(directory, { MASTER_KEYS: `v7:${keyText(5)}` }));
    expect(keys.current).toBe(7);
  });

  test('is no way out in production', async () => {
    const config = load({ env: productionEnv });
    await expect(loadMasterKeys({ ...config, keys: { ...config.keys, masterKeys: [] } })).rejects.toThrow(
      'Production needs MASTER_KEYS',
    );
  });
});
