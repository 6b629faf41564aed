import { type Problem, Rejection } from '../errors.ts';
import type { Id } from '../ids.ts';

/** The longest list of ids that a bulk mutation takes, unless it says another. */
const MAXIMUM_BULK = 100;

/** The problem of an id that names nothing the caller may see, be it well-formed or not. */
export const targetNotFound = (field: string, targetId: string): Problem => ({
  code: 'TARGET_NOT_FOUND',
  field: [field],
  targetId: targetId.slice(0, 100),
});

/** Reads the ids of a bulk mutation: 1 to `maximum`, each once. Problems: REQUIRED, TOO_MANY_ITEMS, TARGET_NOT_FOUND. */
export const readTargetIds = <Target extends Id<string>>(
  ids: readonly string[],
  field: string,
  parse: (text: string) => Target | null,
  maximum: number = MAXIMUM_BULK,
): readonly Target[] => {
  if (ids.length === 0) throw new Rejection([{ code: 'REQUIRED', field: [field] }]);
  if (ids.length > maximum) throw new Rejection([{ code: 'TOO_MANY_ITEMS', field: [field] }]);
  const parsed = ids.map((id) => parse(id));
  const problems = ids.flatMap((id, index): Problem[] => (parsed[index] === null ? [targetNotFound(field, id)] : []));
  if (problems.length > 0) throw new Rejection(problems);
  return [...new Set(parsed.filter((id) => id !== null))];
};
