import { describe, expect, test } from 'vitest';
import { parseId } from '../../../src/ids.ts';
import { permissionKey } from '../../../src/permissions/grants.ts';
import {
  ADMINISTRATORS_GROUP_ID,
  KEY_MASTERS_GROUP_ID,
  MEMBERS_GROUP_ID,
  seededGroups,
} from '../../../src/permissions/seeded-groups.ts';
import { parseGrants } from '../../../src/permissions/grant-input.ts';

const named = (id: string): string => `00000000-0000-5000-8000-${id.padStart(12, '0')}`;

describe('the seeded groups', () => {
  test('have their fixed ids, names, reach and grants', () => {
    const table = seededGroups.map(({ id, name, grants, allowedOrganizations }) => [
      id,
      name,
      allowedOrganizations,
      grants.map((grant) => permissionKey(grant)).join(' '),
    ]);
    expect(table).toEqual([
      [named('1'), 'Administrators', 'ALL', 'admin:*'],
      [
        named('2'),
        'Support',
        'ALL',
        'view:users view:groups view:sessions view:organizations lock:users revoke:sessions view:mail retry:mail',
      ],
      [named('3'), 'Members', 'ALL', 'create-own:api-keys'],
      [named('4'), 'Read-only', 'ALL', 'view:users view:groups view:organizations view:stats'],
      [named('5'), 'Auditors', 'ALL', 'view:audit export:audit view:impersonations view:users view:groups'],
      [named('6'), 'Impersonators', 'ALL', 'impersonate:users view:users'],
      [named('8'), 'Key Masters', 'ALL', 'rotate:signing-keys grant-protected:groups approve:requests'],
      [named('9'), 'Data Officers', 'ALL', 'export:users import:users erase:users export:audit'],
    ]);
  });

  test('hold unconstrained grants that the validation of grants accepts', () => {
    for (const { grants } of seededGroups) {
      expect(grants.every((grant) => grant.constraints.length === 0)).toBe(true);
      expect(parseGrants(grants).problems).toEqual([]);
    }
  });

  test('have ids that parse as any other id', () => {
    expect(seededGroups.map(({ id }) => parseId(id))).toEqual(seededGroups.map(({ id }) => id));
    expect([ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID, KEY_MASTERS_GROUP_ID]).toEqual([
      named('1'),
      named('3'),
      named('8'),
    ]);
  });

  test('are described', () => {
    expect(seededGroups.filter(({ description }) => !description.endsWith('.'))).toEqual([]);
  });
});
