import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Circumstances,
  type Constraint,
  constraintKey,
  evaluate,
  implies,
  NEVER,
} from '../../../src/permissions/constraints.ts';

const now = new Date('2026-01-26T10:00:00Z');

type Row = NonNullable<Circumstances['attributes']>;

const forRow = (constraint: Constraint, attributes: Row): boolean => evaluate(constraint, { now, attributes });

describe('a constraint about the row', () => {
  const inRegions: Constraint = { kind: 'IN', attribute: 'region', values: ['eu', 'us', '5', 'true'] };
  const notIn: Constraint = { kind: 'NOT_IN', attribute: 'region', values: ['eu'] };
  const prefix: Constraint = { kind: 'PREFIX', attribute: 'name', prefix: 'dev-' };
  const max: Constraint = { kind: 'MAX', attribute: 'amount', max: 100 };
  const within: Constraint = { kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 3600 };

  test.each<[string, Constraint, Row, boolean]>([
    ['IN: one of the values', inRegions, { region: 'eu' }, true],
    ['IN: another value', inRegions, { region: 'asia' }, false],
    ['IN: other case', inRegions, { region: 'EU' }, false],
    ['IN: a number by its text', inRegions, { region: 5 }, true],
    ['IN: a truth value by its text', inRegions, { region: true }, true],
    ['IN: no text for NaN', { ...inRegions, values: ['NaN'] }, { region: Number.NaN }, false],
    ['IN: absent', inRegions, {}, false],
    ['IN: null', inRegions, { region: null }, false],
    ['IN: an empty list allows nothing', { ...inRegions, values: [] }, { region: 'eu' }, false],
    ['NOT_IN: another value', notIn, { region: 'us' }, true],
    ['NOT_IN: one of the values', notIn, { region: 'eu' }, false],
    ['NOT_IN: absent', notIn, {}, false],
    ['NOT_IN: null', notIn, { region: null }, false],
    ['NOT_IN: an instant has no text', notIn, { region: now }, false],
    ['PREFIX: begins so', prefix, { name: 'dev-1' }, true],
    ['PREFIX: exactly so', prefix, { name: 'dev-' }, true],
    ['PREFIX: other case', prefix, { name: 'DEV-1' }, false],
    ['PREFIX: elsewhere in it', prefix, { name: 'my-dev-1' }, false],
    ['PREFIX: a number', { ...prefix, prefix: '5' }, { name: 55 }, false],
    ['PREFIX: absent', prefix, {}, false],
    ['MAX: below', max, { amount: 99.99 }, true],
    ['MAX: exactly', max, { amount: 100 }, true],
    ['MAX: above', max, { amount: 100.01 }, false],
    ['MAX: negative', max, { amount: -1 }, true],
    ['MAX: NaN', max, { amount: Number.NaN }, false],
    ['MAX: minus infinity', max, { amount: Number.NEGATIVE_INFINITY }, false],
    ['MAX: text', max, { amount: '1' }, false],
    ['MAX: absent', max, {}, false],
    ['WITHIN: just now', within, { boughtAt: now }, true],
    ['WITHIN: the last moment', within, { boughtAt: new Date('2026-01-26T09:00:00Z') }, true],
    ['WITHIN: too late', within, { boughtAt: new Date('2026-01-26T08:59:59.999Z') }, false],
    ['WITHIN: not yet', within, { boughtAt: new Date('2026-01-26T10:00:00.001Z') }, false],
    ['WITHIN: RFC 3339', within, { boughtAt: '2026-01-26T10:30:00+01:00' }, true],
    ['WITHIN: no zone', within, { boughtAt: '2026-01-26T09:30:00' }, false],
    ['WITHIN: no instant', within, { boughtAt: 'yesterday' }, false],
    ['WITHIN: seconds since 1970', within, { boughtAt: now.getTime() / 1000 }, false],
    ['WITHIN: an invalid date', within, { boughtAt: new Date(Number.NaN) }, false],
    ['WITHIN: absent', within, {}, false],
  ])('%s', (_name, constraint, attributes, expected) => {
    expect(forRow(constraint, attributes)).toBe(expected);
  });

  test('fails without a row, and without the time where that is asked', () => {
    for (const constraint of [inRegions, notIn, prefix, max, within]) {
      expect(evaluate(constraint, { now })).toBe(false);
      expect(evaluate(constraint, { now, attributes: null })).toBe(false);
    }
    expect(evaluate(within, { attributes: { boughtAt: now } })).toBe(false);
  });

  test('does not take what every object inherits for an attribute', () => {
    const inherited: Constraint = { kind: 'NOT_IN', attribute: 'toString', values: [] };
    expect(forRow(inherited, {})).toBe(false);
    expect(forRow({ ...inherited, attribute: '__proto__' }, {})).toBe(false);
    const heir = Object.create({ region: 'eu' }) as Row;
    expect(forRow(inRegions, heir)).toBe(false);
  });
});

describe('a constraint about the caller', () => {
  const networks: Constraint = { kind: 'NETWORKS', networks: ['10.0.0.0/8', '2001:db8::/32'] };

  test.each<[string, Constraint, Circumstances, boolean]>([
    ['NETWORKS: within', networks, { ipAddress: '10.2.3.4' }, true],
    ['NETWORKS: within the second', networks, { ipAddress: '2001:db8::7' }, true],
    ['NETWORKS: IPv4 as IPv6', networks, { ipAddress: '::ffff:10.2.3.4' }, true],
    ['NETWORKS: elsewhere', networks, { ipAddress: '192.0.2.1' }, false],
    [
      'NETWORKS: IPv4 as IPv6 from elsewhere',
      { ...networks, networks: ['::/0'] },
      { ipAddress: '::ffff:192.0.2.1' },
      false,
    ],
    ['NETWORKS: unknown', networks, {}, false],
    ['NETWORKS: null', networks, { ipAddress: null }, false],
    ['NETWORKS: no address', networks, { ipAddress: 'unknown' }, false],
    [
      'NETWORKS: an unreadable range matches nothing',
      { ...networks, networks: ['*'] },
      { ipAddress: '10.2.3.4' },
      false,
    ],
    ['NETWORKS: an empty list matches nothing', { ...networks, networks: [] }, { ipAddress: '10.2.3.4' }, false],
    [
      'MINIMUM_ASSURANCE: met',
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
      { assuranceLevel: 'AAL2' },
      true,
    ],
    [
      'MINIMUM_ASSURANCE: exceeded',
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' },
      { assuranceLevel: 'AAL2' },
      true,
    ],
    [
      'MINIMUM_ASSURANCE: not met',
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
      { assuranceLevel: 'AAL1' },
      false,
    ],
    ['MINIMUM_ASSURANCE: unknown', { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' }, {}, false],
    [
      'TIME_WINDOW: within',
      { kind: 'TIME_WINDOW', timeWindow: { days: ['MONDAY'], start: '09:00', end: '12:00', timeZone: 'UTC' } },
      { now },
      true,
    ],
    [
      'TIME_WINDOW: outside',
      { kind: 'TIME_WINDOW', timeWindow: { days: ['MONDAY'], start: '11:00', end: '12:00', timeZone: 'UTC' } },
      { now },
      false,
    ],
    [
      'TIME_WINDOW: unknown time',
      { kind: 'TIME_WINDOW', timeWindow: { days: ['MONDAY'], start: '09:00', end: '12:00', timeZone: 'UTC' } },
      {},
      false,
    ],
  ])('%s', (_name, constraint, circumstances, expected) => {
    expect(evaluate(constraint, circumstances)).toBe(expected);
  });

  test('NEVER holds for nobody', () => {
    expect(evaluate(NEVER, { now, attributes: { '': '' }, assuranceLevel: 'AAL2', ipAddress: '10.0.0.1' })).toBe(false);
  });
});

const list = (kind: 'IN' | 'NOT_IN', ...values: readonly string[]): Constraint => ({
  kind,
  attribute: 'region',
  values,
});

describe('one constraint following from another', () => {
  test.each<[string, Constraint, Constraint, boolean]>([
    ['fewer allowed values', list('IN', 'a'), list('IN', 'a', 'b'), true],
    ['more allowed values', list('IN', 'a', 'b'), list('IN', 'a'), false],
    ['other attribute', { ...list('IN', 'a'), attribute: 'name' } as Constraint, list('IN', 'a'), false],
    ['more forbidden values', list('NOT_IN', 'a', 'b'), list('NOT_IN', 'a'), true],
    ['fewer forbidden values', list('NOT_IN', 'a'), list('NOT_IN', 'a', 'b'), false],
    ['allowed values that are not forbidden', list('IN', 'a'), list('NOT_IN', 'b'), true],
    ['allowed values of which one is forbidden', list('IN', 'a', 'b'), list('NOT_IN', 'b'), false],
    ['not forbidden is not allowed', list('NOT_IN', 'b'), list('IN', 'a'), false],
    ['anything from what never holds', NEVER, { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' }, true],
    [
      'a longer beginning',
      { kind: 'PREFIX', attribute: 'name', prefix: 'dev-1' },
      { kind: 'PREFIX', attribute: 'name', prefix: 'dev-' },
      true,
    ],
    [
      'a shorter beginning',
      { kind: 'PREFIX', attribute: 'name', prefix: 'd' },
      { kind: 'PREFIX', attribute: 'name', prefix: 'dev-' },
      false,
    ],
    [
      'a lower maximum',
      { kind: 'MAX', attribute: 'amount', max: 5 },
      { kind: 'MAX', attribute: 'amount', max: 10 },
      true,
    ],
    [
      'a higher maximum',
      { kind: 'MAX', attribute: 'amount', max: 15 },
      { kind: 'MAX', attribute: 'amount', max: 10 },
      false,
    ],
    [
      'a shorter time',
      { kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 5 },
      { kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 6 },
      true,
    ],
    [
      'a longer time',
      { kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 7 },
      { kind: 'WITHIN', attribute: 'boughtAt', withinSeconds: 6 },
      false,
    ],
    [
      'a smaller network',
      { kind: 'NETWORKS', networks: ['10.1.0.0/16'] },
      { kind: 'NETWORKS', networks: ['192.0.2.0/24', '10.0.0.0/8'] },
      true,
    ],
    [
      'a network more',
      { kind: 'NETWORKS', networks: ['10.1.0.0/16', '11.0.0.0/16'] },
      { kind: 'NETWORKS', networks: ['10.0.0.0/8'] },
      false,
    ],
    [
      'an unreadable network',
      { kind: 'NETWORKS', networks: ['x'] },
      { kind: 'NETWORKS', networks: ['10.0.0.0/8'] },
      false,
    ],
    [
      'a higher level',
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' },
      true,
    ],
    [
      'a lower level',
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' },
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
      false,
    ],
    [
      'another kind',
      { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' },
      { kind: 'NETWORKS', networks: ['0.0.0.0/0'] },
      false,
    ],
    ['row and caller', list('IN', 'a'), { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' }, false],
  ])('%s', (_name, a, b, expected) => {
    expect(implies(a, b)).toBe(expected);
  });

  const text = fc.constantFrom('a', 'ab', 'b', 'ba');
  const any: fc.Arbitrary<Constraint> = fc.oneof(
    fc.record({
      kind: fc.constantFrom('IN' as const, 'NOT_IN' as const),
      attribute: fc.constantFrom('x', 'y'),
      values: fc.array(text, { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('PREFIX' as const), attribute: fc.constantFrom('x', 'y'), prefix: text }),
    fc.record({
      kind: fc.constant('MAX' as const),
      attribute: fc.constantFrom('x', 'y'),
      max: fc.integer({ min: 0, max: 3 }),
    }),
    fc.record({
      kind: fc.constant('NETWORKS' as const),
      networks: fc.array(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0'), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      kind: fc.constant('MINIMUM_ASSURANCE' as const),
      minimumAssurance: fc.constantFrom('AAL1' as const, 'AAL2' as const),
    }),
  );
  const situation: fc.Arbitrary<Circumstances> = fc.record({
    ipAddress: fc.constantFrom(null, '10.1.0.1', '10.2.0.1', '192.0.2.1'),
    assuranceLevel: fc.constantFrom(null, 'AAL1' as const, 'AAL2' as const),
    attributes: fc.record({ x: fc.oneof(text, fc.integer({ min: 0, max: 4 })), y: fc.constantFrom(undefined, 'a', 2) }),
  });

  test('never says so where the one holds and the other does not', () => {
    fc.assert(
      fc.property(any, any, situation, (a, b, facts) => {
        expect(implies(a, b) && evaluate(a, facts) && !evaluate(b, facts)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  test('is reflexive and transitive', () => {
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        expect(implies(a, a)).toBe(true);
        expect(implies(a, b) && implies(b, c) && !implies(a, c)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the key of a constraint', () => {
  test('does not depend on the order of lists and fields', () => {
    const a: Constraint = { kind: 'IN', attribute: 'region', values: ['b', 'a', 'a'] };
    const b: Constraint = { values: ['a', 'b'], attribute: 'region', kind: 'IN' };
    expect(constraintKey(a)).toBe(constraintKey(b));
  });

  test('tells constraints apart whose texts would run together', () => {
    const a: Constraint = { kind: 'IN', attribute: 'region', values: ['a,b'] };
    const b: Constraint = { kind: 'IN', attribute: 'region', values: ['a', 'b'] };
    expect(constraintKey(a)).not.toBe(constraintKey(b));
  });
});
