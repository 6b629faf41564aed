import { describe, expect, test } from 'vitest';
import type { DecisionQuestion, DecisionSubject } from '../../../src/permissions/decision.ts';
import { traceDecision, type TracedGroup } from '../../../src/permissions/decision-trace.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { ask, catalogue, grant, mine, other, pendingOnly, subjectWith } from './decision.fixture.ts';

describe('the trace of a decision', () => {
  const clerks: TracedGroup = {
    id: 'g1',
    name: 'Clerks',
    permissions: [grant('cancel:orders', [pendingOnly, { kind: 'MAX', attribute: 'amount', max: 10 }])],
    where: 'ALL',
  };
  const admins: TracedGroup = { id: 'g2', name: 'Admins', permissions: [grant('admin:*')], where: 'ALL' };
  const branch: TracedGroup = { ...clerks, id: 'g3', name: 'Branch', where: [[other]] };
  const trace = (question: DecisionQuestion, groups: readonly TracedGroup[], more: Partial<DecisionSubject> = {}) =>
    traceDecision(
      question,
      subjectWith(
        groups.filter(({ where }) => where === 'ALL').flatMap(({ permissions }) => permissions),
        more,
      ),
      groups,
      catalogue,
    );
  const shape = ({ steps }: ReturnType<typeof trace>) => steps.map(({ kind, passed }) => `${kind} ${passed}`);

  test('names the groups that allow it, each constraint on the way', () => {
    const traced = trace(ask('cancel:orders', { state: 'pending', amount: 3 }), [clerks, branch]);
    expect(traced.decision.reason).toBe('GRANTED');
    expect(traced.grantingGroupIds).toEqual(['g1']);
    expect(traced.failingConstraint).toBeNull();
    expect(shape(traced)).toEqual([
      'SUBJECT true',
      'GROUP true',
      'PERMISSION true',
      'CONSTRAINT true',
      'CONSTRAINT true',
      'GROUP false',
      'PERMISSION false',
    ]);
  });

  test('names the constraint that came closest', () => {
    const traced = trace(ask('cancel:orders', { state: 'pending', amount: 30 }), [clerks]);
    expect(traced.failingConstraint).toEqual({ kind: 'MAX', attribute: 'amount', max: 10 });
    expect(traced.steps.at(-1)).toMatchObject({
      message: 'It does not hold that amount is at most 10.',
      groupId: 'g1',
      constraint: { kind: 'MAX' },
    });
  });

  test('tells that administrators do not have it', () => {
    const traced = trace(ask('execute:orders'), [admins]);
    expect(traced.protectedCarveOut).toBe(true);
    expect(shape(traced)).toEqual(['SUBJECT true', 'GROUP false', 'PERMISSION false']);
  });

  test('tells of the owner', () => {
    const own: TracedGroup = { ...admins, permissions: [grant('cancel-own:orders')] };
    expect(shape(trace(ask('cancel:orders', mine), [own]))).toContain('OWNER true');
    expect(shape(trace(ask('cancel:orders', { creator: null }), [own]))).toContain('OWNER false');
  });

  test('tells of nobody, unknown permissions, keys, impersonation and sessions', () => {
    expect(shape(trace(ask('cancel:orders'), []))).toEqual(['SUBJECT true', 'GROUP false']);
    expect(trace(ask('burn:orders'), [admins]).steps.at(-1)?.message).toBe('The catalogue has no burn:shop.orders.');
    const narrowed = { grants: EffectiveGrants.none, ownerGrants: EffectiveGrants.of([grant('admin:*')], catalogue) };
    expect(shape(trace(ask('cancel:orders'), [admins], narrowed))).toContain('API_KEY false');
    expect(shape(trace(ask('cancel:orders'), [admins], { impersonationMode: 'READ_ONLY' }))).toContain(
      'IMPERSONATION false',
    );
    const stepUpFor = () => ({ assuranceLevel: 'AAL2', withinMinutes: 10 }) as const;
    expect(trace(ask('cancel:orders'), [admins], { stepUpFor }).steps.at(-1)).toMatchObject({
      kind: 'ASSURANCE',
      message: 'It needs a session of AAL2 and an identity confirmed within 10 minutes.',
    });
  });
});
