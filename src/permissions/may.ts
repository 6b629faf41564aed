import type { Principal } from '../principal.ts';
import type { PermissionName } from './catalogue.ts';

/** Whether the caller holds the permission at this moment, from this address, at this level of assurance. */
export const may = (principal: Principal, permission: PermissionName, now: Date): boolean =>
  principal.grants.permits(permission, {
    now,
    ipAddress: principal.ipAddress,
    assuranceLevel: principal.assuranceLevel,
  });
