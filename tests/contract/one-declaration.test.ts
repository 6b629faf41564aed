import * as fc from 'fast-check';
import { type ConstDirectiveNode, type FieldDefinitionNode, Kind, parse, valueFromASTUntyped } from 'graphql';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtInCatalogue, type PermissionName, permissionDefinitions } from '../../src/permissions/catalogue.ts';
import { grantOf } from '../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../src/permissions/effective-grants.ts';
import { judge, type Situation } from '../../src/permissions/judge.ts';
import { rowRules } from '../../src/permissions/row-rules.ts';
import { describeRule } from '../../src/permissions/rule-words.ts';
import { clausesOf, type Rule } from '../../src/permissions/rules.ts';
import { seededGroups } from '../../src/permissions/seeded-groups.ts';
import { tree } from '../../src/permissions/tree.ts';
import type { Principal } from '../../src/principal.ts';
import { ALICE, BOB, impersonated, key, NOW, person, stale, strong } from '../unit/permissions/callers.fixture.ts';

/*
 * The rule tree is the one declaration of who may call what. Whatever else says it, for routers, for readers of the schema, in an
 * error, is held against the verdicts of the tree here, for callers of every kind.
 */

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');

const lines = Object.entries(tree).flatMap(([type, rules]) =>
  Object.entries(rules as Readonly<Record<string, Rule>>).map(([field, rule]) => ({
    coordinate: `${type}.${field}`,
    rule,
  })),
);

const fieldsOf = (sdl: string): ReadonlyMap<string, FieldDefinitionNode> =>
  new Map(
    parse(sdl).definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION
        ? (definition.fields ?? []).map((field) => [`${definition.name.value}.${field.name.value}`, field] as const)
        : [],
    ),
  );

const secured = fieldsOf(read('schema.secured.graphql'));

const argumentOf = ({ arguments: given }: ConstDirectiveNode): unknown =>
  given?.[0] === undefined ? undefined : valueFromASTUntyped(given[0].value);

/** What a router lets through: it knows of a caller whether there is one, and the scopes of the token. */
const routerPasses = (field: FieldDefinitionNode | undefined, scopes: ReadonlySet<string> | null): boolean =>
  (field?.directives ?? []).every((directive) => {
    if (directive.name.value === 'authenticated') return scopes !== null;
    if (directive.name.value !== 'requiresScopes') return true;
    const alternatives = argumentOf(directive) as readonly (readonly string[])[];
    return scopes !== null && alternatives.some((all) => all.every((scope) => scopes.has(scope)));
  });

/** What a token of the caller lists: every permission that some grant of theirs covers, whatever its circumstances. */
const scopesOf = (principal: Principal | null): ReadonlySet<string> | null =>
  principal === null
    ? null
    : new Set(permissionDefinitions.map((one) => one.key).filter((one) => principal.grants.holdsAny(one)));

const named = [...new Set(lines.flatMap(({ rule }) => clausesOf(rule).flatMap(({ permissions }) => permissions)))];

const permissions: fc.Arbitrary<readonly PermissionName[]> = fc.uniqueArray(
  fc.oneof(fc.constantFrom<PermissionName>(...named), fc.constantFrom<PermissionName>('admin:*')),
  { maxLength: 6 },
);

const principals: fc.Arbitrary<Principal> = fc
  .tuple(
    permissions,
    fc.constantFrom(
      person,
      stale,
      strong,
      key,
      (...held: readonly PermissionName[]): Principal => impersonated('ACT', ...held),
      (...held: readonly PermissionName[]): Principal => impersonated('READ_ONLY', ...held),
    ),
  )
  .map(([held, make]) => make(...held));

const anybody: fc.Arbitrary<Principal | null> = fc.oneof(principals, fc.constant(null));

const situationOf = (principal: Principal | null, about: string, enforceAal2: boolean): Situation => ({
  principal,
  args: { id: about, input: { userId: about, ownerId: about } },
  parent: { id: about, userId: about, ownerId: about },
  now: NOW,
  enforceAal2,
});

const passes = (rule: Rule, situation: Situation): boolean => {
  const verdict = judge(rule, situation);
  return verdict.allowed || verdict.code === 'STEP_UP_REQUIRED';
};

/** Asks for permissions and nothing else. */
const isPurelyPermissions = (rule: Rule): boolean =>
  clausesOf(rule).every(
    (clause) =>
      clause.permissions.length > 0 &&
      clause.selfArguments.length + clause.aboutFields.length === 0 &&
      clause.withinMinutes === null &&
      !clause.aal2 &&
      !clause.notImpersonating &&
      !clause.viaSession,
  );

describe('the directives for routers', () => {
  const ruled = lines.filter(({ coordinate }) => !coordinate.startsWith('Query._'));

  test('never refuse what the tree lets pass, or would after a step-up', () => {
    fc.assert(
      fc.property(anybody, fc.constantFrom(ALICE, BOB), fc.boolean(), (principal, about, enforce) => {
        const scopes = scopesOf(principal);
        for (const { coordinate, rule } of ruled) {
          const field = secured.get(coordinate);
          const stricter = passes(rule, situationOf(principal, about, enforce)) && !routerPasses(field, scopes);
          expect([coordinate, stricter]).toEqual([coordinate, false]);
        }
      }),
    );
  });

  test('let pass exactly what the tree does where a rule asks for permissions only', () => {
    const pure = ruled.filter(({ rule }) => isPurelyPermissions(rule));
    expect(pure.length).toBeGreaterThan(20);
    const owners = permissions.map((held) => person(...held));
    fc.assert(
      fc.property(owners, (principal) => {
        const scopes = scopesOf(principal);
        for (const { coordinate, rule } of pure) {
          const allowed = judge(rule, situationOf(principal, BOB, false)).allowed;
          expect([coordinate, routerPasses(secured.get(coordinate), scopes)]).toEqual([coordinate, allowed]);
        }
      }),
    );
  });

  test('are looser only by what a router cannot know: whose, when, how and by which level', () => {
    const everything = strong(...named);
    for (const { coordinate, rule } of ruled) {
      const lets = routerPasses(secured.get(coordinate), scopesOf(everything));
      expect([coordinate, lets]).toEqual([coordinate, passes(rule, situationOf(everything, ALICE, true))]);
    }
  });
});

describe('the description of a field', () => {
  const plain = fieldsOf(read('schema.graphql'));

  test('ends with its rule in words', () => {
    const told = lines.map(({ coordinate }) => [coordinate, plain.get(coordinate)?.description?.value]);
    const unsaid = told.filter(([coordinate]) => !String(coordinate).startsWith('Query._'));
    for (const [coordinate, description] of unsaid) {
      const line = lines.find((one) => one.coordinate === coordinate);
      const words = line === undefined ? '' : describeRule(line.rule);
      expect([coordinate, description?.endsWith(words)]).toEqual([coordinate, true]);
    }
  });
});

describe('what a refusal names as missing', () => {
  const subsets = (all: readonly PermissionName[]): readonly (readonly PermissionName[])[] =>
    all.reduce<readonly (readonly PermissionName[])[]>(
      (done, one) => done.flatMap((set) => [set, [...set, one]]),
      [[]],
    );

  const holding = (principal: Principal, more: readonly PermissionName[]): Principal => ({
    ...principal,
    grants: EffectiveGrants.of([...principal.grants.list, ...more.map((name) => grantOf(name))]),
  });

  /** The same with every permission that the tree names. */
  const omnipotent = (principal: Principal): Principal => holding(principal, named);

  /** The lines where what is missing would not help in any part, though something would; or helps, though nothing could. */
  const misled = (principal: Principal, enforceAal2: boolean): readonly string[] =>
    lines.flatMap(({ coordinate, rule }) => {
      const situation = situationOf(principal, BOB, enforceAal2);
      const verdict = judge(rule, situation);
      if (verdict.allowed || verdict.code === 'STEP_UP_REQUIRED') return [];
      const curable = passes(rule, { ...situation, principal: omnipotent(principal) });
      const helped = subsets(verdict.missing).some((more) =>
        passes(rule, { ...situation, principal: holding(principal, more) }),
      );
      return helped === curable ? [] : [coordinate];
    });

  test('is enough, in some part, to pass or to be asked for a step-up', () => {
    fc.assert(
      fc.property(principals, fc.boolean(), (principal, enforce) => {
        expect(misled(principal, enforce)).toEqual([]);
      }),
    );
  });

  test.each(seededGroups)('is so for members of $name', ({ grants }) => {
    const found = [person, stale, strong, key].map((make) =>
      misled({ ...make(), grants: EffectiveGrants.of(grants) }, true),
    );
    expect(found).toEqual([[], [], [], []]);
  });

  test('is never what the caller holds', () => {
    fc.assert(
      fc.property(principals, (principal) => {
        const { ipAddress, assuranceLevel } = principal;
        for (const { coordinate, rule } of lines) {
          const verdict = judge(rule, situationOf(principal, BOB, true));
          const held = (verdict.allowed ? [] : verdict.missing).filter((one) =>
            principal.grants.permits(one, { now: NOW, ipAddress, assuranceLevel }),
          );
          expect([coordinate, held]).toEqual([coordinate, []]);
        }
      }),
    );
  });

  test('is nothing for whoever is not signed in', () => {
    for (const { rule } of lines) {
      const verdict = judge(rule, situationOf(null, ALICE, true));
      expect(verdict.allowed ? [] : verdict.missing).toEqual([]);
    }
  });

  test('is in the catalogue', () => {
    expect(named.filter((name) => builtInCatalogue.find(name) === undefined)).toEqual([]);
  });
});

describe('the rules about rows', () => {
  const ruled = new Set(lines.map(({ coordinate }) => coordinate));

  test('speak of fields that have a line in the tree, in sentences', () => {
    expect(Object.keys(rowRules).filter((coordinate) => !ruled.has(coordinate))).toEqual([]);
    expect(Object.values(rowRules).filter((sentence) => !/^[A-Z].*\.$/.test(sentence))).toEqual([]);
  });

  test('name permissions that exist', () => {
    const words = Object.values(rowRules).flatMap((sentence) => [...sentence.matchAll(/`([a-z-]+:[a-z-]+)`/g)]);
    expect(words.map(([, name]) => name ?? '').filter((name) => builtInCatalogue.find(name) === undefined)).toEqual([]);
    expect(words.length).toBeGreaterThan(10);
  });
});
