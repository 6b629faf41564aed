import { nearest } from '../config/near-miss.ts';
import { MigrationError } from './migration-error.ts';
import { type HistoryRow, namesOfLastGroup, withoutEnding } from './migration-history.ts';

/** Those that are not among the others. */
export const without = (names: readonly string[], others: readonly string[]): readonly string[] =>
  names.filter((name) => !others.includes(name));

/** The migration that a person means: by its name, its file, its time, or what stands behind the time. */
export const pick = (given: string, names: readonly string[]): string => {
  const bare = withoutEnding(given.slice(given.lastIndexOf('/') + 1));
  const exact = names.filter((name) => name === bare);
  const found =
    exact.length > 0
      ? exact
      : names.filter((name) =>
          name
            .replace(/^Migration(\d{14})_?/, '$1 ')
            .split(' ')
            .includes(bare),
        );
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) throw new MigrationError(`"${bare}" means several migrations: ${found.join(', ')}.`);
  const meant = nearest(bare, [...names, ...names.map((name) => name.replace(/^Migration\d{14}_?/, ''))], 3);
  const hint = meant === null ? 'see "migrate status"' : `did you mean ${meant}?`;
  throw new MigrationError(`There is no migration "${bare.slice(0, 100)}"; ${hint}`);
};

const appliedName = (given: string, history: readonly HistoryRow[], files: readonly string[]): string => {
  const applied = history.map((row) => row.name);
  const name = pick(given, [...new Set([...applied, ...files])]);
  if (!applied.includes(name)) throw new MigrationError(`${name} is not applied, so there is nothing to undo.`);
  return name;
};

/** What `down` undoes, in that order. */
export const dueDown = (
  history: readonly HistoryRow[],
  files: readonly string[],
  name: string | undefined,
): readonly string[] => {
  const due = name === undefined ? namesOfLastGroup(history) : [appliedName(name, history, files)];
  const [missing] = without(due, files);
  if (missing === undefined) return due;
  throw new MigrationError(
    `${missing} cannot be undone: its file is not in this release; use the release that applied it.`,
  );
};
