import type { Principal } from '../principal.ts';
import type { PermissionName } from './catalogue.ts';
import type { Reach } from './grants.ts';

/** Whether the caller holds the permission somewhere, at this moment, from this address, at this level of assurance. */
export const may = (principal: Principal, permission: PermissionName, now: Date): boolean =>
  principal.grants.permits(permission, circumstancesOf(principal, now));

/** Where the caller holds it. */
export const reachOf = (principal: Principal, permission: PermissionName, now: Date): Reach =>
  principal.grants.reach(permission, circumstancesOf(principal, now));

const circumstancesOf = ({ ipAddress, assuranceLevel }: Principal, now: Date) => ({ now, ipAddress, assuranceLevel });
