import { builtInCatalogue, type PermissionName } from './catalogue.ts';
import { type Clause, clausesOf, isPublic, type Rule } from './rules.ts';

const permissionWords = (clause: Clause): string => clause.permissions.map((name) => `\`${name}\``).join(' and ');

/** The words of one way to pass; empty when being signed in is all it asks. */
const conditionWords = (clause: Clause): readonly string[] => [
  ...(clause.permissions.length > 0 ? [permissionWords(clause)] : []),
  ...(clause.selfArguments.length + clause.aboutFields.length > 0 ? ['about oneself'] : []),
  ...(clause.viaSession ? ['a session'] : []),
  ...(clause.notImpersonating ? ['not impersonating'] : []),
  ...(clause.withinMinutes === null ? [] : ['confirmed']),
  ...(clause.aal2 ? ['aal2'] : []),
];

const clauseWords = (clause: Clause): string => {
  const words = conditionWords(clause);
  return words.length === 0 ? 'a signed-in caller' : words.join(', ');
};

/** The rule as a sentence for descriptions and documents: "Requires `view:users`, or about oneself." */
export const describeRule = (rule: Rule): string => {
  if (isPublic(rule)) return 'Open to anyone.';
  const ways = [...new Set(clausesOf(rule).map((clause) => clauseWords(clause)))];
  return `Requires ${ways.join(', or ')}.`;
};

/**
 * The permissions that must be held, as alternatives of which one must be held whole. Empty when there is a way to pass
 * without any: what is one's own, constraints, freshness and the kind of session do not show here.
 */
export const requiredScopes = (rule: Rule): readonly (readonly PermissionName[])[] => {
  const sets = clausesOf(rule).map((clause) => clause.permissions.toSorted());
  if (sets.some((set) => set.length === 0)) return [];
  const distinct = [...new Map(sets.map((set) => [set.join(' '), set])).values()];
  return distinct.filter(
    (set) => !distinct.some((other) => other.length < set.length && other.every((name) => set.includes(name))),
  );
};

/** Every permission that the rule names. */
export const permissionsOf = (rule: Rule): readonly PermissionName[] => [
  ...new Set(clausesOf(rule).flatMap((clause) => clause.permissions)),
];

/** Permissions that need two factors by the catalogue, named in a way to pass that does not ask for them. */
export const unguardedPermissions = (rule: Rule): readonly PermissionName[] => [
  ...new Set(
    clausesOf(rule)
      .filter((clause) => !clause.aal2)
      .flatMap((clause) => clause.permissions)
      .filter((name) => builtInCatalogue.find(name)?.requiredAssurance === 'AAL2'),
  ),
];
