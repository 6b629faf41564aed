import { describe, expect, test } from 'vitest';
import { figuresOf } from '../../support/figures.ts';
import { useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

describe('health', () => {
  const app = useTestApp();
  const cast = useCast(app);
  const DOCUMENT = '{ health { status checks { component status message } } }';

  test('has lines for mail and text messages', async () => {
    const { data, errors } = await cast().admin.run<{ health: { status: string; checks: object[] } }>(DOCUMENT);
    expect(errors).toEqual([]);
    expect(data.health.status).toBe('OK');
    expect(data.health.checks).toEqual(
      expect.arrayContaining([
        { component: 'mail', status: 'OK', message: null },
        { component: 'sms', status: 'OK', message: null },
      ]),
    );
  });

  test('without mail is less than it could be, and still ready', async () => {
    const other = await startTestApp({
      settings: { 'mail.transport': 'none', 'mail.smsTransport': 'none' },
      beside: app(),
    });
    const answer = await fetch(`${other.url}/graphql`, {
      method: 'POST',
      headers: { ...cast().admin.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query: DOCUMENT }),
    });
    const { data } = (await answer.json()) as { data: { health: { status: string; checks: object[] } } };
    expect(data.health.status).toBe('OK');
    expect(data.health.checks).toContainEqual({
      component: 'mail',
      status: 'DEGRADED',
      message: 'No mail transport is configured.',
    });
    expect(data.health.checks).not.toContainEqual(expect.objectContaining({ component: 'sms' }));
    // What was never set up raises no alert.
    const figures = await figuresOf(other);
    expect(figures.get('gatehouse_part_up{part="database"}')).toBe(1);
    expect(figures.has('gatehouse_part_up{part="mail"}')).toBe(false);
    expect((await figuresOf(app())).get('gatehouse_part_up{part="mail"}')).toBe(1);
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
    await other.close();
  });
});
