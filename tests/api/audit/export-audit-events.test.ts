import { describe, expect, test } from 'vitest';
import {
  AuditEventsDocument,
  type AuditEventFilter,
  ExportAuditEventsDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { type Actor, signIn } from '../../support/cast.ts';
import { ask, fetchExport, jobOf } from '../../support/exports.ts';
import { inParallel, recording, statementsOf } from '../../support/evidence.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);

const fetched = (client: TestClient, id: string): Promise<Response> => fetchExport(app(), client, id);

/** Events of one actor, so many at once. */
const write = async (actorId: string, count: number, label = 'somebody'): Promise<void> => {
  const origin = {
    actor: { type: 'User', id: actorId, label },
    onBehalfOfId: null,
    ipAddress: '192.0.2.1',
    userAgent: null,
    requestId: null,
  } as const;
  const happenings = Array.from({ length: count }, (_, index) => ({ action: 'bulk.done', metadata: { index } }));
  await app().services.recorder.recordAlone(app().database, origin, happenings);
};

const done = async (client: Actor, filter: AuditEventFilter, format: 'CSV' | 'NDJSON' = 'NDJSON') => {
  const { id } = await ask(client, { filter, format });
  await app().services.exportWorker.run();
  const job = await jobOf(client, id);
  expect(job?.state).toBe('DONE');
  const response = await fetched(client, id);
  return { id, job, response, text: await response.text() };
};

describe('exportAuditEvents', () => {
  test('writes the rows that the query gives, newest first, and says how many', async () => {
    const { auditor } = cast();
    const actorId = await somebody(app());
    await write(actorId, 1203);
    const { answer: job, audit } = await recording(app(), () => ask(auditor, { filter: { actorId } }));
    expect(job).toMatchObject({
      kind: 'AUDIT_EVENTS',
      format: 'NDJSON',
      state: 'QUEUED',
      progress: 0,
      downloadUrl: null,
    });
    expect(audit).toMatchObject([
      { action: 'audit.exported', target: { id: job.id }, metadata: { format: 'NDJSON', all: true } },
    ]);
    expect(audit[0]?.changes[0]?.after).toContain(actorId);
    await app().services.exportWorker.run();
    const after = await jobOf(auditor, job.id);
    expect(after).toMatchObject({ state: 'DONE', progress: 1, rowCount: 1203, failure: null });
    expect(after?.downloadUrl).toBe(`http://localhost:4000/exports/${job.id}`);
    const response = await fetched(auditor, job.id);
    const text = await response.text();
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="audit-events-\d{4}-\d\d-\d\d\.ndjson"$/,
    );
    expect([Buffer.byteLength(text), Number(response.headers.get('content-length'))]).toEqual([
      after?.sizeBytes,
      after?.sizeBytes,
    ]);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; metadata: { index: number } });
    expect(new Set(lines.map(({ id }) => id)).size).toBe(1203);
    const { data } = await auditor.send(AuditEventsDocument, { filter: { actorId }, first: 100 });
    expect(lines.slice(0, 100).map(({ id }) => id)).toEqual(data.auditEvents?.nodes.map(({ id }) => id));
    expect(lines[0]).toEqual(data.auditEvents?.nodes[0]);
  });

  test('escapes CSV: quotes, commas, line ends, and whatever a spreadsheet would calculate', async () => {
    const actorId = await somebody(app());
    for (const label of [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\tx',
      '\rx',
      'a "b", c\r\nd',
      "=cmd|' /C calc'!A0\"",
      'plain',
    ]) {
      await write(actorId, 1, label);
    }
    const { text, response } = await done(cast().auditor, { actorId }, 'CSV');
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const [head, ...rest] = text.split('\r\n');
    expect(head).toBe(
      'id,at,action,result,actorType,actorId,actorLabel,onBehalfOfId,targetType,targetId,targetLabel,ipAddress,userAgent,requestId,changes,metadata',
    );
    const body = rest.join('\r\n');
    for (const cell of [
      ",'=1+1,",
      ",'+1,",
      ",'-1,",
      ",'@SUM(A1),",
      ",'\tx,",
      `,"'\rx",`,
      ',"a ""b"", c\r\nd",',
      `,"'=cmd|' /C calc'!A0""",`,
      ',plain,',
    ]) {
      expect(body).toContain(cell);
    }
    expect(body).toContain('"{""index"":0}"');
    expect(body).not.toMatch(/(^|,)"?[=+@\t\r]/m);
  });

  test('of an empty answer is a heading, or nothing', async () => {
    const { auditor } = cast();
    expect((await done(auditor, { actionIn: [] }, 'CSV')).text).toMatch(/^id,at,.*\r\n$/);
    expect((await done(auditor, { actionIn: [] })).text).toBe('');
  });

  test('takes away only what the caller may see', async () => {
    const { dataOfficer } = cast();
    await write(await somebody(app()), 3);
    const { text } = await done(dataOfficer, {});
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { actor: { id: string } | null; target: { id: string } | null });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every(({ actor, target }) => [actor?.id, target?.id].includes(dataOfficer.id))).toBe(true);
  });

  test('answers a repetition with the same key with the same job, another input not at all', async () => {
    const { auditor } = cast();
    const input = { filter: { actionIn: ['x.y'] }, idempotencyKey: 'once' };
    const jobs = await inParallel(10, () => ask(auditor, input));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    const other = await auditor.send(ExportAuditEventsDocument, { input: { ...input, format: 'CSV' } });
    expect(other.code).toBe('IDEMPOTENCY_KEY_REUSED');
    await app().services.exportWorker.run();
  });

  test('lets five jobs of one person wait, not more', async () => {
    const holder = await holderOf(app(), ['export:audit']);
    for (let count = 0; count < 5; count += 1) await ask(holder, {});
    const { code } = await holder.send(ExportAuditEventsDocument, { input: {} });
    expect(code).toBe('RATE_LIMITED');
    await app().services.exportWorker.run();
    await ask(holder, {});
    await app().services.exportWorker.run();
  });

  test('needs a confirmed identity, and reads a batch with a few statements whatever its size', async () => {
    const actorId = await somebody(app());
    await write(actorId, 1000);
    await ask(cast().auditor, { filter: { actorId } });
    const { statements } = await statementsOf(app(), () => app().services.exportWorker.run());
    expect(statements).toBeLessThanOrEqual(9);
  });
});

describe('the file', () => {
  test('is for the session that asked: not for another session, person, or nobody', async () => {
    const { auditor } = cast();
    const { id } = await done(auditor, { actionIn: ['x.y'] });
    const sameSession = await fetched(auditor, id);
    expect(sameSession.status).toBe(200);
    const again = await signIn(app(), auditor.email);
    expect((await jobOf(again, id))?.downloadUrl).toBeNull();
    for (const other of [again, cast().admin, cast().member]) {
      const answer = await fetched(other, id);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, 'no-store']);
      expect(await answer.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
    }
    expect(await jobOf(cast().admin, id)).toBeNull();
    expect((await fetched(cast().anonymous, id)).status).toBe(401);
    expect((await fetched(auditor.with({ authorization: 'Bearer nonsense' }), id)).status).toBe(401);
    for (const odd of [newId<UserId>(), 'nonsense', '%00', '..%2f..%2fetc'])
      expect((await fetched(auditor, odd)).status).toBe(404);
    const lines = await app().database.query(
      `select 1 from audit_events where action = 'export.downloaded' and target_id = $1`,
      [id],
    );
    expect(lines).toHaveLength(2);
  });

  test('is not given once the permission is gone', async () => {
    const holder = await holderOf(app(), ['export:audit', 'view:audit']);
    const { id } = await done(holder, { actionIn: ['x.y'] });
    const drop = async (action: string) => {
      await app().database.query('delete from group_grants where group_id = $1 and action = $2', [
        holder.groupId,
        action,
      ]);
      await app().database.query('update permission_epoch set epoch = epoch + 1');
      await app().database.query(
        'update groups set changed_epoch = (select epoch from permission_epoch) where id = $1',
        [holder.groupId],
      );
    };
    await drop('view');
    expect((await fetched(holder, id)).status).toBe(404);
    await drop('export');
    expect((await fetched(holder, id)).status).toBe(404);
  });
});

describe('a job', () => {
  const waiting = async (client: TestClient, rows: number) => {
    const actorId = await somebody(app());
    await write(actorId, rows);
    return ask(client, { filter: { actorId } });
  };

  const linesOf = async (client: TestClient, id: string): Promise<readonly string[]> =>
    (await (await fetched(client, id)).text()).trimEnd().split('\n');

  test('that a replica leaves when it stops is finished by another one, every row once', async () => {
    const other = await startTestApp({ beside: app() });
    const { auditor } = cast();
    const job = await waiting(auditor, 2600);
    const working = other.services.exportWorker.run();
    while ((await jobOf(auditor, job.id))?.rowCount === 0) await new Promise((resolve) => setImmediate(resolve));
    await other.services.exportWorker.stop();
    await working;
    await other.close();
    const left = await jobOf(auditor, job.id);
    expect(left?.state).toBe('QUEUED');
    expect(left?.rowCount).toBeGreaterThan(0);
    expect(left?.rowCount).toBeLessThan(2600);
    await app().services.exportWorker.run();
    expect(await jobOf(auditor, job.id)).toMatchObject({ state: 'DONE', rowCount: 2600 });
    expect(new Set(await linesOf(auditor, job.id)).size).toBe(2600);
  });

  test('of a replica that died goes on after a minute; what the dead one still writes is refused', async () => {
    const { auditor } = cast();
    const job = await waiting(auditor, 700);
    const until = new Date(app().clock.now().getTime() + 60_000).toISOString();
    await app().database.query(
      `update export_jobs set state = 'RUNNING', fencing = 7, claimed_until = $2 where id = $1`,
      [job.id, until],
    );
    await app().services.exportWorker.run();
    expect((await jobOf(auditor, job.id))?.state).toBe('RUNNING');
    app().clock.advance(61);
    await app().services.exportWorker.run();
    expect(await jobOf(auditor, job.id)).toMatchObject({ state: 'DONE', rowCount: 700 });
    const { addExportChunk } = await import('../../../src/entities/export.queries.ts');
    const now = app().clock.now().toISOString();
    const late = await app().database.query(addExportChunk, [job.id, '7', Buffer.from('x'), 1, null, 1, now, now, now]);
    expect(late).toEqual([]);
  });

  test('is worked on once by many workers', async () => {
    const { auditor } = cast();
    const job = await waiting(auditor, 1500);
    await inParallel(10, () => app().services.exportWorker.run());
    expect(await jobOf(auditor, job.id)).toMatchObject({ state: 'DONE', rowCount: 1500 });
    expect(new Set(await linesOf(auditor, job.id)).size).toBe(1500);
  });

  test('that fails three times ends with the reason, and is the previous one of its repetition', async () => {
    const { auditor } = cast();
    const filter = { actionIn: ['never.done'] };
    const job = await ask(auditor, { filter });
    await app().database.query(
      `update export_jobs set scope = jsonb_set(scope, '{filter,from}', '"no time"') where id = $1`,
      [job.id],
    );
    for (let round = 0; round < 3; round += 1) {
      await app().services.exportWorker.run();
      app().clock.advance(11);
    }
    await app().database.query(
      `update export_jobs set scope = jsonb_set(scope, '{filter,from}', 'null') where id = $1`,
      [job.id],
    );
    const failed = await jobOf(auditor, job.id);
    expect(failed).toMatchObject({ state: 'FAILED', downloadUrl: null, rowCount: 0 });
    expect(failed?.failure).toMatch(/several times in a row/);
    expect(failed?.finishedAt).not.toBeNull();
    const again = await ask(auditor, { filter });
    expect(again.previous).toEqual({ id: job.id });
    await app().services.exportWorker.run();
    expect((await jobOf(auditor, again.id))?.state).toBe('DONE');
    expect((await ask(auditor, { filter })).previous).toBeNull();
    await app().services.exportWorker.run();
  });

  // Last: it lets a day pass.
  test('is deleted with its file when its time is over', async () => {
    const { auditor } = cast();
    const { id, job } = await done(auditor, { actionIn: ['x.y'] }, 'CSV');
    expect(job?.expiresAt).toBe(new Date(app().clock.now().getTime() + 86_400_000).toISOString());
    app().clock.advance(86_400);
    const later = await signIn(app(), auditor.email);
    expect(await jobOf(later, id)).toMatchObject({ state: 'DONE', downloadUrl: null });
    await app().database.query(
      'update export_jobs set access_id = (select id from sessions where user_id = $2 order by id desc limit 1) where id = $1',
      [id, later.id],
    );
    expect((await fetched(later, id)).status).toBe(404);
    await app().services.housekeeping.run();
    expect(await jobOf(later, id)).toBeNull();
    expect(await app().database.query('select 1 from export_chunks where job_id = $1', [id])).toEqual([]);
  });
});
