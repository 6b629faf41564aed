import type { PermissionName } from './catalogue.ts';

/**
 * Who may call what, as plain data: judged by judge.ts, put into words by rule-words.ts, compiled for the schema by
 * shield.ts. A rule looks at the caller, the arguments and the parent object only, never at the database.
 */
export type Rule =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'signedIn' }
  | { readonly kind: 'can'; readonly permission: PermissionName }
  | { readonly kind: 'self'; readonly argument: string }
  | { readonly kind: 'about'; readonly field: string }
  | { readonly kind: 'freshly'; readonly minutes: number }
  | { readonly kind: 'aal2' }
  | { readonly kind: 'notImpersonating' }
  | { readonly kind: 'viaSession' }
  | { readonly kind: 'and'; readonly of: readonly Rule[] }
  | { readonly kind: 'or'; readonly of: readonly Rule[] };

/** Everybody, signed in or not. */
export const anyone: Rule = { kind: 'anyone' };

/** Every person and every API key. */
export const signedIn: Rule = { kind: 'signedIn' };

/** Holders of the permission, as far as can be said without the row; by API key and while impersonating as the catalogue says. */
export const can = (permission: PermissionName): Rule => ({ kind: 'can', permission });

/** The argument, a path such as `id` or `input.userId`, names the caller; a list, nobody else. Absent arguments name nobody. */
export const self = (argument: string): Rule => ({ kind: 'self', argument });

/** For fields of types: the parent's field, a path such as `id` or `userId`, names the caller. */
export const about = (field: string): Rule => ({ kind: 'about', field });

/** A session whose identity was confirmed at most so many minutes ago; a setting can shorten that, not lengthen it. */
export const freshly = (minutes: number): Rule => ({ kind: 'freshly', minutes });

/** A session of two factors; where that is not enforced, and in the grace of accounts without a second factor, a fresh one. */
export const aal2: Rule = { kind: 'aal2' };

/** Nobody acts as somebody else. */
export const notImpersonating: Rule = { kind: 'notImpersonating' };

/** A session. This and the three before let an API key pass only beside a permission that keys can hold. */
export const viaSession: Rule = { kind: 'viaSession' };

/** All of them. */
export const and = (...of: readonly [Rule, Rule, ...(readonly Rule[])]): Rule => ({ kind: 'and', of });

/** One of them. */
export const or = (...of: readonly [Rule, Rule, ...(readonly Rule[])]): Rule => ({ kind: 'or', of });

type Atom = Exclude<Rule, { readonly kind: 'and' | 'or' }>;

/** One way to pass a rule: everything in it must hold. A rule passes when one of its clauses does. */
export interface Clause {
  /** Needs a caller who is signed in; false only for `anyone`. */
  readonly signedIn: boolean;
  readonly permissions: readonly PermissionName[];
  /** Arguments that must name the caller. */
  readonly selfArguments: readonly string[];
  /** Fields of the parent that must name the caller. */
  readonly aboutFields: readonly string[];
  /** The shortest freshness asked for. */
  readonly withinMinutes: number | null;
  readonly aal2: boolean;
  readonly notImpersonating: boolean;
  readonly viaSession: boolean;
}

const product = (sets: readonly (readonly (readonly Atom[])[])[]): readonly (readonly Atom[])[] =>
  sets.reduce<readonly (readonly Atom[])[]>(
    (done, next) => done.flatMap((left) => next.map((right) => [...left, ...right])),
    [[]],
  );

/** Disjunctive normal form. */
const atomsOf = (rule: Rule): readonly (readonly Atom[])[] => {
  if (rule.kind === 'and') return product(rule.of.map((part) => atomsOf(part)));
  return rule.kind === 'or' ? rule.of.flatMap((part) => atomsOf(part)) : [[rule]];
};

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

const clauseOf = (atoms: readonly Atom[]): Clause => {
  const has = (kind: Atom['kind']): boolean => atoms.some((atom) => atom.kind === kind);
  const minutes = atoms.flatMap((atom) => (atom.kind === 'freshly' ? [atom.minutes] : []));
  return {
    signedIn: atoms.some((atom) => atom.kind !== 'anyone'),
    permissions: unique(atoms.flatMap((atom) => (atom.kind === 'can' ? [atom.permission] : []))),
    selfArguments: unique(atoms.flatMap((atom) => (atom.kind === 'self' ? [atom.argument] : []))),
    aboutFields: unique(atoms.flatMap((atom) => (atom.kind === 'about' ? [atom.field] : []))),
    withinMinutes: minutes.length === 0 ? null : Math.min(...minutes),
    aal2: has('aal2'),
    notImpersonating: has('notImpersonating'),
    viaSession: has('viaSession'),
  };
};

const known = new WeakMap<Rule, readonly Clause[]>();

/** The ways to pass a rule, in the order in which it names them. */
export const clausesOf = (rule: Rule): readonly Clause[] => {
  const cached = known.get(rule);
  if (cached !== undefined) return cached;
  const clauses = atomsOf(rule).map((atoms) => clauseOf(atoms));
  known.set(rule, clauses);
  return clauses;
};

/** Equal for rules that are written equally; the name of the compiled rule. */
export const ruleKey = (rule: Rule): string => JSON.stringify(rule);

/** Passes for everybody. */
export const isPublic = (rule: Rule): boolean => clausesOf(rule).some((clause) => !clause.signedIn);

/** The verdict depends on the arguments of the field. */
export const readsArguments = (rule: Rule): boolean =>
  clausesOf(rule).some((clause) => clause.selfArguments.length > 0);

/** The verdict depends on the object whose field is read. */
export const readsParent = (rule: Rule): boolean => clausesOf(rule).some((clause) => clause.aboutFields.length > 0);
