import { describe, expect, test } from 'vitest';
import { ErrorTracker } from '../../../src/telemetry/error-tracker.ts';
import { withinRequest } from '../../../src/telemetry/request-scope.ts';
import { TestClock } from '../../support/test-clock.ts';

const failingAt = (message: string): Error => new RangeError(message);

describe('tracked errors', () => {
  test('are one kind while class and place are the same, whatever they say', () => {
    const clock = new TestClock();
    const tracker = new ErrorTracker(clock);
    const [first, second] = ['one', 'two'].map((message) => {
      clock.advance(60);
      return tracker.track(failingAt(message));
    });
    const elsewhere = tracker.track(new TypeError('one'));
    expect(second?.fingerprint).toBe(first?.fingerprint);
    expect(elsewhere.fingerprint).not.toBe(first?.fingerprint);
    expect(second).toMatchObject({ type: 'RangeError', count: 2, firstSeenAt: first?.firstSeenAt });
    expect((second?.lastSeenAt.getTime() ?? 0) - (first?.lastSeenAt.getTime() ?? 0)).toBe(60_000);
    expect(tracker.errors.map(({ type }) => type)).toEqual(['TypeError', 'RangeError']);
  });

  test('hold an example without personal data and secrets', () => {
    const secrets = [
      'anna@example.com',
      'correct horse',
      '10.1.2.3',
      '0049170123456',
      'ghr_abcdefghijklmnopqrstuvwxyz0123456789',
      '01a1ffc2-5cf8-75e1-b72a-5964c84cd03d',
      'postgresql://gatehouse:pw@db/x',
    ];
    const [mail, quoted, address, phone, token, id, url] = secrets;
    const { sample } = new ErrorTracker(new TestClock()).track(
      new Error(
        `no ${mail}, "${quoted}" from ${address} or ${phone} with ${token} of ${id} at ${url}\nDETAIL: ${mail}`,
      ),
    );
    for (const secret of secrets) expect(JSON.stringify(sample)).not.toContain(secret);
    expect(sample.message).toMatch(/^no …/);
    expect(sample.frames[0]).toContain('tests/unit/telemetry/error-tracker.test.ts');
  });

  test('say in which request they arose', () => {
    const facts = {
      requestId: 'request-1',
      traceId: 'trace-1',
      operation: 'Viewer',
      type: 'query',
      principalId: 'somebody',
      code: null,
    };
    const tracker = new ErrorTracker(new TestClock());
    const tracked = withinRequest(facts, null, () => tracker.track(failingAt('x'), { code: 'INTERNAL_SERVER_ERROR' }));
    expect(tracked.sample).toMatchObject({ requestId: 'request-1', traceId: 'trace-1', operation: 'Viewer' });
    expect(JSON.stringify(tracked)).not.toContain('somebody');
  });

  test('never fill the memory: the kind that was silent for longest is forgotten', () => {
    const tracker = new ErrorTracker(new TestClock());
    const named = (index: number): Error => Object.assign(new Error('x'), { name: `Error${index}` });
    for (let index = 0; index < 200; index += 1) tracker.track(named(index));
    tracker.track(named(0));
    tracker.track(named(200));
    const kept = new Set(tracker.errors.map(({ type }) => type));
    expect(kept.size).toBe(200);
    expect([kept.has('Error0'), kept.has('Error1'), kept.has('Error200')]).toEqual([true, false, true]);
  });

  test('may be anything that is thrown', () => {
    const tracker = new ErrorTracker(new TestClock());
    for (const thrown of [null, undefined, 'text', { secret: 'x' }, Object.create(null)]) {
      expect(tracker.track(thrown).type).toBe('Error');
    }
    expect(tracker.errors).toHaveLength(1);
  });
});
