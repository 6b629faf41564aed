import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PermissionKey } from '../../../src/permissions/catalogue-types.ts';
import { type Circumstances, type Constraint, evaluate } from '../../../src/permissions/constraints.ts';
import { type Grant, grantKey, intersect, isSubset, unite } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { purchaseCatalogue } from './purchases.fixture.ts';

/**
 * The model: a list of grants means the set of (permission, circumstances) that it allows, found by asking each grant
 * about each pair in the most simple way. The functions must agree with set theory on it.
 */
const permissions: readonly PermissionKey[] = [
  'view:users',
  'view:groups',
  'delete:users',
  'erase:users',
  'delete:organizations',
  'view:shop.purchases',
  'cancel:shop.purchases',
  'execute:shop.purchases',
  'admin:*',
];
const protectedOnes = new Set<string>(['erase:users', 'delete:organizations', 'execute:shop.purchases']);

const situations: readonly Circumstances[] = [
  {},
  { ipAddress: '10.1.0.1' },
  { ipAddress: '10.2.0.1', assuranceLevel: 'AAL1' },
  { ipAddress: '10.1.0.1', assuranceLevel: 'AAL2' },
  { attributes: { region: 'eu', amount: 5 } },
  { attributes: { region: 'us', amount: 50 }, assuranceLevel: 'AAL2' },
  { attributes: { region: 'eu', amount: 50 }, ipAddress: '10.1.0.1', assuranceLevel: 'AAL2' },
];

const coversPlainly = ({ action, resource }: Grant, permission: string): boolean => {
  if (`${action}:${resource}` === permission) return true;
  if (protectedOnes.has(permission) || permission === 'admin:*' || resource !== '*') return false;
  return action === 'admin' || permission.startsWith(`${action}:`);
};

/** Attributes mean something only for the resource that declares them. */
const holdsPlainly = (constraint: Constraint, permission: string, facts: Circumstances): boolean =>
  evaluate(constraint, facts) && (!('attribute' in constraint) || permission.endsWith(':shop.purchases'));

const meaningOf = (grants: readonly Grant[]): ReadonlySet<string> =>
  new Set(
    permissions.flatMap((permission) =>
      situations.flatMap((facts, index) => {
        const allowed = grants.some(
          (grant) =>
            coversPlainly(grant, permission) &&
            grant.constraints.every((constraint) => holdsPlainly(constraint, permission, facts)),
        );
        return allowed ? [`${permission} ${index}`] : [];
      }),
    ),
  );

const within = (part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean =>
  [...part].every((one) => whole.has(one));

const constraint: fc.Arbitrary<Constraint> = fc.oneof(
  fc.constantFrom<Constraint>(
    { kind: 'NETWORKS', networks: ['10.0.0.0/8'] },
    { kind: 'NETWORKS', networks: ['10.1.0.0/16'] },
    { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' },
    { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
    { kind: 'IN', attribute: 'region', values: ['eu'] },
    { kind: 'IN', attribute: 'region', values: ['us', 'eu'] },
    { kind: 'IN', attribute: 'region', values: ['eu', 'us'] },
    { kind: 'IN', attribute: 'region', values: [] },
    { kind: 'NOT_IN', attribute: 'region', values: ['us'] },
    { kind: 'MAX', attribute: 'amount', max: 10 },
    { kind: 'MAX', attribute: 'amount', max: 100 },
  ),
);

const grant: fc.Arbitrary<Grant> = fc
  .tuple(
    fc.constantFrom(...permissions, 'view:*', 'delete:*', 'execute:*'),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 3, arbitrary: fc.array(constraint, { maxLength: 3 }) },
    ),
  )
  .map(([key, constraints]) => {
    const [action = '', resource = ''] = key.split(':');
    return { action, resource, constraints };
  });
const grants = fc.array(grant, { maxLength: 6 });
const runs = { numRuns: 500 };

const united = (...lists: readonly (readonly Grant[])[]): readonly Grant[] => unite(lists, purchaseCatalogue);
const narrowed = (a: readonly Grant[], b: readonly Grant[]): readonly Grant[] => intersect(a, b, purchaseCatalogue);
const subset = (a: readonly Grant[], b: readonly Grant[]): boolean => isSubset(a, b, purchaseCatalogue);
const keysOf = (list: readonly Grant[]): readonly string[] => list.map((one) => grantKey(one)).toSorted();

describe('grants, against the plain model', () => {
  test('a decision is what the model says', () => {
    fc.assert(
      fc.property(grants, (list) => {
        const effective = EffectiveGrants.of(list, purchaseCatalogue);
        const decided = permissions.flatMap((permission) =>
          situations.flatMap((facts, index) => (effective.holds(permission, facts) ? [`${permission} ${index}`] : [])),
        );
        expect(new Set(decided)).toEqual(meaningOf(list));
      }),
      runs,
    );
  });

  test('what is permitted before the row is known is at least what holds with it, and needs a grant', () => {
    fc.assert(
      fc.property(grants, (list) => {
        const effective = EffectiveGrants.of(list, purchaseCatalogue);
        for (const permission of permissions) {
          for (const facts of situations) {
            const { attributes: _row, ...beforehand } = facts;
            expect(effective.holds(permission, facts) && !effective.permits(permission, beforehand)).toBe(false);
            expect(effective.permits(permission, beforehand) && !effective.holdsAny(permission)).toBe(false);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('uniting allows what one of the lists allows', () => {
    fc.assert(
      fc.property(grants, grants, (a, b) => {
        expect(meaningOf(united(a, b))).toEqual(new Set([...meaningOf(a), ...meaningOf(b)]));
      }),
      runs,
    );
  });

  test('intersecting allows what both lists allow, and so never grows', () => {
    fc.assert(
      fc.property(grants, grants, (a, b) => {
        const meaning = meaningOf(narrowed(a, b));
        expect(meaning).toEqual(new Set([...meaningOf(a)].filter((one) => meaningOf(b).has(one))));
        expect(subset(narrowed(a, b), a) && subset(narrowed(a, b), b)).toBe(true);
      }),
      runs,
    );
  });

  test('what may be handed on allows nothing that is not held', () => {
    fc.assert(
      fc.property(grants, grants, (wanted, held) => {
        expect(subset(wanted, held) && !within(meaningOf(wanted), meaningOf(held))).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test('each list is a subset of itself and of every union with it', () => {
    fc.assert(
      fc.property(grants, grants, (a, b) => {
        expect(subset(a, a)).toBe(true);
        expect(subset(a, united(a, b))).toBe(true);
        expect(subset(united(a), a)).toBe(true);
      }),
      runs,
    );
  });

  test('a subset of a subset is a subset', () => {
    const short = fc.array(grant, { maxLength: 2 });
    fc.assert(
      fc.property(short, grants, grants, (a, b, c) => {
        expect(subset(a, b) && subset(b, c) && !subset(a, c)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test('more grants never allow less', () => {
    fc.assert(
      fc.property(grants, grant, (list, one) => {
        expect(within(meaningOf(united(list)), meaningOf(united(list, [one])))).toBe(true);
      }),
      runs,
    );
  });

  test('the order of lists and grants does not matter', () => {
    const shuffled = grants.chain((list) =>
      fc
        .shuffledSubarray([...list], { minLength: list.length, maxLength: list.length })
        .map((other) => [list, other] as const),
    );
    fc.assert(
      fc.property(shuffled, grants, ([a, other], b) => {
        expect(keysOf(united(other, b))).toEqual(keysOf(united(b, a)));
        expect(keysOf(narrowed(other, b))).toEqual(keysOf(narrowed(b, a)));
      }),
      runs,
    );
  });

  test('nothing but a grant that names it gives a protected permission', () => {
    fc.assert(
      fc.property(grants, (list) => {
        const wide = list.filter(({ action, resource }) => !protectedOnes.has(`${action}:${resource}`));
        const effective = EffectiveGrants.of(
          united(wide, [{ action: 'admin', resource: '*', constraints: [] }]),
          purchaseCatalogue,
        );
        expect(
          permissions.filter((permission) => protectedOnes.has(permission) && effective.holdsAny(permission)),
        ).toEqual([]);
      }),
      runs,
    );
  });
});
