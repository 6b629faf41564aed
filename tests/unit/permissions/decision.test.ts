import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/permissions/decision.ts';
import { RegisteredCatalogue } from '../../../src/permissions/registered-catalogue.ts';
import { cases } from './decision.cases.ts';
import { ask, catalogue, grant, subjectWith } from './decision.fixture.ts';

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
