import { readdir } from 'node:fs/promises';
import type { Database } from './database.ts';
import { withoutEnding } from './migration-history.ts';

/**
 * Whether the database has every migration of this release. Later ones of other releases are fine, as at the start. Once all of
 * them were there the question is not asked again: only `migrate down` takes one away, which is refused in production.
 */
export class AppliedMigrations {
  readonly #database: Database;
  #names: Promise<readonly string[]> | null = null;
  #areComplete = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws when one is missing, or when it cannot be told. */
  async check(): Promise<void> {
    if (this.#areComplete) return;
    this.#names ??= namesOf(this.#database);
    const rows = await this.#database.query<{ name: string }>('select name from schema_migrations');
    const applied = new Set(rows.map(({ name }) => withoutEnding(name)));
    const missing = (await this.#names).filter((name) => !applied.has(name));
    if (missing.length > 0) throw new Error(`${missing.length} migrations are missing.`);
    this.#areComplete = true;
  }
}

const namesOf = async ({ orm }: Database): Promise<readonly string[]> => {
  const files = await readdir(orm.config.get('migrations').path ?? 'migrations');
  return files.filter((file) => /^Migration\d{14}\w*\.[jt]s$/.test(file)).map(withoutEnding);
};
