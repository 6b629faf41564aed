import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createMigration } from '../../../src/database/create-migration.ts';
import { copyOfMigrations } from './cli-fixture.ts';

const folder = async (): Promise<string> => {
  const { directory, remove } = await copyOfMigrations();
  onTestFinished(remove);
  return directory;
};

test('entities and migrations agree, so there is nothing to write', async () => {
  const directory = await folder();
  const before = await readdir(directory);
  expect(await createMigration('nothing', { isBlank: false, directory })).toBeNull();
  expect(await readdir(directory)).toEqual(before);
});

test('what the entities have and the snapshot lacks becomes a migration, without any database', async () => {
  const directory = await folder();
  const snapshotFile = join(directory, 'snapshot.json');
  const snapshot = JSON.parse(await readFile(snapshotFile, 'utf8')) as { tables: { name: string }[] };
  snapshot.tables = snapshot.tables.filter((table) => table.name !== 'leases');
  await writeFile(snapshotFile, JSON.stringify(snapshot));
  const file = await createMigration('Add Leases!', { isBlank: false, directory });
  expect(file).toMatch(/Migration\d{14}_add_leases\.ts$/);
  const text = await readFile(file ?? '', 'utf8');
  expect(text).toContain('create table "leases"');
  expect(text).toMatch(/export class Migration\d{14}_add_leases extends Migration/);
  expect(await createMigration('again', { isBlank: false, directory })).toBeNull();
});

test('an empty migration is written when asked for', async () => {
  const directory = await folder();
  const file = await createMigration('fill-something', { isBlank: true, directory });
  expect(await readFile(file ?? '', 'utf8')).toContain('override down()');
});

test.each(['', '../../etc/passwd'.repeat(9), '???'])('a name like %j is refused', async (what) => {
  await expect(createMigration(what, { isBlank: true })).rejects.toThrow('1 to 60 letters and digits');
});
