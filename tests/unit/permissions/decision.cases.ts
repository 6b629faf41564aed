import type { DecisionQuestion, DecisionSubject } from '../../../src/permissions/decision.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import {
  anna,
  ask,
  catalogue,
  customer,
  grant,
  heldAt,
  mine,
  other,
  pendingOnly,
  reseller,
  strongOnly,
  subjectWith,
} from './decision.fixture.ts';

interface Case {
  readonly what: string;
  readonly question: DecisionQuestion;
  readonly subject: DecisionSubject;
  readonly expected: readonly [reason: string, ...missing: string[]];
}

const cancel = 'cancel:shop.orders';
/** Question, subject, and the reason with what is missing. */
export const cases: readonly Case[] = [
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
