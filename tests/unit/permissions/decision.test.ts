import { describe, expect, test } from 'vitest';
import type { OrganizationId, UserId } from '../../../src/ids.ts';
import { decide, type DecisionQuestion, type DecisionSubject } from '../../../src/permissions/decision.ts';
import { traceDecision, type TracedGroup } from '../../../src/permissions/decision-trace.ts';
import { EffectiveGrants, type Grant } from '../../../src/permissions/grants.ts';
import { type RegisteredAction, RegisteredCatalogue } from '../../../src/permissions/registered-catalogue.ts';
import { NOW } from './callers.fixture.ts';

const anna = '01890000-0000-7000-8000-00000000000a' as UserId;
const reseller = '01890000-0000-7000-8000-0000000000a2' as OrganizationId;
const customer = '01890000-0000-7000-8000-0000000000a3' as OrganizationId;
const other = '01890000-0000-7000-8000-0000000000b1' as OrganizationId;

const verb = (action: string, more: Partial<RegisteredAction> = {}): RegisteredAction => ({
  action,
  title: action,
  description: action,
  protected: false,
  grantableToApiKey: true,
  whileImpersonating: 'ACT',
  dependsOn: [],
  ...more,
});

const catalogue = new RegisteredCatalogue([
  {
    name: 'shop.orders',
    namespace: 'shop',
    title: 'Orders',
    version: 1,
    actions: [
      verb('view', { whileImpersonating: 'ALWAYS' }),
      verb('cancel'),
      verb('cancel-own'),
      verb('update-own'),
      verb('ship', { grantableToApiKey: false }),
      verb('execute', { protected: true }),
    ],
    attributes: [
      { name: 'creator', type: 'STRING', title: 'creator' },
      { name: 'state', type: 'STRING', title: 'state' },
      { name: 'amount', type: 'NUMBER', title: 'amount' },
    ],
    ownerRule: { attribute: 'creator', subject: 'USER' },
    registeredById: null,
  },
  {
    name: 'shop.contracts',
    namespace: 'shop',
    title: 'Contracts',
    version: 1,
    actions: [verb('revoke-own')],
    attributes: [{ name: 'account', type: 'STRING', title: 'account' }],
    ownerRule: { attribute: 'account', subject: 'ORGANIZATION' },
    registeredById: null,
  },
]);

const grant = (key: string, constraints: Grant['constraints'] = []): Grant => {
  const [action = '', resource = ''] = key.split(':');
  return { action, resource: resource === '*' ? '*' : `shop.${resource}`, constraints };
};

const subjectWith = (grants: readonly Grant[], more: Partial<DecisionSubject> = {}): DecisionSubject => ({
  active: true,
  userId: anna,
  organizationIds: [reseller],
  grants: EffectiveGrants.of(grants, catalogue),
  ownerGrants: null,
  impersonationMode: null,
  now: NOW,
  ipAddress: '10.0.0.1',
  assuranceLevel: 'AAL1',
  canRaise: true,
  stepUpFor: () => null,
  ...more,
});

const ask = (
  key: string,
  attributes: DecisionQuestion['attributes'] = {},
  lineage: DecisionQuestion['lineage'] = [],
): DecisionQuestion => {
  const [action = '', resource = ''] = key.split(':');
  return { action, resource: `shop.${resource}`, attributes, lineage };
};

const mine = { creator: anna };
const pendingOnly = { kind: 'IN', attribute: 'state', values: ['pending'] } as const;
const strongOnly = { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' } as const;
const heldAt = (lineage: readonly OrganizationId[], ...grants: readonly Grant[]): EffectiveGrants =>
  EffectiveGrants.of([], catalogue, [{ lineage, grants }]);

interface Case {
  readonly what: string;
  readonly question: DecisionQuestion;
  readonly subject: DecisionSubject;
  readonly expected: readonly [reason: string, ...missing: string[]];
}

const cancel = 'cancel:shop.orders';
const cases: readonly Case[] = [
  {
    what: 'held',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders')]),
    expected: ['GRANTED'],
  },
  {
    what: 'by the verb on all',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:*')]),
    expected: ['GRANTED'],
  },
  { what: 'by admin', question: ask('cancel:orders'), subject: subjectWith([grant('admin:*')]), expected: ['GRANTED'] },
  {
    what: 'inactive',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders')], { active: false }),
    expected: ['SUBJECT_INACTIVE'],
  },
  {
    what: 'no such verb',
    question: ask('burn:orders'),
    subject: subjectWith([grant('admin:*')]),
    expected: ['UNKNOWN_PERMISSION'],
  },
  {
    what: 'no such resource',
    question: ask('view:__proto__'),
    subject: subjectWith([grant('admin:*')]),
    expected: ['UNKNOWN_PERMISSION'],
  },
  { what: 'nothing held', question: ask('cancel:orders'), subject: subjectWith([]), expected: ['NO_GRANT', cancel] },
  {
    what: 'nothing held, own row',
    question: ask('cancel:orders', mine),
    subject: subjectWith([]),
    expected: ['NO_GRANT', cancel, 'cancel-own:shop.orders'],
  },
  {
    what: 'protected, by admin',
    question: ask('execute:orders'),
    subject: subjectWith([grant('admin:*')]),
    expected: ['PROTECTED', 'execute:shop.orders'],
  },
  {
    what: 'protected, by the verb on all',
    question: ask('execute:orders'),
    subject: subjectWith([grant('execute:*')]),
    expected: ['PROTECTED', 'execute:shop.orders'],
  },
  {
    what: 'protected, held itself',
    question: ask('execute:orders'),
    subject: subjectWith([grant('execute:orders')]),
    expected: ['GRANTED'],
  },
  {
    what: 'constraint',
    question: ask('cancel:orders', { state: 'shipped' }),
    subject: subjectWith([grant('cancel:orders', [pendingOnly])]),
    expected: ['CONSTRAINT_FAILED', cancel],
  },
  {
    what: 'constraint without its fact',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders', [pendingOnly])]),
    expected: ['CONSTRAINT_FAILED', cancel],
  },
  {
    what: 'empty list',
    question: ask('cancel:orders', { state: '' }),
    subject: subjectWith([grant('cancel:orders', [{ ...pendingOnly, values: [] }])]),
    expected: ['CONSTRAINT_FAILED', cancel],
  },
  {
    what: 'undeclared attribute',
    question: ask('cancel:orders', { colour: 'red' }),
    subject: subjectWith([grant('cancel:orders', [{ kind: 'IN', attribute: 'colour', values: ['red'] }])]),
    expected: ['CONSTRAINT_FAILED', cancel],
  },
  {
    what: 'own row',
    question: ask('cancel-own:orders', mine),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['GRANTED_AS_OWNER'],
  },
  {
    what: 'own row, upper case',
    question: ask('cancel-own:orders', { creator: anna.toUpperCase() }),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['GRANTED_AS_OWNER'],
  },
  {
    what: "another's row",
    question: ask('cancel-own:orders', { creator: other }),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['NOT_OWNER'],
  },
  {
    what: 'row of nobody',
    question: ask('cancel-own:orders', { creator: null }),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['NOT_OWNER'],
  },
  {
    what: 'row without the attribute',
    question: ask('cancel-own:orders'),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['NOT_OWNER'],
  },
  {
    what: 'own verb by admin, row of nobody',
    question: ask('cancel-own:orders'),
    subject: subjectWith([grant('admin:*')]),
    expected: ['NOT_OWNER'],
  },
  {
    what: 'narrow form for the wide question',
    question: ask('cancel:orders', mine),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['GRANTED_AS_OWNER'],
  },
  {
    what: "narrow form, another's row",
    question: ask('cancel:orders', { creator: other }),
    subject: subjectWith([grant('cancel-own:orders')]),
    expected: ['NOT_OWNER', cancel],
  },
  {
    what: 'narrow form under a constraint',
    question: ask('cancel:orders', { ...mine, state: 'x' }),
    subject: subjectWith([grant('cancel-own:orders', [pendingOnly])]),
    expected: ['CONSTRAINT_FAILED', cancel, 'cancel-own:shop.orders'],
  },
  {
    what: 'wide form undeclared',
    question: ask('update:orders', mine),
    subject: subjectWith([grant('update-own:orders')]),
    expected: ['UNKNOWN_PERMISSION'],
  },
  {
    what: 'nobody signed in',
    question: ask('cancel-own:orders', { creator: null }),
    subject: subjectWith([], { userId: null }),
    expected: ['NO_GRANT'],
  },
  {
    what: 'owned by an organization of the subject',
    question: ask('revoke-own:contracts', { account: reseller }),
    subject: subjectWith([grant('revoke-own:contracts')]),
    expected: ['GRANTED_AS_OWNER'],
  },
  {
    what: 'owned by another organization',
    question: ask('revoke-own:contracts', { account: customer }),
    subject: subjectWith([grant('revoke-own:contracts')]),
    expected: ['NOT_OWNER'],
  },
  {
    what: 'held where the row lies',
    question: ask('cancel:orders', {}, [reseller, customer]),
    subject: subjectWith([], { grants: heldAt([reseller], grant('cancel:orders')) }),
    expected: ['GRANTED'],
  },
  {
    what: 'held elsewhere',
    question: ask('cancel:orders', {}, [other]),
    subject: subjectWith([], { grants: heldAt([reseller], grant('cancel:orders')) }),
    expected: ['OUT_OF_SCOPE', cancel],
  },
  {
    what: 'held within, row in none',
    question: ask('cancel:orders'),
    subject: subjectWith([], { grants: heldAt([reseller], grant('cancel:orders')) }),
    expected: ['OUT_OF_SCOPE', cancel],
  },
  {
    what: 'unknown organization',
    question: ask('cancel:orders', {}, null),
    subject: subjectWith([grant('cancel:orders')]),
    expected: ['OUT_OF_SCOPE'],
  },
  {
    what: 'unknown organization, nothing held',
    question: ask('cancel:orders', {}, null),
    subject: subjectWith([]),
    expected: ['NO_GRANT'],
  },
  {
    what: 'the key does not carry it',
    question: ask('cancel:orders'),
    subject: subjectWith([], { ownerGrants: EffectiveGrants.of([grant('cancel:orders')], catalogue) }),
    expected: ['NARROWED_BY_API_KEY', cancel],
  },
  {
    what: 'no key can carry it',
    question: ask('ship:orders'),
    subject: subjectWith([], { ownerGrants: EffectiveGrants.of([grant('admin:*')], catalogue) }),
    expected: ['NARROWED_BY_API_KEY'],
  },
  {
    what: 'the owner of the key lacks it',
    question: ask('cancel:orders'),
    subject: subjectWith([], { ownerGrants: EffectiveGrants.none }),
    expected: ['NO_GRANT', cancel],
  },
  {
    what: 'seen while impersonating',
    question: ask('view:orders'),
    subject: subjectWith([grant('view:orders')], { impersonationMode: 'READ_ONLY' }),
    expected: ['GRANTED'],
  },
  {
    what: 'done while impersonating',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders')], { impersonationMode: 'ACT' }),
    expected: ['GRANTED'],
  },
  {
    what: 'done while only looking',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders')], { impersonationMode: 'READ_ONLY' }),
    expected: ['IMPERSONATING'],
  },
  {
    what: 'protected while impersonating',
    question: ask('execute:orders'),
    subject: subjectWith([grant('execute:orders')], { impersonationMode: 'ACT' }),
    expected: ['IMPERSONATING'],
  },
  {
    what: 'a constraint that a second factor cures',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders', [strongOnly])]),
    expected: ['STEP_UP_REQUIRED'],
  },
  {
    what: 'the same where nothing can be raised',
    question: ask('cancel:orders'),
    subject: subjectWith([grant('cancel:orders', [strongOnly])], { canRaise: false, assuranceLevel: null }),
    expected: ['CONSTRAINT_FAILED', cancel],
  },
];

describe('a decision', () => {
  test.each(cases)('$what: $expected.0', ({ question, subject, expected: [reason, ...missing] }) => {
    const decision = decide(question, subject, catalogue);
    expect(decision).toMatchObject({ reason, missing, allowed: reason.startsWith('GRANTED') });
  });

  test('says what the session must raise, and only once everything else holds', () => {
    const stepUp = { assuranceLevel: 'AAL2', withinMinutes: 10 } as const;
    const subject = subjectWith([grant('execute:orders')], {
      stepUpFor: (definition) => (definition.protected ? stepUp : null),
    });
    expect(decide(ask('execute:orders'), subject, catalogue)).toEqual({
      allowed: false,
      reason: 'STEP_UP_REQUIRED',
      missing: [],
      required: stepUp,
    });
    expect(decide(ask('execute:orders', {}, null), subject, catalogue)).toMatchObject({
      reason: 'OUT_OF_SCOPE',
      required: null,
    });
  });

  test('forgets nothing between catalogues', () => {
    const before = new RegisteredCatalogue([]);
    const held = subjectWith([grant('cancel:orders')]);
    expect(decide(ask('cancel:orders'), held, before).reason).toBe('UNKNOWN_PERMISSION');
    expect(decide(ask('cancel:orders'), held, catalogue).reason).toBe('GRANTED');
    expect(decide(ask('cancel:orders'), held, before).reason).toBe('UNKNOWN_PERMISSION');
  });
});

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
