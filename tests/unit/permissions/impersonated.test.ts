import { describe, expect, test } from 'vitest';
import type { OrganizationId } from '../../../src/ids.ts';
import { adminDefinition, permissionDefinitions, type PermissionName } from '../../../src/permissions/catalogue.ts';
import { grantOf, permissionKey } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { judge, judgeImpersonating } from '../../../src/permissions/judge.ts';
import { aal2, and, can, freshly } from '../../../src/permissions/rules.ts';
import type { Principal } from '../../../src/principal.ts';
import { impersonated, key, NOW, person } from './callers.fixture.ts';
import { impersonatedGrants, isUsableWhileImpersonating } from '../../../src/permissions/impersonated.ts';

const HERE = '01890000-0000-7000-8000-000000000001' as OrganizationId;
const BELOW = '01890000-0000-7000-8000-000000000002' as OrganizationId;

const everywhere = (...names: readonly PermissionName[]): EffectiveGrants =>
  EffectiveGrants.of(names.map((name) => grantOf(name)));
const within = (lineage: readonly OrganizationId[], ...names: readonly PermissionName[]): EffectiveGrants =>
  EffectiveGrants.of([], undefined, [{ lineage, grants: names.map((name) => grantOf(name)) }]);
const namesOf = ({ list }: EffectiveGrants): readonly string[] => list.map((grant) => permissionKey(grant)).toSorted();

describe('what can be used', () => {
  test.each(permissionDefinitions.map((definition) => [definition.key, definition] as const))(
    '%s as the catalogue says, and never where it is protected',
    (_key, definition) => {
      const { whileImpersonating: use, protected: isProtected } = definition;
      expect(isUsableWhileImpersonating(definition, 'READ_ONLY')).toBe(use === 'ALWAYS' && !isProtected);
      expect(isUsableWhileImpersonating(definition, 'ACT')).toBe(use !== 'NEVER' && !isProtected);
    },
  );

  test('a wildcard covers what cannot be used, so it is written out', () => {
    const admin = everywhere('admin:*');
    const acting = impersonatedGrants(admin, admin, 'ACT');
    const usable = permissionDefinitions.filter((definition) => isUsableWhileImpersonating(definition, 'ACT'));
    expect(namesOf(acting)).toEqual(usable.map((definition) => definition.key).toSorted());
    expect(acting.isAdmin).toBe(false);
    expect(acting.permits(adminDefinition.key, {})).toBe(false);
  });
});

describe('never more than both hold in the same place', () => {
  test('everywhere', () => {
    const target = everywhere('view:users', 'lock:users', 'view:groups');
    const actor = everywhere('view:users', 'lock:users', 'create:groups');
    expect(namesOf(impersonatedGrants(target, actor, 'ACT'))).toEqual(['lock:users', 'view:users']);
    expect(namesOf(impersonatedGrants(target, actor, 'READ_ONLY'))).toEqual(['view:users']);
    expect(namesOf(impersonatedGrants(target, EffectiveGrants.none, 'ACT'))).toEqual([]);
  });

  test('within an organization, by what the actor holds there, above, or everywhere', () => {
    const target = within([HERE, BELOW], 'view:users', 'lock:users');
    const lineage = [HERE, BELOW];
    const holds = (actor: EffectiveGrants, name: PermissionName): boolean =>
      impersonatedGrants(target, actor, 'ACT').holds(name, {}, lineage);
    expect(holds(within([HERE], 'view:users'), 'view:users')).toBe(true);
    expect(holds(within([HERE], 'view:users'), 'lock:users')).toBe(false);
    expect(holds(everywhere('lock:users'), 'lock:users')).toBe(true);
    expect(
      holds(within([HERE, '01890000-0000-7000-8000-000000000003' as OrganizationId], 'view:users'), 'view:users'),
    ).toBe(false);
    const wide = impersonatedGrants(everywhere('view:users'), within([HERE], 'view:users'), 'ACT');
    expect(wide.permits('view:users', {}), 'what the target holds everywhere is not held by the actor').toBe(false);
  });

  test('a constraint of either counts', () => {
    const networks = (network: string) => [{ kind: 'NETWORKS' as const, networks: [network] }];
    const target = EffectiveGrants.of([grantOf('view:users', networks('10.0.0.0/8'))]);
    const actor = EffectiveGrants.of([grantOf('view:users', networks('10.1.0.0/16'))]);
    const both = impersonatedGrants(target, actor, 'ACT');
    expect(both.permits('view:users', { ipAddress: '10.1.2.3' })).toBe(true);
    expect(both.permits('view:users', { ipAddress: '10.2.2.3' })).toBe(false);
  });
});

describe('what no rule needs to say of somebody in disguise', () => {
  const refusal = (principal: Principal | null, isOpen: boolean, isPublic: boolean): string => {
    const denial = judgeImpersonating(principal, { isOpen, isPublic });
    return denial === null ? 'ok' : `${denial.code} ${denial.impersonation ?? ''}`;
  };

  test('in mode READ_ONLY nothing is changed but by the ways out, in mode ACT nothing that is open to anyone', () => {
    for (const isPublic of [true, false]) {
      expect(refusal(impersonated('READ_ONLY', 'admin:*'), false, isPublic)).toBe('FORBIDDEN READ_ONLY');
      expect(refusal(impersonated('READ_ONLY', 'admin:*'), true, isPublic)).toBe('ok');
    }
    expect(refusal(impersonated('ACT', 'admin:*'), false, true)).toBe('FORBIDDEN ACT');
    expect(refusal(impersonated('ACT', 'admin:*'), false, false)).toBe('ok');
    expect([null, person(), key()].map((one) => refusal(one, false, true))).toEqual(['ok', 'ok', 'ok']);
  });

  test('a rule that asks for a proof is met by nobody in disguise, however fresh and strong the session', () => {
    const proved = { ...impersonated('ACT', 'admin:*'), assuranceLevel: 'AAL2' as const };
    for (const rule of [freshly(10), aal2, and(can('view:users'), freshly(10)), and(can('view:users'), aal2)]) {
      for (const enforceAal2 of [true, false]) {
        expect(judge(rule, { principal: proved, now: NOW, enforceAal2 })).toMatchObject({ code: 'FORBIDDEN' });
      }
    }
  });
});
