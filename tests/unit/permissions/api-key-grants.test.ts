import { describe, expect, test } from 'vitest';
import type { OrganizationId } from '../../../src/ids.ts';
import { grantableParts, grantsOfKey } from '../../../src/permissions/api-key-grants.ts';
import { builtInCatalogue, permissionDefinitions } from '../../../src/permissions/catalogue.ts';
import { type Grant, grantOf, permissionKey } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';

const all = { allMyPermissions: true, permissions: [] } as const;
const naming = (...permissions: readonly Grant[]) => ({ allMyPermissions: false, permissions });
const keysOf = (grants: readonly Grant[]): readonly string[] => grants.map((grant) => permissionKey(grant)).toSorted();

const ROOT = '01890000-0000-7000-8000-000000000001' as OrganizationId;
const BRANCH = '01890000-0000-7000-8000-000000000002' as OrganizationId;

describe('what a key may do', () => {
  test.each(permissionDefinitions)(
    'of `admin:*`: $key only if keys can hold it and nothing protects it',
    (definition) => {
      const { key, grantableToApiKey, protected: isProtected } = definition;
      const grants = grantsOfKey(all, EffectiveGrants.of([grantOf('admin:*')]));
      const wanted = grantableToApiKey && !isProtected && key !== 'admin:*';
      expect(grants.holds(key)).toBe(wanted);
      expect(grants.permits(key, {})).toBe(wanted);
    },
  );

  test('holds no wildcard, so that nobody takes it for an administrator', () => {
    const grants = grantsOfKey(naming(grantOf('admin:*')), EffectiveGrants.of([grantOf('admin:*')]));
    expect(grants.isAdmin).toBe(false);
    expect(grants.list.every(({ resource }) => resource !== '*')).toBe(true);
  });

  test('is in both lists, with the constraints of both', () => {
    const near = { kind: 'NETWORKS', networks: ['10.0.0.0/8'] } as const;
    const strong = { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' } as const;
    const owned = EffectiveGrants.of([grantOf('view:users', [strong]), grantOf('view:stats')]);
    const grants = grantsOfKey(naming(grantOf('view:users', [near]), grantOf('view:audit')), owned);
    expect(grants.list).toHaveLength(1);
    expect(grants.list[0]?.constraints).toHaveLength(2);
    const circumstances = { ipAddress: '10.1.1.1', now: new Date('2026-01-26T10:00:00Z') };
    expect(grants.holds('view:users', { ...circumstances, assuranceLevel: 'AAL1' })).toBe(false);
  });

  test('holds where its owner holds it, and nowhere else', () => {
    const owned = EffectiveGrants.of([], builtInCatalogue, [{ lineage: [ROOT, BRANCH], grants: [grantOf('admin:*')] }]);
    for (const scopes of [all, naming(grantOf('view:users'))]) {
      const grants = grantsOfKey(scopes, owned);
      expect(grants.reach('view:users', {})).toEqual([BRANCH]);
      expect(grants.holds('view:users', {}, [ROOT])).toBe(false);
      expect(grants.holds('delete:users', {}, [ROOT, BRANCH])).toBe(false);
    }
  });

  test('is nothing when nothing is named, or nothing is owned', () => {
    expect(grantsOfKey(naming(), EffectiveGrants.of([grantOf('admin:*')])).list).toEqual([]);
    expect(grantsOfKey(all, EffectiveGrants.none).list).toEqual([]);
  });
});

test('the parts of a verb on everything are its verbs that keys can hold', () => {
  const parts = grantableParts({ action: 'create', resource: '*', constraints: [] }, builtInCatalogue);
  expect(keysOf(parts)).toEqual(['create:groups', 'create:organizations', 'create:users', 'create:webhooks']);
  expect(grantableParts(grantOf('grant:groups'), builtInCatalogue)).toEqual([]);
  expect(keysOf(grantableParts(grantOf('export:audit'), builtInCatalogue))).toEqual(['export:audit']);
});
