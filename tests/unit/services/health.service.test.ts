import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type HealthCheck, HealthService } from '../../../src/services/health.service.ts';
import { TestClock } from '../../support/test-clock.ts';

const part = (component: string, look: HealthCheck['look'], isNecessary = false): HealthCheck => ({
  component,
  isNecessary,
  failure: `${component} does not answer.`,
  look,
});

const failing = async (): Promise<never> => {
  throw new Error('password authentication failed for user "gatehouse"');
};

describe('health', () => {
  test('is DOWN only for what an answer needs, and names every part', async () => {
    const clock = new TestClock();
    const optional = new HealthService({
      clock,
      checks: [part('database', async () => ({}), true), part('redis', failing), part('kafka', async () => null)],
    });
    expect(await optional.check()).toMatchObject({
      status: 'OK',
      checks: [
        { component: 'database', status: 'OK', message: null },
        { component: 'redis', status: 'DEGRADED', latencyMs: null, message: 'redis does not answer.' },
      ],
    });
    const needed = new HealthService({
      clock,
      checks: [part('database', failing, true), part('redis', async () => ({}))],
    });
    const report = await needed.check();
    expect(report).toMatchObject({ status: 'DOWN', checks: [{ status: 'DOWN' }, { status: 'OK' }] });
    expect(JSON.stringify(report)).not.toContain('password');
  });

  test('waits for no part longer than it may', async () => {
    const never = new Promise<null>(() => undefined);
    const health = new HealthService({
      clock: new TestClock(),
      checks: [part('frozen', () => never, true), part('quick', async () => ({}))],
      lookMs: 50,
    });
    const started = performance.now();
    expect(await health.check()).toMatchObject({ status: 'DOWN', checks: [{ status: 'DOWN' }, { status: 'OK' }] });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('a clock that is put back keeps no report for longer', async () => {
    const clock = new TestClock();
    let works = true;
    const look = async () => (works ? {} : failing());
    const health = new HealthService({ clock, checks: [part('database', look, true)] });
    expect(await health.check()).toMatchObject({ status: 'OK' });
    clock.advance(-3600);
    works = false;
    expect(await health.check()).toMatchObject({ status: 'DOWN' });
  });

  test('asks once however many ask, and at most once a second', async () => {
    let looks = 0;
    const clock = new TestClock();
    const look = async () => {
      looks += 1;
      await sleep(30);
      return {};
    };
    const health = new HealthService({ clock, checks: [part('database', look, true)] });
    const asked = Array.from({ length: 500 }, () => health.check());
    clock.advance(5); // a slow look is not begun anew
    asked.push(health.check());
    await Promise.all(asked);
    expect(looks).toBe(1);
    await health.check();
    expect(looks).toBe(2);
    await health.check();
    clock.advance(0.5);
    await health.check();
    expect(looks).toBe(2);
    clock.advance(1);
    await health.check();
    expect(looks).toBe(3);
  });
});
