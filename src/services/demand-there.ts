import type { OrganizationView } from '../entities/organization.queries.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import { demandAt } from '../permissions/may.ts';
import { type Caller, signedInCaller } from './caller.ts';

/** For fields of an organization: the rule tree asks whether the permission is held somewhere, this whether it is held there. Throws FORBIDDEN. */
export const demandThere = (
  caller: Caller,
  permission: PermissionName,
  { lineage }: Pick<OrganizationView, 'lineage'>,
  now: Date,
): void => demandAt(signedInCaller(caller).principal, permission, lineage, now);
