import { describe, expect, test } from 'vitest';
import {
  describeRule,
  permissionsOf,
  requiredScopes,
  unguardedPermissions,
} from '../../../src/permissions/rule-words.ts';
import {
  aal2,
  about,
  and,
  anyone,
  can,
  freshly,
  isPublic,
  notImpersonating,
  or,
  readsArguments,
  readsParent,
  type Rule,
  ruleKey,
  self,
  signedIn,
  viaSession,
} from '../../../src/permissions/rules.ts';
import type { PermissionName } from '../../../src/permissions/catalogue.ts';

describe('a rule in words', () => {
  test.each<[Rule, string]>([
    [anyone, 'Open to anyone.'],
    [or(anyone, can('view:users')), 'Open to anyone.'],
    [signedIn, 'Requires a signed-in caller.'],
    [can('view:users'), 'Requires `view:users`.'],
    [or(can('view:users'), self('id')), 'Requires `view:users`, or about oneself.'],
    [or(can('view:users'), about('userId')), 'Requires `view:users`, or about oneself.'],
    [or(self('input.id'), self('input.userId'), can('view:users')), 'Requires about oneself, or `view:users`.'],
    [and(can('view:users'), can('view:groups')), 'Requires `view:users` and `view:groups`.'],
    [and(signedIn, viaSession, notImpersonating, freshly(10)), 'Requires a session, not impersonating, confirmed.'],
    [
      and(can('erase:users'), viaSession, notImpersonating, freshly(10), aal2),
      'Requires `erase:users`, a session, not impersonating, confirmed, aal2.',
    ],
    [
      and(or(can('create:api-keys'), can('create-own:api-keys')), viaSession),
      'Requires `create:api-keys`, a session, or `create-own:api-keys`, a session.',
    ],
  ])('%#: %j', (rule, words) => {
    expect(describeRule(rule)).toBe(words);
  });
});

describe('the scopes of a rule', () => {
  test.each<[Rule, readonly (readonly PermissionName[])[]]>([
    [anyone, []],
    [signedIn, []],
    [can('view:users'), [['view:users']]],
    [or(can('view:users'), can('view:groups')), [['view:users'], ['view:groups']]],
    [and(can('view:users'), can('view:groups')), [['view:groups', 'view:users']]],
    [
      and(or(can('view:users'), can('view:stats')), can('view:groups')),
      [
        ['view:groups', 'view:users'],
        ['view:groups', 'view:stats'],
      ],
    ],
    [or(and(can('view:users'), can('view:groups')), can('view:users')), [['view:users']]],
    [or(can('view:users'), self('id')), []],
    [and(can('view:users'), freshly(10), viaSession), [['view:users']]],
    [or(can('view:users'), and(can('view:users'), viaSession)), [['view:users']]],
  ])('%#: %j', (rule, scopes) => {
    expect(requiredScopes(rule)).toEqual(scopes);
  });

  test('are all of its permissions when listed flat', () => {
    expect(permissionsOf(or(can('view:users'), and(can('view:groups'), can('view:users')), self('id')))).toEqual([
      'view:users',
      'view:groups',
    ]);
  });
});

describe('what a rule looks at', () => {
  test.each<[string, Rule, readonly [open: boolean, args: boolean, parent: boolean]]>([
    ['anyone', anyone, [true, false, false]],
    ['signedIn', signedIn, [false, false, false]],
    ['and with anyone', and(anyone, signedIn), [false, false, false]],
    ['or with anyone', or(signedIn, anyone), [true, false, false]],
    ['self', or(can('view:users'), self('id')), [false, true, false]],
    ['about', and(about('id'), viaSession), [false, false, true]],
    ['deep', or(can('view:users'), and(viaSession, or(self('id'), about('id')))), [false, true, true]],
  ])('%s', (_name, rule, expected) => {
    expect([isPublic(rule), readsArguments(rule), readsParent(rule)]).toEqual(expected);
  });

  test('is told by its key: equal rules have equal keys, others have others', () => {
    expect(ruleKey(or(can('view:users'), self('id')))).toBe(ruleKey(or(can('view:users'), self('id'))));
    const rules = [
      anyone,
      signedIn,
      can('view:users'),
      self('id'),
      about('id'),
      self('input.id'),
      freshly(10),
      freshly(5),
      aal2,
      and(aal2, viaSession),
      or(aal2, viaSession),
    ];
    expect(new Set(rules.map((rule) => ruleKey(rule))).size).toBe(rules.length);
  });
});

describe('a permission that needs two factors', () => {
  test('is found wherever one way to pass does not ask for them', () => {
    const strict = and(can('erase:users'), viaSession, aal2);
    expect(unguardedPermissions(strict)).toEqual([]);
    expect(unguardedPermissions(can('erase:users'))).toEqual(['erase:users']);
    expect(unguardedPermissions(or(strict, can('erase:users')))).toEqual(['erase:users']);
    expect(unguardedPermissions(and(or(can('view:users'), can('erase:users')), viaSession))).toEqual(['erase:users']);
    expect(unguardedPermissions(can('export:audit'))).toEqual([]);
  });
});
