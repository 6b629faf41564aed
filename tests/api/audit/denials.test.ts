import { describe, expect, test } from 'vitest';
import { inParallel } from '../../support/evidence.ts';
import { holderOf, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const FORBIDDEN = 'mutation { deleteGroup(input: { id: "x" }) { errors { code } } }';

const linesOf = async (actorId: string) => {
  await app().services.denialLog.flush();
  return app().database.query<{ result: string; metadata: Record<string, unknown>; request_id: string | null }>(
    `select result, metadata, request_id from audit_events where action = 'operation.denied' and actor_id = $1 order by at, id`,
    [actorId],
  );
};

const refused = async (client: TestClient, document = FORBIDDEN) => {
  const answer = await client.run(document);
  expect(answer.errors).toHaveLength(1);
  return answer;
};

describe('refused attempts', () => {
  test('of mutations are recorded with operation and missing permission, without the input', async () => {
    const somebody = await holderOf(app(), ['view:users']);
    const answer = await refused(somebody);
    expect(await linesOf(somebody.id)).toEqual([
      {
        result: 'DENIED',
        metadata: { operation: 'deleteGroup', missing: ['delete:groups'] },
        request_id: answer.headers.get('x-request-id'),
      },
    ]);
  });

  test('of queries, of fields, of step-ups and of nobody are not', async () => {
    const somebody = await holderOf(app(), ['rotate:signing-keys']);
    expect((await refused(somebody, '{ groups { totalCount } }')).code).toBe('FORBIDDEN');
    const rotate = 'mutation { rotateSigningKey(input: {}) { errors { code } } }';
    expect((await refused(somebody, rotate)).code).toBe('STEP_UP_REQUIRED');
    expect((await refused(cast().anonymous)).code).toBe('UNAUTHENTICATED');
    expect(await linesOf(somebody.id)).toEqual([]);
    const [row] = await app().database.query<{ count: number }>(
      `select count(*)::int as count from audit_events where action = 'operation.denied' and actor_id is null`,
    );
    expect(row?.count).toBe(0);
  });

  test('without end leave ten lines in ten minutes, the next one says how many more there were', async () => {
    const somebody = await holderOf(app(), ['view:users']);
    await inParallel(50, () => refused(somebody));
    expect(await linesOf(somebody.id)).toHaveLength(10);
    app().clock.advance(600);
    await refused(somebody);
    const lines = await linesOf(somebody.id);
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)?.metadata).toEqual({ operation: 'deleteGroup', missing: ['delete:groups'], suppressed: 40 });
  });

  test('of one caller leave the lines of others alone, and of all together at most a thousand are written', async () => {
    const { recorder } = app().services;
    const { DenialLog } = await import('../../../src/services/denial-log.ts');
    const written: unknown[] = [];
    const database = { query: async (_text: string, values?: readonly unknown[]) => (written.push(values), []) };
    const log = new DenialLog({ ...app().services, database: database as never, recorder, clock: app().clock });
    const { principal } = await (async () => ({ principal: { userId: '', actorId: null, apiKeyId: null } }))();
    const attempt = { coordinate: 'Mutation.deleteGroup', code: 'FORBIDDEN', missing: [] };
    for (let index = 0; index < 3000; index += 1) {
      const caller = {
        principal: { ...principal, userId: `user ${index % 300}` },
        account: null,
        apiKey: null,
        impersonatorLabel: null,
        position: null,
      };
      log.denied(
        { ...caller, session: null, ipAddress: '192.0.2.1', userAgent: null, requestId: 'r' } as never,
        attempt,
      );
    }
    await log.flush();
    expect(written).toHaveLength(1000);
  });
});
