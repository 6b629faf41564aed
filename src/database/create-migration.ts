import { join } from 'node:path';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { migrationSources, ormOptions } from '../orm.ts';
import { MigrationError } from './migrator.ts';

/** The snapshot is what entities are compared with, so nobody listens at this address. */
const NOWHERE = 'postgresql://127.0.0.1:1/gatehouse';

/** `Add API keys` becomes `add_api_keys`. */
const fileWords = (what: string): string => {
  const words = what
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (words === '' || words.length > 60) {
    throw new MigrationError(
      'The name of a migration is made of 1 to 60 letters and digits, for example add-api-keys.',
    );
  }
  return words;
};

/**
 * Writes a migration that leads from the snapshot beside the migrations to the present entities, and the new snapshot. Null:
 * they agree, and `isBlank` did not ask for an empty one. Needs no database.
 */
export const createMigration = async (
  what: string,
  { isBlank, directory = migrationSources }: { readonly isBlank: boolean; readonly directory?: string },
): Promise<string | null> => {
  const name = fileWords(what);
  const options = ormOptions({ url: NOWHERE });
  const orm = await MikroORM.init({
    ...options,
    migrations: { ...options.migrations, path: directory, pathTs: directory },
  });
  try {
    const { fileName } = await new Migrator(orm.em).create(undefined, isBlank, false, name);
    return fileName === '' ? null : join(directory, fileName);
  } finally {
    await orm.close(true);
  }
};
