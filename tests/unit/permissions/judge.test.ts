import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/errors.ts';
import { permissionDefinitions, type PermissionName } from '../../../src/permissions/catalogue.ts';
import { grantOf } from '../../../src/permissions/grants.ts';
import { demand, explainDenial, judge, type Situation, type Verdict } from '../../../src/permissions/judge.ts';
import {
  aal2,
  about,
  and,
  anyone,
  can,
  freshly,
  notImpersonating,
  or,
  type Rule,
  self,
  signedIn,
  viaSession,
} from '../../../src/permissions/rules.ts';
import type { Principal } from '../../../src/principal.ts';
import { ALICE, BOB, impersonated, key, NOW, person, service, stale, strong } from './callers.fixture.ts';

const verdictOn = (rule: Rule, principal: Principal | null, more: Partial<Situation> = {}): Verdict =>
  judge(rule, { principal, now: NOW, ...more });

/** "ok", or the code with what is missing and required. */
const told = (verdict: Verdict): string => {
  if (verdict.allowed) return 'ok';
  const { code, missing, required } = verdict;
  const steps =
    required === undefined ? [] : [`${required.assuranceLevel ?? 'same'}/${required.withinMinutes ?? 'any'}`];
  return [code, ...missing, ...steps].join(' ');
};

const outcome = (rule: Rule, principal: Principal | null, more: Partial<Situation> = {}): string =>
  told(verdictOn(rule, principal, more));

const confirmedAt = (authenticatedAt: Date): string => outcome(freshly(10), { ...person(), authenticatedAt });

const explained = (rule: Rule, principal: Principal | null): unknown => {
  const verdict = verdictOn(rule, principal);
  return verdict.allowed ? 'ok' : explainDenial(verdict);
};

describe('each word of the rules', () => {
  test.each<[string, Rule, Principal | null, string]>([
    ['anyone: nobody signed in', anyone, null, 'ok'],
    ['anyone: a key', anyone, key(), 'ok'],
    ['signedIn: nobody', signedIn, null, 'UNAUTHENTICATED'],
    ['signedIn: a person without grants', signedIn, person(), 'ok'],
    ['signedIn: a service', signedIn, service(), 'ok'],
    ['signedIn: an impersonation', signedIn, impersonated('READ_ONLY'), 'ok'],
    ['can: nobody', can('view:users'), null, 'UNAUTHENTICATED'],
    ['can: held', can('view:users'), person('view:users'), 'ok'],
    ['can: not held', can('view:users'), person('view:groups'), 'FORBIDDEN view:users'],
    ['can: without any grant', can('view:users'), person(), 'FORBIDDEN view:users'],
    ['can: administrator', can('view:users'), person('admin:*'), 'ok'],
    ['can: administrator, protected', can('erase:users'), person('admin:*'), 'FORBIDDEN erase:users'],
    ['can: by key', can('view:users'), key('view:users'), 'ok'],
    ['can: by a service', can('view:users'), service('view:users'), 'ok'],
    ['can: by key, not held', can('view:users'), key(), 'FORBIDDEN view:users'],
    ['can: by key, held but for sessions only', can('delete:users'), key('delete:users'), 'FORBIDDEN'],
    ['can: by an administrator’s key, for sessions only', can('grant:groups'), key('admin:*'), 'FORBIDDEN'],
    ['freshly: nobody', freshly(10), null, 'UNAUTHENTICATED'],
    ['freshly: signed in lately', freshly(10), person(), 'ok'],
    ['freshly: long ago', freshly(10), stale(), 'STEP_UP_REQUIRED same/10'],
    ['freshly: shorter than the session is old', freshly(4), person(), 'STEP_UP_REQUIRED same/4'],
    ['freshly: a key', freshly(10), key(), 'FORBIDDEN'],
    ['viaSession: nobody', viaSession, null, 'UNAUTHENTICATED'],
    ['viaSession: a session', viaSession, person(), 'ok'],
    ['viaSession: a key', viaSession, key('admin:*'), 'FORBIDDEN'],
    ['viaSession: a service', viaSession, service('admin:*'), 'FORBIDDEN'],
    ['notImpersonating: a session', notImpersonating, person(), 'ok'],
    ['notImpersonating: reading as another', notImpersonating, impersonated('READ_ONLY'), 'FORBIDDEN'],
    ['notImpersonating: acting as another', notImpersonating, impersonated('ACT', 'admin:*'), 'FORBIDDEN'],
    ['notImpersonating: a key', notImpersonating, key(), 'FORBIDDEN'],
    ['aal2: nobody', aal2, null, 'UNAUTHENTICATED'],
    ['aal2: a key', aal2, key(), 'FORBIDDEN'],
  ])('%s', (_name, rule, principal, expected) => {
    expect(outcome(rule, principal)).toBe(expected);
  });

  test('aal2 is met by freshness until it is enforced, and by two factors then', () => {
    const cases = [person(), stale(), strong(), { ...strong(), authenticatedAt: stale().authenticatedAt }];
    expect(cases.map((one) => outcome(aal2, one))).toEqual([
      'ok',
      'STEP_UP_REQUIRED same/10',
      'ok',
      'STEP_UP_REQUIRED same/10',
    ]);
    expect(cases.map((one) => outcome(aal2, one, { enforceAal2: true }))).toEqual([
      'STEP_UP_REQUIRED AAL2/any',
      'STEP_UP_REQUIRED AAL2/any',
      'ok',
      'ok',
    ]);
  });

  test('freshness ends exactly at its limit, and never exists for an instant that is none', () => {
    expect(confirmedAt(new Date(NOW.getTime() - 600_000))).toBe('ok');
    expect(confirmedAt(new Date(NOW.getTime() - 600_001))).toBe('STEP_UP_REQUIRED same/10');
    expect(confirmedAt(new Date(Number.NaN))).toBe('STEP_UP_REQUIRED same/10');
  });

  test('a setting shortens what counts as fresh and never lengthens it', () => {
    expect(outcome(freshly(10), person(), { stepUpSeconds: 240 })).toBe('STEP_UP_REQUIRED same/4');
    expect(outcome(freshly(4), person(), { stepUpSeconds: 3600 })).toBe('STEP_UP_REQUIRED same/4');
    expect(outcome(aal2, person(), { stepUpSeconds: 30 })).toBe('STEP_UP_REQUIRED same/1');
  });
});

describe('a permission whose grant is constrained', () => {
  const office = grantOf('view:users', [{ kind: 'NETWORKS', networks: ['10.0.0.0/8'] }]);
  const twoFactors = grantOf('view:users', [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' }]);
  const evening = grantOf('view:users', [
    { kind: 'TIME_WINDOW', timeWindow: { days: ['MONDAY'], start: '18:00', end: '20:00', timeZone: 'UTC' } },
  ]);

  test('is held where the constraint holds, and missing elsewhere', () => {
    expect(outcome(can('view:users'), person(office))).toBe('ok');
    expect(outcome(can('view:users'), { ...person(office), ipAddress: '192.0.2.1' })).toBe('FORBIDDEN view:users');
    expect(outcome(can('view:users'), { ...person(office), ipAddress: null })).toBe('FORBIDDEN view:users');
  });

  test('is held in its hours only', () => {
    expect(outcome(can('view:users'), person(evening))).toBe('FORBIDDEN view:users');
    expect(outcome(can('view:users'), person(evening), { now: new Date('2026-01-26T19:00:00Z') })).toBe('ok');
  });

  test('asks a session to raise its level where that would do, and tells a key no such thing', () => {
    expect(outcome(can('view:users'), person(twoFactors))).toBe('STEP_UP_REQUIRED AAL2/any');
    expect(outcome(can('view:users'), strong(twoFactors))).toBe('ok');
    expect(outcome(can('view:users'), key(twoFactors))).toBe('FORBIDDEN view:users');
    const both = grantOf('view:users', [...twoFactors.constraints, { kind: 'NETWORKS', networks: ['192.0.2.0/24'] }]);
    expect(outcome(can('view:users'), person(both))).toBe('FORBIDDEN view:users');
  });
});

describe('while impersonating', () => {
  test.each(permissionDefinitions.map((entry) => [entry.key, entry.whileImpersonating] as const))(
    '%s works as the catalogue says: %s',
    (name, use) => {
      const rule = can(name as PermissionName);
      const held = name as PermissionName;
      expect(outcome(rule, impersonated('READ_ONLY', held))).toBe(use === 'ALWAYS' ? 'ok' : 'FORBIDDEN');
      expect(outcome(rule, impersonated('ACT', held))).toBe(use === 'NEVER' ? 'FORBIDDEN' : 'ok');
      // Where nobody in disguise may do it, nobody is told who could.
      expect(outcome(rule, impersonated('ACT'))).toBe(use === 'NEVER' ? 'FORBIDDEN' : `FORBIDDEN ${name}`);
    },
  );
});

describe('by API key', () => {
  test.each(permissionDefinitions.map((entry) => [entry.key, entry.grantableToApiKey] as const))(
    '%s passes conditions about sessions exactly where keys can hold it: %s',
    (name, grantable) => {
      const permission = name as PermissionName;
      const strict = and(can(permission), viaSession, notImpersonating, freshly(10), aal2);
      expect(outcome(strict, key(permission), { enforceAal2: true })).toBe(grantable ? 'ok' : 'FORBIDDEN');
      expect(outcome(strict, key())).toBe(`FORBIDDEN ${name}`);
    },
  );

  test('one permission that keys can hold does not open another one', () => {
    expect(outcome(and(can('view:users'), can('delete:users'), viaSession), key('view:users', 'delete:users'))).toBe(
      'FORBIDDEN',
    );
    expect(
      outcome(or(and(can('delete:users'), viaSession), and(can('view:users'), viaSession)), key('delete:users')),
    ).toBe('FORBIDDEN view:users');
  });
});

describe('own things', () => {
  test.each<[string, unknown, string]>([
    ['own id', { id: ALICE }, 'ok'],
    ['own id in capitals', { id: ALICE.toUpperCase() }, 'ok'],
    ["another's", { id: BOB }, 'FORBIDDEN'],
    ['absent', {}, 'FORBIDDEN'],
    ['null', { id: null }, 'FORBIDDEN'],
    ['a list of nobody else', { id: [ALICE, ALICE] }, 'ok'],
    ['a list with another', { id: [ALICE, BOB] }, 'FORBIDDEN'],
    ['an empty list', { id: [] }, 'FORBIDDEN'],
    ['a list with nothing', { id: [null] }, 'FORBIDDEN'],
    ['a list of lists', { id: [[ALICE]] }, 'FORBIDDEN'],
    ['an object', { id: { toString: (): string => ALICE } }, 'FORBIDDEN'],
    ['with blanks', { id: ` ${ALICE}` }, 'FORBIDDEN'],
    ['no arguments', undefined, 'FORBIDDEN'],
  ])('self: %s', (_name, args, expected) => {
    expect(outcome(self('id'), person(), { args })).toBe(expected);
  });

  test('are found inside the input', () => {
    expect(outcome(self('input.userId'), person(), { args: { input: { userId: ALICE } } })).toBe('ok');
    expect(outcome(self('input.userId'), person(), { args: { input: { userId: BOB } } })).toBe('FORBIDDEN');
    expect(outcome(self('input.userId'), person(), { args: { input: null } })).toBe('FORBIDDEN');
    expect(outcome(self('input.userId'), person(), { args: { userId: ALICE } })).toBe('FORBIDDEN');
  });

  test('are found on the parent', () => {
    expect(outcome(about('userId'), person(), { parent: { userId: ALICE } })).toBe('ok');
    expect(outcome(about('user.id'), person(), { parent: { user: { id: ALICE } } })).toBe('ok');
    expect(outcome(about('userId'), person(), { parent: { userId: BOB }, args: { userId: ALICE } })).toBe('FORBIDDEN');
    expect(outcome(about('userId'), person(), { parent: { userId: null } })).toBe('FORBIDDEN');
    expect(outcome(about('userId'), person())).toBe('FORBIDDEN');
  });

  test('are those of the person acted as, not of the actor', () => {
    expect(outcome(self('id'), impersonated('READ_ONLY'), { args: { id: ALICE } })).toBe('ok');
    expect(outcome(self('id'), impersonated('READ_ONLY'), { args: { id: BOB } })).toBe('FORBIDDEN');
  });

  test('are nobody’s when nobody is signed in', () => {
    expect(outcome(self('id'), null, { args: { id: null } })).toBe('UNAUTHENTICATED');
    expect(outcome(about('userId'), null, { parent: { userId: null } })).toBe('UNAUTHENTICATED');
  });
});

describe('rules put together', () => {
  const strict = and(can('erase:users'), viaSession, notImpersonating, freshly(10), aal2);
  const ownOr = or(can('view:users'), self('id'));

  test.each<[string, Rule, Principal | null, string]>([
    ['all hold', strict, person('erase:users'), 'ok'],
    ['only freshness lacks', strict, stale('erase:users'), 'STEP_UP_REQUIRED same/10'],
    ['the permission lacks, too: no word of the rest', strict, stale(), 'FORBIDDEN erase:users'],
    [
      'impersonating and stale: no word of the rest',
      strict,
      { ...impersonated('ACT', 'erase:users'), authenticatedAt: stale().authenticatedAt },
      'FORBIDDEN',
    ],
    ['nobody', strict, null, 'UNAUTHENTICATED'],
    ['two permissions lack', and(can('view:users'), can('view:groups')), person(), 'FORBIDDEN view:users view:groups'],
    ['one of two lacks', and(can('view:users'), can('view:groups')), person('view:users'), 'FORBIDDEN view:groups'],
    ['one of two suffices', or(can('view:users'), can('view:groups')), person('view:groups'), 'ok'],
    ['neither of two', or(can('view:users'), can('view:groups')), person(), 'FORBIDDEN view:users view:groups'],
    [
      'the smaller need is told',
      or(and(can('view:users'), can('view:groups')), can('view:users')),
      person(),
      'FORBIDDEN view:users',
    ],
    [
      'what is held is not told',
      and(or(can('view:users'), can('view:stats')), can('view:groups')),
      person('view:users'),
      'FORBIDDEN view:groups',
    ],
    ['own, or permitted: neither', ownOr, person(), 'FORBIDDEN view:users'],
    ['own, or permitted: permitted', ownOr, person('view:users'), 'ok'],
    ['public beside a permission', or(can('view:users'), anyone), null, 'ok'],
    ['anyone and a permission is the permission', and(anyone, can('view:users')), null, 'UNAUTHENTICATED'],
    [
      'no permission that would not do is told',
      or(can('view:users'), and(can('view:stats'), self('id'))),
      person(),
      'FORBIDDEN view:users',
    ],
    [
      'a step-up is nearer than a permission',
      or(can('view:users'), and(signedIn, freshly(10))),
      stale(),
      'STEP_UP_REQUIRED same/10',
    ],
    ['the older confirmation is nearer', or(freshly(2), freshly(60)), { ...stale() }, 'STEP_UP_REQUIRED same/10'],
    ['the stricter of two freshnesses counts', and(freshly(4), freshly(9)), person(), 'STEP_UP_REQUIRED same/4'],
  ])('%s', (_name, rule, principal, expected) => {
    expect(outcome(rule, principal)).toBe(expected);
  });

  test('ask for level and freshness together when both lack', () => {
    expect(outcome(strict, stale('erase:users'), { enforceAal2: true })).toBe('STEP_UP_REQUIRED AAL2/10');
    expect(outcome(strict, person('erase:users'), { enforceAal2: true })).toBe('STEP_UP_REQUIRED AAL2/any');
    expect(outcome(strict, strong('erase:users'), { enforceAal2: true })).toBe('ok');
  });

  test('prefer confirming to a second factor', () => {
    const rule = or(aal2, freshly(10));
    expect(outcome(rule, stale(), { enforceAal2: true })).toBe('STEP_UP_REQUIRED same/10');
  });
});

describe('what a denied caller is told', () => {
  test('is nothing about permissions while not signed in', () => {
    expect(explained(can('view:users'), null)).toEqual({ message: 'Sign in first.', details: {} });
  });

  test('is the permission that lacks, or the step-up', () => {
    expect(explained(can('view:users'), person())).toEqual({
      message: 'This needs view:users.',
      details: { missing: ['view:users'] },
    });
    expect(explained(viaSession, key())).toEqual({ message: 'This is not allowed.', details: { missing: [] } });
    expect(explained(freshly(10), stale())).toEqual({
      message: 'Confirm your identity first.',
      details: { missing: [], required: { assuranceLevel: null, withinMinutes: 10 } },
    });
  });

  test('is the same from a service', () => {
    const admin = { principal: person('admin:*'), now: NOW };
    expect(() => demand(can('grant-protected:groups'), admin)).toThrow(Failure);
    expect(() => demand(can('grant-protected:groups'), admin)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN', details: { missing: ['grant-protected:groups'] } }),
    );
    expect(() => demand(can('view:users'), admin)).not.toThrow();
  });
});
