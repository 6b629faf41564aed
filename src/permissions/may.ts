import { Failure } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { Principal } from '../principal.ts';
import type { PermissionName } from './catalogue.ts';
import type { Reach } from './effective-grants.ts';

/** Whether the caller holds the permission somewhere, at this moment, from this address, at this level of assurance. */
export const may = (principal: Principal, permission: PermissionName, now: Date): boolean =>
  principal.grants.permits(permission, circumstancesOf(principal, now));

/** Whether the caller holds it for rows in the organization of the lineage, the root first. */
const mayAt = (
  principal: Principal,
  permission: PermissionName,
  lineage: readonly OrganizationId[],
  now: Date,
): boolean => principal.grants.holds(permission, circumstancesOf(principal, now), lineage);

/** Throws FORBIDDEN unless the caller holds it there: for fields, of which the rule tree asks only whether it is held somewhere. */
export const demandAt = (
  principal: Principal,
  permission: PermissionName,
  lineage: readonly OrganizationId[],
  now: Date,
): void => {
  if (mayAt(principal, permission, lineage, now)) return;
  throw new Failure('FORBIDDEN', `This needs ${permission} there.`, { missing: [permission] });
};

/** Where the caller holds it. */
export const reachOf = (principal: Principal, permission: PermissionName, now: Date): Reach =>
  principal.grants.reach(permission, circumstancesOf(principal, now));

const circumstancesOf = ({ ipAddress, assuranceLevel }: Principal, now: Date) => ({ now, ipAddress, assuranceLevel });
