import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ProgramPackage } from '../../src/database/embedded/binaries.ts';

/** A release of PostgreSQL that tests run on instead of the one that comes with the project. */
export interface PostgresRelease {
  readonly programs: ProgramPackage;
  readonly major: number;
}

/** The release that lies, as an npm package, in the directory TEST_POSTGRES names; null: the one of the project. */
export const releaseForTests = async (): Promise<PostgresRelease | null> => {
  const directory = process.env['TEST_POSTGRES'];
  if (directory === undefined) return null;
  const root = resolve(directory);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { programs: { root, version }, major: Number.parseInt(version, 10) };
};

/**
 * How a cluster sorts. Before 17 PostgreSQL has no locale of its own: there ICU sorts by the rules of English, as most
 * installations do, so that whatever relies on the order of bytes is found out.
 */
export const localeOptions = (release: PostgresRelease | null): readonly string[] =>
  release !== null && release.major < 17
    ? ['--locale-provider=icu', '--icu-locale=en-US', '--locale=C', '--lc-ctype=C.UTF-8']
    : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--lc-ctype=C.UTF-8'];
