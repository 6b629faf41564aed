import { describe, expect, test } from 'vitest';
import {
  adminDefinition,
  builtInCatalogue,
  findPermission,
  isPermissionName,
  permissionDefinitions,
  type PermissionName,
  resourceTitles,
} from '../../../src/permissions/catalogue.ts';

/** Reviewed by hand: permission, protected (2 = with two factors), by API key, while impersonating. */
const expected = `
view:users - key ALWAYS
create:users - key ACT
update:users - key ACT
lock:users - key ACT
disable:users - key ACT
delete:users - - NEVER
reset-mfa:users 2 - NEVER
erase:users 2 - NEVER
export:users 2 - NEVER
import:users 2 key NEVER
impersonate:users 2 - NEVER
impersonate-admin:users 2 - NEVER
view:impersonations - key ALWAYS
end:impersonations - key NEVER
view:groups - key ALWAYS
create:groups - key ACT
update:groups - key ACT
delete:groups - key ACT
grant:groups - - NEVER
grant-protected:groups 2 - NEVER
assign:groups - key NEVER
create-own:api-keys - - NEVER
view:api-keys - key ALWAYS
revoke:api-keys - key NEVER
create:api-keys - - NEVER
create:service-accounts - - NEVER
view:sessions - key ALWAYS
revoke:sessions - key ACT
view:organizations - key ALWAYS
create:organizations - key ACT
update:organizations - key ACT
assign:organizations - key ACT
move:organizations - - NEVER
delete:organizations 2 - NEVER
view:audit - key ALWAYS
export:audit 1 key NEVER
view:stats - key ALWAYS
register:resources - key NEVER
view:documents - key NEVER
register:documents - key NEVER
view:mail - key ACT
retry:mail - key ACT
view:webhooks - key NEVER
create:webhooks - key NEVER
update:webhooks - key NEVER
delete:webhooks - key NEVER
replay:webhooks - key NEVER
rotate:signing-keys 2 - NEVER
view:approvals - - NEVER
approve:requests 2 - NEVER
view:health - key ALWAYS`;

const protection = (isProtected: boolean, level: string): string => {
  if (!isProtected) return '-';
  return level === 'AAL2' ? '2' : '1';
};

describe('the built-in catalogue', () => {
  test('holds exactly the reviewed permissions with the reviewed conditions', () => {
    const lines = permissionDefinitions.map((entry) =>
      [
        entry.key,
        protection(entry.protected, entry.requiredAssurance),
        entry.grantableToApiKey ? 'key' : '-',
        entry.whileImpersonating,
      ].join(' '),
    );
    expect(lines).toEqual(expected.trim().split('\n'));
  });

  test('asks for two factors only where the permission is protected', () => {
    const wrong = permissionDefinitions.filter((entry) => entry.requiredAssurance === 'AAL2' && !entry.protected);
    expect(wrong).toEqual([]);
  });

  test('lets admin:* imply what is not protected, and nothing else', () => {
    expect(permissionDefinitions.every((entry) => entry.impliedByAdmin === !entry.protected)).toBe(true);
  });

  test('titles and describes every permission, each title once', () => {
    const titles = permissionDefinitions.map((entry) => entry.title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(permissionDefinitions.filter((entry) => !/^[A-Z].{9,}\.$/.test(entry.description))).toEqual([]);
  });

  test('names existing permissions only where one depends on another, never in a circle', () => {
    const reached = (key: string, path: readonly string[]): readonly string[] => {
      expect(path).not.toContain(key);
      const entry = builtInCatalogue.find(key);
      expect(entry?.key).toBe(key);
      return (entry?.dependsOn ?? []).flatMap((next) => [next, ...reached(next, [...path, key])]);
    };
    expect(permissionDefinitions.flatMap(({ key }) => reached(key, [])).length).toBeGreaterThan(0);
  });

  test('has a title for each resource', () => {
    expect(Object.keys(resourceTitles)).toEqual([...new Set(permissionDefinitions.map((entry) => entry.resource))]);
  });

  test('uses no verb that the narrow forms replace', () => {
    const verbs = permissionDefinitions.map((entry) => entry.action);
    expect(verbs.filter((verb) => verb.endsWith('-any') || verb === 'read' || verb === 'manage')).toEqual([]);
  });

  test('declares no attributes of its own', () => {
    expect(builtInCatalogue.attributeType('users', 'email')).toBeUndefined();
  });
});

describe('finding a permission', () => {
  test('finds by action and resource, admin on everything included', () => {
    expect(findPermission('view', 'users')?.title).toBe('View users');
    expect(findPermission('admin', '*')).toBe(adminDefinition);
  });

  test.each([
    ['view', '*'],
    ['admin', 'users'],
    ['fly', 'users'],
    ['view', 'planes'],
    ['', ''],
    ['constructor', 'users'],
    ['view', '__proto__'],
  ])('finds nothing for %s on %s', (action, resource) => {
    expect(findPermission(action, resource)).toBeUndefined();
    expect(isPermissionName(`${action}:${resource}`)).toBe(false);
  });

  test('tells permission names from other texts', () => {
    expect(isPermissionName('create:users')).toBe(true);
    expect(isPermissionName('admin:*')).toBe(true);
    expect(isPermissionName('CREATE:users')).toBe(false);
    expect(isPermissionName('create:users ')).toBe(false);
    expect(isPermissionName('toString')).toBe(false);
  });

  test('does not compile for a name that is none', () => {
    const names: readonly PermissionName[] = [
      'create:users',
      'admin:*',
      // @ts-expect-error the verb is not one of the resource's
      'rotate:users',
      // @ts-expect-error only admin has the wildcard
      'view:*',
      // @ts-expect-error admin is for everything
      'admin:users',
    ];
    expect(names.filter((name) => isPermissionName(name))).toEqual(['create:users', 'admin:*']);
  });
});
