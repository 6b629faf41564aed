import { describe, expect, test } from 'vitest';
import {
  type ConstraintInput,
  constraintFromStored,
  parseConstraint,
} from '../../../src/permissions/constraint-input.ts';
import { NEVER } from '../../../src/permissions/constraints.ts';
import { grantFromStored, type GrantInput, parseGrants, validateGrants } from '../../../src/permissions/grant-input.ts';
import { purchaseCatalogue } from './purchases.fixture.ts';

const parse = (input: ConstraintInput): ReturnType<typeof parseConstraint> =>
  parseConstraint(input, (name) => purchaseCatalogue.attributeType('shop.purchases', name));

const problemField = (input: unknown): readonly string[] | undefined => {
  const parsed = parse(input as ConstraintInput);
  return 'problem' in parsed ? [parsed.problem.code, ...(parsed.problem.field ?? [])] : undefined;
};

const window = { days: ['MONDAY'], start: '09:00', end: '17:00', timeZone: 'Europe/Rome' } as const;

describe('reading a constraint', () => {
  test.each<[ConstraintInput]>([
    [{ kind: 'IN', attribute: 'region', values: ['eu'] }],
    [{ kind: 'IN', attribute: 'urgent', values: [] }],
    [{ kind: 'NOT_IN', attribute: 'amount', values: ['1'] }],
    [{ kind: 'PREFIX', attribute: 'name', prefix: 'dev-' }],
    [{ kind: 'MAX', attribute: 'amount', max: -0.5 }],
    [{ kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 1 }],
    [{ kind: 'TIME_WINDOW', timeWindow: window }],
    [{ kind: 'NETWORKS', networks: ['10.0.0.0/8', '2001:db8::/32'] }],
    [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' }],
  ])('takes %j, also back from a row', (input) => {
    expect(parse(input)).toEqual({ constraint: input });
    expect(constraintFromStored(JSON.parse(JSON.stringify(input)))).toEqual(input);
  });

  test('takes null for not set, drops repeated values and fields of its own invention', () => {
    const input = {
      kind: 'IN',
      attribute: 'region',
      values: ['eu', 'eu'],
      prefix: null,
      max: undefined,
      extra: 1,
    } as const;
    expect(parse(input)).toEqual({ constraint: { kind: 'IN', attribute: 'region', values: ['eu'] } });
  });

  test.each<[unknown, readonly string[]]>([
    [{ kind: 'NEAR' }, ['kind']],
    [{ kind: 'toString' }, ['kind']],
    [{ kind: 'IN', values: ['eu'] }, ['attribute']],
    [{ kind: 'IN', attribute: 'region' }, ['values']],
    [{ kind: 'IN', attribute: 'region', values: ['eu'], max: 1 }, ['max']],
    [{ kind: 'IN', attribute: 'colour', values: ['eu'] }, ['attribute']],
    [{ kind: 'IN', attribute: '__proto__', values: ['eu'] }, ['attribute']],
    [{ kind: 'IN', attribute: 'boughtAt', values: ['eu'] }, ['attribute']],
    [{ kind: 'IN', attribute: 'region', values: 'eu' }, ['values']],
    [{ kind: 'IN', attribute: 'region', values: ['eu', 5] }, ['values']],
    [{ kind: 'IN', attribute: 'region', values: ['eu', 'a\u0000'] }, ['values', '1']],
    [{ kind: 'IN', attribute: 'region', values: ['\ud800'] }, ['values', '0']],
    [{ kind: 'IN', attribute: 'region', values: ['x'.repeat(201)] }, ['values', '0']],
    [{ kind: 'IN', attribute: 'region', values: Array.from({ length: 1001 }, String) }, ['values']],
    [{ kind: 'PREFIX', attribute: 'name', prefix: '' }, ['prefix']],
    [{ kind: 'PREFIX', attribute: 'amount', prefix: '1' }, ['attribute']],
    [{ kind: 'MAX', attribute: 'name', max: 1 }, ['attribute']],
    [{ kind: 'MAX', attribute: 'amount', max: Number.NaN }, ['max']],
    [{ kind: 'MAX', attribute: 'amount', max: Number.POSITIVE_INFINITY }, ['max']],
    [{ kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 0 }, ['withinSeconds']],
    [{ kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 1.5 }, ['withinSeconds']],
    [{ kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 2 ** 31 }, ['withinSeconds']],
    [{ kind: 'TIME_WINDOW' }, ['timeWindow']],
    [{ kind: 'TIME_WINDOW', attribute: 'region', timeWindow: window }, ['attribute']],
    [{ kind: 'TIME_WINDOW', timeWindow: { ...window, days: [] } }, ['timeWindow', 'days']],
    [{ kind: 'TIME_WINDOW', timeWindow: { ...window, days: ['FUNDAY'] } }, ['timeWindow']],
    [{ kind: 'TIME_WINDOW', timeWindow: { ...window, end: '25:00' } }, ['timeWindow', 'end']],
    [{ kind: 'TIME_WINDOW', timeWindow: { ...window, timeZone: '+01:00' } }, ['timeWindow', 'timeZone']],
    [{ kind: 'NETWORKS', networks: [] }, ['networks']],
    [{ kind: 'NETWORKS', networks: ['10.0.0.0/8', '10.0.0.1'] }, ['networks', '1']],
    [{ kind: 'NETWORKS', networks: Array.from({ length: 101 }, (_, index) => `10.0.0.${index}/32`) }, ['networks']],
    [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL3' }, ['minimumAssurance']],
  ])('refuses %j', (input, field) => {
    expect(problemField(input)).toEqual(['INVALID_CONSTRAINT', ...field]);
  });

  test('takes every limit at its maximum', () => {
    const values = Array.from({ length: 1000 }, (_, index) => String(index).padStart(200, 'x'));
    const networks = Array.from({ length: 100 }, (_, index) => `10.0.0.${index}/32`);
    expect(parse({ kind: 'IN', attribute: 'region', values })).toEqual({
      constraint: { kind: 'IN', attribute: 'region', values },
    });
    expect(parse({ kind: 'NETWORKS', networks })).toEqual({ constraint: { kind: 'NETWORKS', networks } });
    expect(problemField({ kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 2 ** 31 - 1 })).toBeUndefined();
  });

  test.each([
    null,
    undefined,
    'IN',
    5,
    {},
    [],
    { kind: 'NEAR' },
    { kind: 'IN', attribute: 'region' },
    { kind: 'NETWORKS', networks: ['*'] },
  ])('takes %j in a row for a constraint that never holds', (stored) => {
    expect(constraintFromStored(stored)).toEqual(NEVER);
  });
});

const problemsOf = (...inputs: readonly GrantInput[]): readonly string[] =>
  validateGrants(inputs).map(({ code, field }) => [code, ...(field ?? [])].join(' '));

const networks = (count: number): readonly GrantInput[] =>
  Array.from({ length: count }, (_, index) => ({
    action: 'view',
    resource: 'users',
    constraints: [{ kind: 'NETWORKS', networks: [`10.0.0.${index}/32`] }],
  }));

const levels = (count: number): GrantInput => ({
  action: 'view',
  resource: 'users',
  constraints: Array.from({ length: count }, () => ({ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' })),
});

describe('reading grants', () => {
  test('takes permissions of the catalogue, admin:* and the wildcard of a verb', () => {
    const inputs = [
      { action: 'view', resource: 'users' },
      { action: 'erase', resource: 'users', constraints: [] },
      { action: 'admin', resource: '*', constraints: null },
      { action: 'view', resource: '*' },
      { action: 'view', resource: 'groups', constraints: [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' }] },
    ] as const;
    const { grants, problems } = parseGrants(inputs);
    expect(problems).toEqual([]);
    expect(grants).toEqual(
      inputs.map((input) => ({ ...input, constraints: ('constraints' in input ? input.constraints : null) ?? [] })),
    );
  });

  test.each<[GrantInput, string]>([
    [{ action: 'fly', resource: 'users' }, 'action'],
    [{ action: 'view', resource: 'planes' }, 'resource'],
    [{ action: 'admin', resource: 'users' }, 'action'],
    [{ action: 'impersonate', resource: '*' }, 'action'],
    [{ action: '*', resource: '*' }, 'action'],
    [{ action: '*', resource: 'users' }, 'action'],
    [{ action: 'view', resource: 'Users' }, 'resource'],
    [{ action: 'view:users', resource: '' }, 'resource'],
    [{ action: '', resource: 'view:users' }, 'resource'],
    [{ action: 'a\u0000', resource: 'users' }, 'action'],
  ])('refuses %j at its %s', (input, field) => {
    expect(problemsOf({ action: 'view', resource: 'users' }, input)).toEqual([
      `UNKNOWN_PERMISSION permissions 1 ${field}`,
    ]);
  });

  test('refuses attributes, as no built-in resource declares any', () => {
    const constraints = [
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
      { kind: 'IN', attribute: 'email', values: ['a@b.example'] },
    ] as const;
    expect(problemsOf({ action: 'view', resource: 'users', constraints })).toEqual([
      'INVALID_CONSTRAINT permissions 0 constraints 1 attribute',
    ]);
  });

  test('refuses attributes with a wildcard, where no one resource declares them', () => {
    const constraints = [{ kind: 'IN', attribute: 'region', values: ['eu'] }] as const;
    const verdicts = ['shop.purchases', '*'].map((resource) =>
      parseGrants([{ action: 'view', resource, constraints }], purchaseCatalogue).problems.map(({ code }) => code),
    );
    expect(verdicts).toEqual([[], ['INVALID_CONSTRAINT']]);
  });

  test('refuses the same grant twice, in whatever order its constraints stand', () => {
    const a = { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' } as const;
    const b = { kind: 'NETWORKS', networks: ['10.0.0.0/8', '192.0.2.0/24'] } as const;
    const swapped = { ...b, networks: ['192.0.2.0/24', '10.0.0.0/8'] };
    expect(
      problemsOf(
        { action: 'view', resource: 'users', constraints: [a, b] },
        { action: 'view', resource: 'users', constraints: [a] },
        { action: 'view', resource: 'users', constraints: [swapped, a] },
      ),
    ).toEqual(['INVALID_VALUE permissions 2']);
  });

  test('tells every problem at once, with the path of the list', () => {
    const inputs = [
      { action: 'fly', resource: 'users' },
      { action: 'view', resource: 'users', constraints: [{ kind: 'NETWORKS', networks: ['x'] }] },
    ] as const;
    const { grants, problems } = parseGrants(inputs, undefined, ['input', 'permissions']);
    expect(grants).toEqual([]);
    expect(problems.map(({ field }) => field?.join('.'))).toEqual([
      'input.permissions.0.action',
      'input.permissions.1.constraints.0.networks.0',
    ]);
  });

  test('takes 100 grants and refuses 101, and more than 20 constraints', () => {
    expect(problemsOf(...networks(100))).toEqual([]);
    expect(problemsOf(...networks(101))).toEqual(['TOO_MANY_PERMISSIONS permissions']);
    expect(problemsOf(levels(20))).toEqual([]);
    expect(problemsOf(levels(21))).toEqual(['INVALID_CONSTRAINT permissions 0 constraints']);
  });

  test('narrows and never widens what a damaged row says', () => {
    expect(grantFromStored('view', 'users', []).constraints).toEqual([]);
    expect(grantFromStored('view', 'users', null).constraints).toEqual([NEVER]);
    expect(grantFromStored('view', 'users', '[]').constraints).toEqual([NEVER]);
    expect(grantFromStored('view', 'users', {}).constraints).toEqual([NEVER]);
    expect(grantFromStored('view', 'users', [{ kind: 'NEAR' }]).constraints).toEqual([NEVER]);
  });
});
