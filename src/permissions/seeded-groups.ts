import type { GroupId } from '../ids.ts';
import type { ScopeMode } from '../vocabulary.ts';
import type { PermissionName } from './catalogue.ts';
import { type Grant, grantOf } from './grants.ts';

/** A group that exists in every installation: managed by the system, so that only its members can change. */
export interface SeededGroup {
  readonly id: GroupId;
  readonly name: string;
  readonly description: string;
  readonly grants: readonly Grant[];
  /** Where the grants hold for members without an organization of their own. */
  readonly allowedOrganizations: ScopeMode;
}

/** The ids are fixed, so that configuration, documentation and other systems can name these groups. 7 is kept free. */
const seededId = (number: number): GroupId => `00000000-0000-5000-8000-${String(number).padStart(12, '0')}` as GroupId;

export const ADMINISTRATORS_GROUP_ID = seededId(1);
export const SUPPORT_GROUP_ID = seededId(2);
export const MEMBERS_GROUP_ID = seededId(3);
export const READ_ONLY_GROUP_ID = seededId(4);
export const AUDITORS_GROUP_ID = seededId(5);
export const IMPERSONATORS_GROUP_ID = seededId(6);
export const KEY_MASTERS_GROUP_ID = seededId(8);
export const DATA_OFFICERS_GROUP_ID = seededId(9);

const grants = (...permissions: readonly PermissionName[]): readonly Grant[] =>
  permissions.map((name) => grantOf(name));

export const seededGroups: readonly SeededGroup[] = [
  {
    id: ADMINISTRATORS_GROUP_ID,
    name: 'Administrators',
    description: 'Everything that is not protected, in every organization.',
    grants: grants('admin:*'),
    allowedOrganizations: 'ALL',
  },
  {
    id: SUPPORT_GROUP_ID,
    name: 'Support',
    description: 'Helps people who cannot sign in: sees users, locks them, ends their sessions, sends mail again.',
    grants: grants(
      'view:users',
      'view:groups',
      'view:sessions',
      'view:organizations',
      'lock:users',
      'revoke:sessions',
      'view:mail',
      'retry:mail',
    ),
    allowedOrganizations: 'ALL',
  },
  {
    id: MEMBERS_GROUP_ID,
    name: 'Members',
    description: 'Every person; makes API keys for oneself.',
    grants: grants('create-own:api-keys'),
    allowedOrganizations: 'ALL',
  },
  {
    id: READ_ONLY_GROUP_ID,
    name: 'Read-only',
    description: 'Sees users, groups, organizations and statistics; changes nothing.',
    grants: grants('view:users', 'view:groups', 'view:organizations', 'view:stats'),
    allowedOrganizations: 'ALL',
  },
  {
    id: AUDITORS_GROUP_ID,
    name: 'Auditors',
    description: 'Reads and takes away the audit log.',
    grants: grants('view:audit', 'export:audit', 'view:impersonations', 'view:users', 'view:groups'),
    allowedOrganizations: 'ALL',
  },
  {
    id: IMPERSONATORS_GROUP_ID,
    name: 'Impersonators',
    description: 'Acts as other people, to see what they see.',
    grants: grants('impersonate:users', 'view:users'),
    allowedOrganizations: 'ALL',
  },
  {
    id: KEY_MASTERS_GROUP_ID,
    name: 'Key Masters',
    description: 'Rotates signing keys, hands out protected permissions, approves requests.',
    grants: grants('rotate:signing-keys', 'grant-protected:groups', 'approve:requests'),
    allowedOrganizations: 'ALL',
  },
  {
    id: DATA_OFFICERS_GROUP_ID,
    name: 'Data Officers',
    description: 'Takes personal data out, brings it in, erases it.',
    grants: grants('export:users', 'import:users', 'erase:users', 'export:audit'),
    allowedOrganizations: 'ALL',
  },
];
