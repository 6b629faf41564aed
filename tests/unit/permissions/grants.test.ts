import { describe, expect, test } from 'vitest';
import { builtInCatalogue } from '../../../src/permissions/catalogue.ts';
import type { PermissionKey } from '../../../src/permissions/catalogue-types.ts';
import { NEVER, type Constraint } from '../../../src/permissions/constraints.ts';
import {
  covers,
  exceeding,
  type Grant,
  grantOf,
  intersect,
  isSubset,
  permissionKey,
  protectedAmong,
  unite,
} from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { seededGroups } from '../../../src/permissions/seeded-groups.ts';
import { purchaseCatalogue } from './purchases.fixture.ts';

const grant = (key: string, ...constraints: readonly Constraint[]): Grant => {
  const [action = '', resource = ''] = key.split(':');
  return { action, resource, constraints };
};

const keys = (grants: readonly Grant[]): readonly string[] => grants.map((one) => permissionKey(one)).toSorted();

const office: Constraint = { kind: 'NETWORKS', networks: ['10.0.0.0/8'] };
const desk: Constraint = { kind: 'NETWORKS', networks: ['10.1.0.0/16'] };
const twoFactors: Constraint = { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' };
const inEurope: Constraint = { kind: 'IN', attribute: 'region', values: ['eu'] };

describe('what a grant covers', () => {
  test.each<[string, string, boolean]>([
    ['view:users', 'view:users', true],
    ['view:users', 'view:groups', false],
    ['view:users', 'update:users', false],
    ['view:*', 'view:users', true],
    ['view:*', 'view:health', true],
    ['view:*', 'update:users', false],
    ['admin:*', 'view:users', true],
    ['admin:*', 'delete:users', true],
    ['admin:*', 'admin:*', true],
    ['view:*', 'admin:*', false],
    ['view:users', 'admin:*', false],
    // protected: exactly, or not at all
    ['admin:*', 'impersonate:users', false],
    ['admin:*', 'grant-protected:groups', false],
    ['impersonate:*', 'impersonate:users', false],
    ['export:*', 'export:users', false],
    ['export:*', 'export:audit', false],
    ['delete:*', 'delete:organizations', false],
    ['delete:*', 'delete:users', true],
    ['impersonate:users', 'impersonate:users', true],
    ['impersonate:users', 'impersonate-admin:users', false],
    ['impersonate-admin:users', 'impersonate:users', false],
    // what the catalogue does not know
    ['fly:users', 'fly:users', false],
    ['admin:*', 'fly:users', false],
    ['admin:users', 'view:users', false],
    ['*:*', 'view:users', false],
    ['*:users', 'view:users', false],
    ['admin:*', '', false],
    ['admin:*', '__proto__', false],
    // the narrow form does not follow from the wide one, nor the reverse
    ['create:api-keys', 'create-own:api-keys', false],
    ['create-own:api-keys', 'create:api-keys', false],
  ])('%s covers %s: %s', (held, asked, expected) => {
    expect(covers(grant(held), asked)).toBe(expected);
    expect(EffectiveGrants.of([grant(held)]).holds(asked as PermissionKey)).toBe(expected);
  });

  test('admin:* covers what applications add, their protected verbs excepted', () => {
    const admin = EffectiveGrants.of([grantOf('admin:*')], purchaseCatalogue);
    expect(admin.holds('cancel:shop.purchases')).toBe(true);
    expect(admin.holds('execute:shop.purchases')).toBe(false);
    expect(EffectiveGrants.of([grantOf('admin:*')]).holds('cancel:shop.purchases')).toBe(false);
  });

  test('no seeded group gives a protected permission that it does not name', () => {
    const held = seededGroups.map(({ name, grants }) => {
      const effective = EffectiveGrants.of(grants);
      const named = keys(protectedAmong(grants, builtInCatalogue));
      const got = purchaseCatalogue.definitions.filter((one) => one.protected && effective.holdsAny(one.key));
      return [
        name,
        got
          .map(({ key }) => key)
          .toSorted()
          .join() === named.join(),
      ];
    });
    expect(held.filter(([, equal]) => equal !== true)).toEqual([]);
  });
});

describe('effective grants', () => {
  test('without any grant give nothing', () => {
    const nothing = EffectiveGrants.of([]);
    const facts = { now: new Date('2026-01-26T10:00:00Z'), assuranceLevel: 'AAL2', ipAddress: '10.1.2.3' } as const;
    const held = purchaseCatalogue.definitions.filter(
      ({ key }) =>
        nothing.holds(key, facts) ||
        nothing.holdsAny(key) ||
        nothing.permits(key, facts) ||
        nothing.matching(key).length > 0,
    );
    expect(held).toEqual([]);
    expect(nothing.isAdmin).toBe(false);
    expect(EffectiveGrants.none.list).toEqual([]);
  });

  test('hold a constrained permission only when every constraint of one grant holds', () => {
    const held = EffectiveGrants.of([grantOf('view:users', [office, twoFactors])]);
    expect(held.holds('view:users', { ipAddress: '10.1.2.3', assuranceLevel: 'AAL2' })).toBe(true);
    expect(held.holds('view:users', { ipAddress: '10.1.2.3', assuranceLevel: 'AAL1' })).toBe(false);
    expect(held.holds('view:users', { ipAddress: '192.0.2.1', assuranceLevel: 'AAL2' })).toBe(false);
    expect(held.holds('view:users', { ipAddress: '10.1.2.3' })).toBe(false);
    expect(held.holds('view:users')).toBe(false);
    expect(held.holdsAny('view:users')).toBe(true);
  });

  test('take several grants of one permission for alternatives', () => {
    const held = EffectiveGrants.of([grantOf('view:users', [office]), grantOf('view:users', [twoFactors])]);
    expect(held.holds('view:users', { ipAddress: '192.0.2.1', assuranceLevel: 'AAL2' })).toBe(true);
    expect(held.holds('view:users', { ipAddress: '10.1.2.3', assuranceLevel: 'AAL1' })).toBe(true);
    expect(held.holds('view:users', { ipAddress: '192.0.2.1', assuranceLevel: 'AAL1' })).toBe(false);
  });

  test('leave constraints about the row open until the row is known, and no others', () => {
    const held = EffectiveGrants.of([grant('view:shop.purchases', inEurope, office)], purchaseCatalogue);
    const inside = { ipAddress: '10.1.2.3' };
    expect(held.permits('view:shop.purchases', inside)).toBe(true);
    expect(held.permits('view:shop.purchases', { ipAddress: '192.0.2.1' })).toBe(false);
    expect(held.permits('view:shop.purchases', {})).toBe(false);
    expect(held.holds('view:shop.purchases', inside)).toBe(false);
    expect(held.holds('view:shop.purchases', { ...inside, attributes: { region: 'eu' } })).toBe(true);
    expect(held.holds('view:shop.purchases', { ...inside, attributes: { region: 'us' } })).toBe(false);
  });

  test('never leave open what no service will ask', () => {
    const undeclared = EffectiveGrants.of([grantOf('view:users', [inEurope]), grantOf('view:groups', [NEVER])]);
    expect(undeclared.permits('view:users', {})).toBe(false);
    expect(undeclared.holdsAny('view:users')).toBe(false);
    expect(undeclared.holds('view:users', { attributes: { region: 'eu' } })).toBe(false);
    expect(undeclared.holdsAny('view:groups')).toBe(false);
    const empty = EffectiveGrants.of(
      [grant('view:shop.purchases', { kind: 'IN', attribute: 'region', values: [] })],
      purchaseCatalogue,
    );
    expect(empty.permits('view:shop.purchases', {})).toBe(false);
  });

  test('are an administrator only with admin:* and no constraint', () => {
    expect(EffectiveGrants.of([grantOf('admin:*')]).isAdmin).toBe(true);
    expect(EffectiveGrants.of([grantOf('admin:*', [twoFactors])]).isAdmin).toBe(false);
    expect(EffectiveGrants.of([grant('view:*'), grantOf('delete:users')]).isAdmin).toBe(false);
    expect(EffectiveGrants.of([grant('admin:users')]).isAdmin).toBe(false);
  });

  test('do not change with the list that they were made of', () => {
    const list = [grantOf('view:users')];
    const held = EffectiveGrants.of(list);
    list.push(grantOf('admin:*'));
    expect(held.holds('delete:users')).toBe(false);
    expect(held.list).toHaveLength(1);
  });

  test('answer the same on every asking', () => {
    const held = EffectiveGrants.of([grantOf('view:users', [twoFactors])]);
    const answers = Array.from({ length: 4 }, (_, index) =>
      held.holds('view:users', { assuranceLevel: index % 2 === 0 ? 'AAL1' : 'AAL2' }),
    );
    expect(answers).toEqual([false, true, false, true]);
  });
});

describe('uniting grants', () => {
  test('keeps the wider of two and drops repetitions', () => {
    const united = unite([
      [grantOf('view:users'), grantOf('view:users', [office])],
      [grantOf('view:users'), grant('view:*', twoFactors), grantOf('view:groups', [twoFactors, office])],
    ]);
    expect(united).toHaveLength(2);
    expect(united).toContainEqual(grantOf('view:users'));
    expect(united).toContainEqual(grant('view:*', twoFactors));
  });

  test('lets admin:* stand for everything but the protected', () => {
    expect(keys(unite([[grantOf('view:users'), grantOf('erase:users'), grant('view:*'), grantOf('admin:*')]]))).toEqual(
      ['admin:*', 'erase:users'],
    );
  });

  test('of nothing is nothing', () => {
    expect(unite([])).toEqual([]);
    expect(unite([[], []])).toEqual([]);
  });
});

const both = (a: readonly Grant[], b: readonly Grant[]): readonly string[] => keys(intersect(a, b));

describe('intersecting grants', () => {
  test('an API key never does more than its owner may', () => {
    expect(both([grantOf('admin:*')], [grantOf('view:users')])).toEqual(['view:users']);
    expect(both([grantOf('view:users'), grantOf('delete:users')], [grant('view:*')])).toEqual(['view:users']);
    expect(both([grant('view:*')], [grantOf('admin:*')])).toEqual(['view:*']);
  });

  test('with nothing is nothing', () => {
    expect(both([grantOf('admin:*')], [])).toEqual([]);
    expect(both([], [grantOf('admin:*')])).toEqual([]);
    expect(both([grantOf('view:users')], [grantOf('view:groups')])).toEqual([]);
  });

  test('leaves a protected permission only where both name it', () => {
    expect(both([grantOf('import:users')], [grantOf('admin:*')])).toEqual([]);
    expect(both([grantOf('import:users')], [grantOf('admin:*'), grantOf('import:users')])).toEqual(['import:users']);
  });

  test('joins the constraints', () => {
    const [only, ...others] = intersect(
      [grantOf('view:users', [office])],
      [grantOf('view:users', [twoFactors, office])],
    );
    expect(others).toEqual([]);
    expect(only?.constraints).toHaveLength(2);
    expect(only?.constraints).toEqual(expect.arrayContaining([office, twoFactors]));
  });
});

describe('granting at most what one holds', () => {
  test.each<[string, readonly Grant[], readonly Grant[], boolean]>([
    ['nothing', [], [], true],
    ['the same', [grantOf('view:users')], [grantOf('view:users')], true],
    ['one not held', [grantOf('view:users'), grantOf('lock:users')], [grantOf('view:users')], false],
    ['by wildcard', [grantOf('view:users')], [grant('view:*')], true],
    ['the wildcard, holding one', [grant('view:*')], [grantOf('view:users')], false],
    ['the wildcard of a verb as administrator', [grant('view:*')], [grantOf('admin:*')], true],
    ['admin:* holding every view', [grantOf('admin:*')], [grant('view:*')], false],
    ['protected as administrator', [grantOf('erase:users')], [grantOf('admin:*')], false],
    ['protected, held', [grantOf('erase:users')], [grantOf('erase:users')], true],
    ['without the constraint that one has', [grantOf('view:users')], [grantOf('view:users', [office])], false],
    ['with the constraint that one has', [grantOf('view:users', [office])], [grantOf('view:users', [office])], true],
    ['with a narrower one', [grantOf('view:users', [desk])], [grantOf('view:users', [office])], true],
    ['with a wider one', [grantOf('view:users', [office])], [grantOf('view:users', [desk])], false],
    ['with one more', [grantOf('view:users', [office, twoFactors])], [grantOf('view:users', [office])], true],
    ['with one less', [grantOf('view:users', [office])], [grantOf('view:users', [office, twoFactors])], false],
    ['with another one', [grantOf('view:users', [twoFactors])], [grantOf('view:users', [office])], false],
    ['constrained, holding it free', [grantOf('view:users', [office])], [grantOf('view:users')], true],
    ['an unknown one as administrator', [grant('fly:users')], [grantOf('admin:*')], false],
  ])('%s', (_name, wanted, held, expected) => {
    expect(isSubset(wanted, held)).toBe(expected);
  });

  test('names what goes beyond', () => {
    expect(
      keys(exceeding([grantOf('view:users'), grantOf('lock:users'), grantOf('erase:users')], [grantOf('view:users')])),
    ).toEqual(['erase:users', 'lock:users']);
  });

  test('finds the protected ones in a list', () => {
    expect(
      keys(
        protectedAmong(
          [grantOf('view:users'), grantOf('erase:users'), grantOf('admin:*'), grant('fly:users')],
          builtInCatalogue,
        ),
      ),
    ).toEqual(['erase:users']);
  });
});
