import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../support/test-app.ts';
import { CreateUserDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { failInserts } from '../http/database-faults.ts';
import { getPath } from '../http/raw-requests.ts';

interface Tracked {
  readonly errors: readonly {
    readonly fingerprint: string;
    readonly count: number;
    readonly sample: { readonly message: string; readonly operation: string; readonly requestId: string };
  }[];
}

const TOKEN = 'metrics-token-of-thirty-two-bytes';
const trackedBy = async (app: TestApp): Promise<Tracked['errors']> =>
  ((await (await getPath(app, '/errors', { authorization: `Bearer ${TOKEN}` })).json()) as Tracked).errors;

describe('errors that nobody foresaw', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ settings: { 'limits.metricsToken': TOKEN } });
  });
  afterAll(async () => app.close());

  test('are one kind with a count and an example, the same in the log, in /errors and in the metrics', async () => {
    expect(await trackedBy(app)).toEqual([]);
    const { admin } = await app.cast();
    const email = 'tracked@failures.example';
    const restore = await failInserts(app, 'outbox_events', '42703');
    for (const id of ['tracked-first-1', 'tracked-second-2']) {
      const answer = await admin
        .with({ 'x-request-id': id })
        .send(CreateUserDocument, { input: { email, displayName: 'Bug', groupIds: [MEMBERS_GROUP_ID] } });
      expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    }
    await restore();
    const [kind, ...more] = await trackedBy(app);
    expect(more).toEqual([]);
    expect(kind).toMatchObject({ count: 2, sample: { operation: 'CreateUser', requestId: 'tracked-second-2' } });
    expect(JSON.stringify(kind)).not.toContain(email);
    const lines = app.log.filter((line) => line.includes('"msg":"request failed"'));
    expect(lines.map((line) => (JSON.parse(line) as { fingerprint: string }).fingerprint)).toEqual([
      kind?.fingerprint,
      kind?.fingerprint,
    ]);
    const figures = await (await getPath(app, '/metrics', { authorization: `Bearer ${TOKEN}` })).text();
    expect(figures).toContain('gatehouse_errors_total{code="INTERNAL_SERVER_ERROR"} 2');
    expect(figures).toContain('gatehouse_error_kinds 1');
  });

  test('are shown to whoever may read the metrics, and to nobody else', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const response = await getPath(app, '/errors', headers);
      expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
        401,
        'UNAUTHENTICATED',
      ]);
    }
  });
});
