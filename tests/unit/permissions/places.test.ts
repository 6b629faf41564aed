import { describe, expect, test } from 'vitest';
import type { OrganizationId } from '../../../src/ids.ts';
import { grantOf } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { purchaseCatalogue } from './purchases.fixture.ts';

const owner = '01890000-0000-7000-8000-0000000000a1' as OrganizationId;
const reseller = '01890000-0000-7000-8000-0000000000a2' as OrganizationId;
const customer = '01890000-0000-7000-8000-0000000000a3' as OrganizationId;
const other = '01890000-0000-7000-8000-0000000000b1' as OrganizationId;

const atReseller = [owner, reseller];
const atCustomer = [owner, reseller, customer];

/** Sees groups everywhere, administers the reseller and all below it. */
const administrator = EffectiveGrants.of([grantOf('view:groups')], purchaseCatalogue, [
  { lineage: atReseller, grants: [grantOf('admin:*')] },
]);

describe('what is held within an organization', () => {
  test('holds there and below, nowhere else', () => {
    const places = { there: atReseller, below: atCustomer, above: [owner], elsewhere: [other], 'in none': [] };
    const verdicts = Object.entries(places).map(([name, lineage]) => [
      name,
      administrator.holds('lock:users', {}, lineage),
    ]);
    expect(Object.fromEntries(verdicts)).toEqual({
      there: true,
      below: true,
      above: false,
      elsewhere: false,
      'in none': false,
    });
  });

  test('is enough for the tree, which does not know the row', () => {
    expect(administrator.permits('lock:users', {})).toBe(true);
    expect(administrator.holdsAny('lock:users')).toBe(true);
    expect(administrator.reach('lock:users', {})).toEqual([reseller]);
    expect(administrator.reach('view:groups', {})).toBe('ALL');
  });

  test('never gives what belongs to all organizations', () => {
    for (const permission of [
      'update:groups',
      'grant:groups',
      'view:audit',
      'register:resources',
      'import:users',
    ] as const) {
      expect(administrator.permits(permission, {})).toBe(false);
      expect(administrator.holds(permission, {}, atReseller)).toBe(false);
      expect(administrator.reach(permission, {})).toEqual([]);
    }
  });

  test('never covers a protected permission', () => {
    expect(administrator.holds('impersonate:users', {}, atReseller)).toBe(false);
    expect(administrator.holds('execute:shop.purchases', {}, atReseller)).toBe(false);
    expect(administrator.holds('cancel:shop.purchases', {}, atCustomer)).toBe(true);
  });

  test('does not make its holder an administrator', () => {
    expect(administrator.isAdmin).toBe(false);
  });

  test('holds under its constraints', () => {
    const held = EffectiveGrants.of([], purchaseCatalogue, [
      {
        lineage: atReseller,
        grants: [grantOf('view:users', [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' }])],
      },
    ]);
    expect(held.reach('view:users', { assuranceLevel: 'AAL1' })).toEqual([]);
    expect(held.reach('view:users', { assuranceLevel: 'AAL2' })).toEqual([reseller]);
  });
});

describe('what somebody else has more', () => {
  const lacking = (theirs: EffectiveGrants) =>
    administrator.lacking(theirs).map(({ action, resource }) => `${action}:${resource}`);
  const within = (lineage: readonly OrganizationId[], permission: 'lock:users' | 'admin:*') =>
    EffectiveGrants.of([], purchaseCatalogue, [{ lineage, grants: [grantOf(permission)] }]);

  test('is compared in the same place', () => {
    expect(lacking(within(atCustomer, 'admin:*'))).toEqual([]);
    expect(lacking(within([owner], 'lock:users'))).toEqual(['lock:users']);
    expect(lacking(within([other], 'lock:users'))).toEqual(['lock:users']);
    expect(lacking(EffectiveGrants.of([grantOf('lock:users')], purchaseCatalogue))).toEqual(['lock:users']);
  });
});

describe('narrowing', () => {
  test('meets the grants of every place', () => {
    const key = administrator.narrowedTo([grantOf('view:users'), grantOf('view:groups')]);
    expect(key.holds('view:users', {}, atCustomer)).toBe(true);
    expect(key.holds('lock:users', {}, atCustomer)).toBe(false);
    expect(key.holds('view:groups')).toBe(true);
    expect(key.holds('view:users')).toBe(false);
  });

  test('never grows', () => {
    expect(EffectiveGrants.none.narrowedTo([grantOf('admin:*')]).list).toEqual([]);
  });
});
