import { describe, expect, test } from 'vitest';
import { judge, judgeOverdue } from '../../../src/permissions/judge.ts';
import { aal2, and, can, freshly, type Rule } from '../../../src/permissions/rules.ts';
import type { Principal } from '../../../src/principal.ts';
import { impersonated, key, NOW, person, stale, strong } from './callers.fixture.ts';

const TWO_FACTORS = { assuranceLevel: 'AAL2', withinMinutes: null };
const FRESH = { assuranceLevel: null, withinMinutes: 10 };

/** An account without a second factor, which is expected so many milliseconds from now. */
const due = (milliseconds: number) => ({ secondFactorDueAt: new Date(NOW.getTime() + milliseconds) });

/** `ok`, what is required, or the code of the refusal. */
const answerOf = (rule: Rule, principal: Principal): unknown => {
  const verdict = judge(rule, { principal, now: NOW, enforceAal2: true });
  return verdict.allowed ? 'ok' : (verdict.required ?? verdict.code);
};

describe('aal2, for an account without a second factor', () => {
  const rule = and(can('erase:users'), aal2);

  test('is met by freshness to the last millisecond of the grace, and by two factors from then on', () => {
    expect(answerOf(rule, { ...person('erase:users'), ...due(1) })).toBe('ok');
    expect(answerOf(rule, { ...person('erase:users'), ...due(0) })).toEqual(TWO_FACTORS);
    expect(answerOf(rule, { ...person('erase:users'), ...due(-1) })).toEqual(TWO_FACTORS);
  });

  test('asks for freshness in the grace, and for no permission less', () => {
    expect(answerOf(rule, { ...stale('erase:users'), ...due(1) })).toEqual(FRESH);
    expect(answerOf(and(rule, freshly(10)), { ...stale('erase:users'), ...due(1) })).toEqual(FRESH);
    expect(answerOf(rule, { ...person(), ...due(1) })).toBe('FORBIDDEN');
  });

  test('is met by a session that proved two factors another way, fresh or not', () => {
    expect(answerOf(rule, { ...strong('erase:users'), ...due(1), authenticatedAt: stale().authenticatedAt })).toBe(
      'ok',
    );
    expect(answerOf(rule, { ...strong('erase:users'), ...due(-1) })).toBe('ok');
  });
});

describe('where everybody needs a second factor', () => {
  test('sessions of one factor are overdue from the end of the grace on', () => {
    const overdue = { allowed: false, code: 'STEP_UP_REQUIRED', missing: [], required: TWO_FACTORS };
    expect(judgeOverdue({ ...person(), ...due(0) }, NOW)).toEqual(overdue);
    expect(judgeOverdue({ ...impersonated('ACT'), ...due(-1) }, NOW)).toEqual(overdue);
  });

  test.each([
    ['nobody signed in', null],
    ['an account with a second factor', person()],
    ['the grace', { ...person(), ...due(1) }],
    ['a session of two factors', { ...strong(), ...due(-1) }],
    ['an API key', { ...key(), ...due(-1) }],
  ])('%s is not', (_title, principal) => {
    expect(judgeOverdue(principal, NOW)).toBeNull();
  });
});
