import type { EntityManager } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import { instant } from '../clock.ts';

/**
 * Runs one statement with bound parameters (`$1`, `$2` ...) and gives its rows as they are: no entity is built. Inside a
 * transaction of the entity manager it is part of it. For hot reads and for conditional writes that must be one statement.
 */
export const sql = async <Row extends object>(
  em: EntityManager,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> => (await em.getKysely().executeQuery<Row>(CompiledQuery.raw(text, [...values]))).rows;

/** Runs one statement that is a transaction of its own, as `Database` does. */
export interface StatementRunner {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Reads a timestamptz as the driver hands it over (text in UTC). */
export function instantOf(text: string): Date;
export function instantOf(text: string | null): Date | null;
export function instantOf(text: string | null): Date | null {
  return text === null ? null : parseTimestamp(text);
}

/** PostgreSQL's text form of a timestamptz, `2026-01-31 09:30:00.123456+00`, in whatever zone the session has. */
const parseTimestamp = (text: string): Date => {
  // The usual case first: the expression below would cost a list of users a tenth of its time.
  if (text.endsWith('+00')) return instant(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
  const match = TIMESTAMP.exec(text);
  if (match === null) throw new RangeError(`Not a timestamp: ${text}`);
  const [, day = '', time = '', hours = '', minutes = '00'] = match;
  return instant(`${day}T${time}${hours}:${minutes}`);
};

const TIMESTAMP = /^([\d-]+) ([\d:.]+)([+-]\d\d)(?::(\d\d))?$/;
