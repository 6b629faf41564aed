import type { Clock } from '../clock.ts';
import { type Denial, judge, judgeImpersonating, judgeOverdue, type Situation } from './judge.ts';
import { isPublic, type Rule } from './rules.ts';

/** A field as the schema has it. */
export interface RuledField {
  /** `Type.field`. */
  readonly coordinate: string;
  /** At the root: what lies below was reached through one that is open. */
  readonly isRoot: boolean;
  readonly isMutation: boolean;
}

/** What holds for every field, beside its rule. */
export interface FieldSettings extends Pick<Situation, 'stepUpSeconds' | 'enforceAal2'> {
  readonly clock: Clock;
  /**
   * Set where everybody needs a second factor: fields of the root types, as `Type.field`, that stay open to those who are
   * overdue, so that they can set one up. null or absent: nobody needs one for as little as being signed in.
   */
  readonly openWithoutSecondFactor?: readonly string[] | null;
  /** Mutations, as `Type.field`, that stay open to whoever acts as somebody else, whatever the mode. */
  readonly openWhileReadOnly?: readonly string[];
}

/**
 * The whole verdict on a field, as the guard enforces it and as explanations tell it: what impersonation forbids, what the rule says,
 * and the second factor that is overdue. null = it passes.
 */
export const judgeField = (
  rule: Rule,
  field: RuledField,
  { principal, args, parent }: Pick<Situation, 'principal' | 'args' | 'parent'>,
  { clock, stepUpSeconds, enforceAal2, openWithoutSecondFactor = null, openWhileReadOnly = [] }: FieldSettings,
): Denial | null => {
  const open = isPublic(rule);
  const isOpen = openWhileReadOnly.includes(field.coordinate);
  const impersonating = field.isMutation ? judgeImpersonating(principal, { isOpen, isPublic: open }) : null;
  if (impersonating !== null) return impersonating;
  const now = clock.now();
  const verdict = judge(rule, {
    principal,
    args,
    parent,
    now,
    ...(stepUpSeconds === undefined ? {} : { stepUpSeconds }),
    ...(enforceAal2 === undefined ? {} : { enforceAal2 }),
  });
  if (!verdict.allowed) return verdict;
  const neverOverdue =
    open || !field.isRoot || openWithoutSecondFactor === null || openWithoutSecondFactor.includes(field.coordinate);
  return neverOverdue ? null : judgeOverdue(principal, now);
};
