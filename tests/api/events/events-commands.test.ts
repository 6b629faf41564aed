import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { emptyOutbox, MemorySink, range, relayOf, writeEvents } from '../../support/events.ts';
import { useTestApp } from '../../support/test-app.ts';
import { runCommand } from '../cli/cli-fixture.ts';

describe('events', () => {
  const app = useTestApp();
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-events-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  beforeEach(async () => {
    await emptyOutbox(app());
    await writeEvents(app(), range(1, 5));
    await relayOf(app(), [new MemorySink('log'), new MemorySink('kafka'), app().services.webhookSink]).run();
  });

  const events = (...args: readonly string[]) =>
    runCommand(directory, ['events', ...args], { DATABASE_URL: app().databaseUrl, APP_ENVIRONMENT: 'test' });

  test('status tells where each sink stands', async () => {
    const { exitCode, out } = await events('status');
    const last = app().clock.now().toISOString();
    expect([exitCode, out[0], ...out.slice(2)]).toEqual([
      0,
      expect.stringMatching(/^0 events pending, the oldest 0 s old; \d published within a minute\.$/),
      `log: 0 pending, last success ${last}`,
      `webhook: 0 pending, last success ${last}`,
    ]);
  });

  test('replay sets a sink back to a place or a time', async () => {
    expect(await events('replay', 'kafka', '--from', '4')).toEqual({
      exitCode: 0,
      out: ['2 events go to kafka again, with the same ids; a running server brings them.'],
      notes: [],
    });
    const at = app().clock.now().toISOString();
    expect((await events('replay', 'kafka', '--from', at)).out[0]).toMatch(/^3 events go to kafka again/);
  });

  test('replay to webhooks says whom it reaches', async () => {
    expect((await events('replay', 'webhook', '--from', '1')).out).toEqual([
      '5 events go to webhook again; a running server brings them to webhooks that had no delivery of them. Others get theirs again by replayWebhookDeliveries.',
    ]);
  });

  test.each(['0', '-1', 'yesterday', '2026-01-31', '2026-01-31T09:00', '2026-01-31T09:00:00', '2026-02-30T09:00:00Z'])(
    'replay takes no beginning such as %s, and nothing is set back',
    async (from) => {
      const { exitCode, out, notes } = await events('replay', 'kafka', `--from=${from}`);
      expect([exitCode, out, notes]).toEqual([
        2,
        [],
        ['--from takes a sequence such as 4711, or a time such as 2026-01-31T09:00:00Z.'],
      ]);
    },
  );

  test('a sink that nobody served is told, and is no success', async () => {
    const { exitCode, notes } = await events('replay', 'kafak', '--from', '1');
    expect([exitCode, notes]).toEqual([1, ['No relay has served a sink "kafak" yet.']]);
  });
});
