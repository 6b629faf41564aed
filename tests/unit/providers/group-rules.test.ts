import { describe, expect, test } from 'vitest';
import type { GroupRule } from '../../../src/config/identity-providers.ts';
import { valuesAt, verdictsOf } from '../../../src/providers/group-rules.ts';

const rule = (more: Partial<GroupRule>): GroupRule => ({
  source: 'claim',
  path: 'roles',
  test: 'contains',
  value: 'admin',
  group: 'Support',
  allowProtected: false,
  ...more,
});

const documents = (more: Readonly<Record<string, unknown>>) => ({
  claim: null,
  userinfo: null,
  fetched: null,
  ...more,
});

describe('the values at a path', () => {
  test.each<[string, unknown, string, string[]]>([
    ['one value', { role: 'admin' }, 'role', ['admin']],
    ['a list', { roles: ['a', 'b'] }, 'roles', ['a', 'b']],
    ['names on the way', { realm_access: { roles: ['a'] } }, 'realm_access.roles', ['a']],
    ['a list on the way', { organizations: [{ role: 'a' }, { role: 'b' }] }, 'organizations.role', ['a', 'b']],
    ['a list at the top', [{ id: 1, name: 'a' }, { name: 'b' }], 'name', ['a', 'b']],
    ['a name with dots', { 'https://app.example.org/roles': ['a'] }, 'https://app.example.org/roles', ['a']],
    ['a name with dots on the way', { 'x.y': { z: 'a' } }, 'x.y.z', ['a']],
    ['numbers and booleans', { level: 7, staff: true }, 'level', ['7']],
    ['nothing there', { role: 'a' }, 'roles', []],
    ['an object at the end', { roles: { admin: true } }, 'roles', []],
    ['null', { roles: null }, 'roles', []],
    ['no document', null, 'roles', []],
    ['a text', 'admin', 'roles', []],
    ['inherited names', {}, 'constructor.name', []],
    ['the prototype', JSON.parse('{"__proto__": {"roles": "a"}}') as unknown, 'roles', []],
  ])('%s', (_what, document, path, values) => {
    expect(valuesAt(document, path)).toEqual(values);
  });

  test('end somewhere, however deep or long a document is', () => {
    let deep: unknown = 'a';
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(valuesAt({ roles: deep }, 'roles')).toEqual([]);
    expect(valuesAt({ roles: Array.from({ length: 100_000 }, String) }, 'roles')).toHaveLength(1000);
  });
});

describe('a rule', () => {
  test.each<[string, Partial<GroupRule>, unknown, boolean]>([
    ['contains: among several', {}, { roles: ['user', 'admin'] }, true],
    ['contains: the only one', {}, { roles: 'admin' }, true],
    ['contains: a word of a text', { path: 'scope' }, { scope: 'read admin write' }, true],
    ['contains: never part of a word', {}, { roles: ['not-admin', 'administrator', 'Admin'] }, false],
    ['equals: the only one', { test: 'equals' }, { roles: ['admin'] }, true],
    ['equals: one of several is not the one', { test: 'equals' }, { roles: ['admin', 'user'] }, false],
    ['equals: no part', { test: 'equals' }, { roles: 'read admin' }, false],
    ['nothing there', {}, {}, false],
  ])('%s', (_what, more, claim, member) => {
    expect(verdictsOf([rule(more)], documents({ claim }))).toEqual([
      { group: 'Support', member, allowProtected: false },
    ]);
  });

  test('about a source that did not answer says nothing, unless another one gives the group', () => {
    const rules = [rule({}), rule({ source: 'fetched', path: 'name' })];
    expect(verdictsOf(rules, documents({ claim: { roles: [] } }))).toEqual([]);
    expect(verdictsOf(rules, documents({ claim: { roles: ['admin'] } }))).toMatchObject([{ member: true }]);
    expect(verdictsOf(rules, documents({ claim: {}, fetched: [] }))).toMatchObject([{ member: false }]);
  });

  test('that matches must itself allow a protected group; for taking it away any rule about it does', () => {
    const rules = [rule({}), rule({ value: 'root', allowProtected: true })];
    expect(verdictsOf(rules, documents({ claim: { roles: ['admin'] } }))).toMatchObject([
      { member: true, allowProtected: false },
    ]);
    expect(verdictsOf(rules, documents({ claim: { roles: ['root'] } }))).toMatchObject([
      { member: true, allowProtected: true },
    ]);
    expect(verdictsOf(rules, documents({ claim: {} }))).toMatchObject([{ member: false, allowProtected: true }]);
  });
});
