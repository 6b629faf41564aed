import type { StatementRunner } from '../database/sql.ts';

/** How many of all users have a part, a trigram as the index knows it: from 0 to 1, of those that more than a few have. */
export type PartShares = ReadonlyMap<string, number>;

/** Rows that are looked at: enough to tell what a hundredth has from what a tenth has, and few enough to be read at once. */
const SAMPLE_PAGES = 40;

/** Fewer users than these tell nothing of what others have. */
const LEAST_ROWS = 500;

/** Told from fewer rows, a share is chance. */
const LEAST_TIMES = 3;

/**
 * Reads how common parts of names and addresses are, of users on pages that the database picks by chance. Null: there are too few to
 * tell. One statement, of some fifteen milliseconds however many users there are.
 */
export const readPartShares = async (reads: StatementRunner): Promise<PartShares | null> => {
  const rows = await reads.query<{ part: string; share: number }>(
    `with sample as materialized (select search_text from users tablesample system ((
        select least(100, ${SAMPLE_PAGES}00 / greatest(1, pg_relation_size('users') / current_setting('block_size')::float)))))
      select part, (count(*)::float / (select count(*) from sample)) as share from sample, unnest(show_trgm(search_text)) as part
      where (select count(*) from sample) >= ${LEAST_ROWS} group by part having count(*) >= ${LEAST_TIMES}`,
  );
  return rows.length === 0 ? null : new Map(rows.map(({ part, share }) => [part, share]));
};

/** A part of a text: how a LIKE pattern says it, and the trigram by which the index finds it. */
interface Part {
  readonly piece: string;
  readonly trigram: string;
}

/** More of them would narrow little, and each costs the reading of who has it. */
const MOST_PARTS = 3;

/** What more than so many have narrows nothing. */
const COMMON = 0.5;

/** The parts of a text by which the fewest are found, and the share of those who have the rarest one. */
export const rarestParts = (
  text: string,
  shares: PartShares,
): { readonly pieces: readonly string[]; readonly share: number } => {
  const shareOf = ({ trigram }: Part): number => shares.get(trigram) ?? 0;
  const parts = partsOf(text).toSorted((left, right) => shareOf(left) - shareOf(right));
  const pieces = parts.filter((part, index) => index === 0 || (index < MOST_PARTS && shareOf(part) < COMMON));
  return { pieces: pieces.map(({ piece }) => piece), share: parts[0] === undefined ? 1 : shareOf(parts[0]) };
};

/** Three letters or digits, or two where a word begins or ends; other scripts are as the locale of the database takes them. */
const PIECE = /^(?:[a-z0-9]{3}|[a-z0-9]{2}[^a-z0-9]|[^a-z0-9][a-z0-9]{2})$/i;

/** What may stand beside a word in a pattern: no letter anywhere, and no wildcard. */
const BESIDE = /[\u0020-\u007e]/;
const WILDCARD = /[\\%_]/;

const partsOf = (text: string): readonly Part[] => {
  const parts = new Map<string, Part>();
  for (let from = 0; from + 3 <= text.length; from += 1) {
    const piece = text.slice(from, from + 3);
    if (!PIECE.test(piece) || !isPlain(piece)) continue;
    const trigram = piece.toLowerCase().replace(/[^a-z0-9]/, ' ');
    if (!parts.has(trigram)) parts.set(trigram, { piece, trigram });
  }
  return [...parts.values()];
};

const isPlain = (piece: string): boolean =>
  Array.from(piece).every((character) => BESIDE.test(character)) && !WILDCARD.test(piece);
