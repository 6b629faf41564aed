import type { Problem } from '../errors.ts';
import { builtInCatalogue } from './catalogue.ts';
import type { Catalogue } from './catalogue-types.ts';
import { type ConstraintInput, constraintFromStored, parseConstraint } from './constraint-input.ts';
import type { Constraint } from './constraints.ts';
import { type Grant, grantKey, permissionKey } from './grants.ts';

const MAX_GRANTS = 100;
const MAX_CONSTRAINTS = 20;

/** A grant as a client sends it. */
export interface GrantInput {
  readonly action: string;
  readonly resource: string;
  readonly constraints?: readonly ConstraintInput[] | null | undefined;
}

export interface ParsedGrants {
  /** The grants as they can be stored; complete only when there are no problems. */
  readonly grants: readonly Grant[];
  /** UNKNOWN_PERMISSION, INVALID_CONSTRAINT, TOO_MANY_PERMISSIONS, or INVALID_VALUE for a grant that stands there twice. */
  readonly problems: readonly Problem[];
}

type Path = readonly string[];

const knownGrant = ({ action, resource }: GrantInput, catalogue: Catalogue): boolean => {
  if (catalogue.find(permissionKey({ action, resource })) !== undefined) return true;
  return resource === '*' && catalogue.definitions.some((entry) => entry.action === action && !entry.protected);
};

const unknownPermission = ({ resource }: GrantInput, catalogue: Catalogue, path: Path): Problem => {
  const knownResource = resource === '*' || catalogue.definitions.some((entry) => entry.resource === resource);
  return { code: 'UNKNOWN_PERMISSION', field: [...path, knownResource ? 'action' : 'resource'] };
};

interface ParsedConstraints {
  readonly constraints: readonly Constraint[];
  readonly problems: readonly Problem[];
}

const parseConstraints = (input: GrantInput, catalogue: Catalogue, path: Path): ParsedConstraints => {
  const given = input.constraints ?? [];
  if (given.length > MAX_CONSTRAINTS) {
    const message = `Give at most ${MAX_CONSTRAINTS} constraints.`;
    return { constraints: [], problems: [{ code: 'INVALID_CONSTRAINT', message, field: path }] };
  }
  const parsed = given.map((one) => parseConstraint(one, (name) => catalogue.attributeType(input.resource, name)));
  return {
    constraints: parsed.flatMap((result) => ('constraint' in result ? [result.constraint] : [])),
    problems: parsed.flatMap((result, index) =>
      'problem' in result
        ? [{ ...result.problem, field: [...path, String(index), ...(result.problem.field ?? [])] }]
        : [],
    ),
  };
};

/**
 * Reads the grants of a group or key. `at` is the path of the list inside the mutation's input.
 * Whether the caller may hand them out is another question: see `exceeding` and `protectedAmong`.
 */
export const parseGrants = (
  inputs: readonly GrantInput[],
  catalogue: Catalogue = builtInCatalogue,
  at: Path = ['permissions'],
): ParsedGrants => {
  if (inputs.length > MAX_GRANTS) return { grants: [], problems: [{ code: 'TOO_MANY_PERMISSIONS', field: at }] };
  const grants: Grant[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [index, input] of inputs.entries()) {
    const path = [...at, String(index)];
    if (!knownGrant(input, catalogue)) {
      problems.push(unknownPermission(input, catalogue, path));
      continue;
    }
    const parsed = parseConstraints(input, catalogue, [...path, 'constraints']);
    problems.push(...parsed.problems);
    if (parsed.problems.length > 0) continue;
    const grant: Grant = { action: input.action, resource: input.resource, constraints: parsed.constraints };
    const key = grantKey(grant);
    if (seen.has(key))
      problems.push({ code: 'INVALID_VALUE', message: 'The grant stands in the list twice.', field: path });
    else grants.push(grant);
    seen.add(key);
  }
  return { grants, problems };
};

/** What is wrong with the grants; empty when nothing is. */
export const validateGrants = (
  inputs: readonly GrantInput[],
  catalogue: Catalogue = builtInCatalogue,
): readonly Problem[] => parseGrants(inputs, catalogue).problems;

/** Grants from rows. Constraints that cannot be read never hold; anything but a list of constraints is one such. */
export const grantFromStored = (action: string, resource: string, constraints: unknown): Grant => ({
  action,
  resource,
  constraints: Array.isArray(constraints)
    ? constraints.map((one: unknown) => constraintFromStored(one))
    : [constraintFromStored(constraints)],
});
