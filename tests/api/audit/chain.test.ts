import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId, type UserId } from '../../../src/ids.ts';
import { makePerson } from '../../support/cast.ts';
import { inParallel, statementsOf } from '../../support/evidence.ts';
import { startTestApp, type TestApp } from '../../support/test-app.ts';

const DAY = 86_400;
let app: TestApp;

beforeEach(async () => {
  app = await startTestApp({ settings: { 'audit.retentionMonths': '1' } });
});
afterEach(async () => {
  await app.close();
});

const origin = (id: string) => ({
  actor: { type: 'User' as const, id, label: `${id}@chain.example` },
  onBehalfOfId: null,
  ipAddress: '192.0.2.7',
  userAgent: 'Test/1',
  requestId: null,
});

const write = (count: number, id: string = newId<UserId>()) =>
  inParallel(count, (index) =>
    app.services.recorder.recordAlone(app.database, origin(id), [
      {
        action: 'thing.done',
        metadata: { index, text: 'grün', nested: { b: 1, a: [1.5, null] } },
        changes: [{ field: 'name', before: null, after: `n${index}` }],
      },
    ]),
  );

const verify = () => app.services.auditVerification.verify();

/** Does what the triggers refuse, as a superuser can. */
const tamper = async (statement: string, values: readonly unknown[] = []): Promise<void> => {
  await app.database.query('alter table audit_events disable trigger user');
  await app.database.query('alter table audit_personal_values disable trigger user');
  await app.database.query(statement, values);
  await app.database.query('alter table audit_events enable trigger user');
  await app.database.query('alter table audit_personal_values enable trigger user');
};

const at = (place: number) =>
  app.database.query<{ id: string }>('select id from audit_events where chain_sequence = $1', [place]);

describe('the chain of audit events', () => {
  test('seals what 200 writers write while it runs, each row once, without a gap; a person erased, it still holds', async () => {
    const person = await makePerson(app, { email: 'erased@chain.example' });
    const writing = Promise.all([write(100, person), write(100)]);
    const rounds = [await app.services.auditChain.run(), await app.services.auditChain.run()];
    await writing;
    rounds.push(await app.services.auditChain.run({ sign: true }));
    const [state] = await app.database.query<{ rows: number; places: number; last: number }>(
      `select count(*)::int as rows, count(distinct chain_sequence)::int as places, max(chain_sequence)::int as last from audit_events`,
    );
    expect(state).toEqual({ rows: 200, places: 200, last: 200 });
    expect(rounds.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(200);
    const before = await verify();
    expect(before).toMatchObject({ rows: 200, erased: 0, dropped: 0, unsealed: 0, broken: null });
    expect(before.checkpoints).toBeGreaterThan(0);
    const [erased] = await app.database.query<{ count: number }>(
      'select erase_audit_personal_values($1, $2) as count',
      [person, []],
    );
    expect(erased?.count).toBe(100);
    expect(await verify()).toEqual({ ...before, erased: 100 });
    const [left] = await app.database.query(`select 1 from audit_personal_values where values::text like $1`, [
      `%${person}%`,
    ]);
    expect(left).toBeUndefined();
  });

  test('takes a row in that was committed late, behind those that were sealed before it', async () => {
    let commit: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const id = newId<UserId>();
    const late = app.database.transaction(async (em) => {
      await app.services.recorder.record(em, origin(id), [{ action: 'late.done' }]);
      await gate;
    });
    app.clock.advance(60);
    await write(3);
    expect(await app.services.auditChain.run()).toBe(3);
    commit();
    await late;
    expect(await app.services.auditChain.run()).toBe(1);
    const rows = await app.database.query<{ action: string }>(
      'select action from audit_events order by chain_sequence',
    );
    expect(rows.map(({ action }) => action)).toEqual(['thing.done', 'thing.done', 'thing.done', 'late.done']);
    expect((await verify()).broken).toBeNull();
  });

  test('is sealed by one replica at a time, and by both in turn', async () => {
    const other = await startTestApp({ beside: app });
    await write(50);
    await Promise.all([app.services.auditChain.run(), other.services.auditChain.run()]);
    await write(50);
    await Promise.all([other.services.auditChain.run(), app.services.auditChain.run()]);
    await app.services.auditChain.run();
    expect(await verify()).toMatchObject({ rows: 100, unsealed: 0, broken: null });
    await other.close();
  });

  test('costs one statement when there is nothing to seal, and signs once an hour', async () => {
    await write(2);
    await app.services.auditChain.run();
    expect((await statementsOf(app, () => app.services.auditChain.run())).statements).toBe(1);
    const signed = () =>
      app.database.query<{ sequence: string }>('select sequence::text from audit_checkpoints order by 1');
    expect(await signed()).toEqual([{ sequence: '2' }]);
    await write(1);
    await app.services.auditChain.run();
    expect(await signed()).toHaveLength(1);
    app.clock.advance(3600);
    await app.services.auditChain.run();
    expect(await signed()).toEqual([{ sequence: '2' }, { sequence: '3' }]);
    expect((await verify()).checkpoints).toBe(2);
  });

  test('is signed when the server stops', async () => {
    app.services.auditChain.start();
    await write(2);
    await app.services.auditChain.stop();
    expect(await verify()).toMatchObject({ rows: 2, unsealed: 0, broken: null });
    const signed = await app.database.query('select 1 as one from audit_checkpoints where sequence = 2');
    expect(signed).toHaveLength(1);
  });

  test('holds under a key that was retired since', async () => {
    await write(1);
    await app.services.auditChain.run({ sign: true });
    await app.database.query(`update signing_keys set status = 'RETIRED', retired_at = now()`);
    await app.services.signingKeys.prepare();
    expect((await verify()).broken).toBeNull();
  });
});

describe('retention', () => {
  test('drops whole months and leaves a chain that holds from the first kept row on, late rows between included', async () => {
    await write(5);
    await app.services.auditChain.run({ sign: true });
    await app.database.query('select ensure_audit_partitions($1::date, 4)', [app.clock.now().toISOString()]);
    // A transaction of the first month that commits in the next one: its row lies between those of the young month.
    const old = app.clock.now();
    app.clock.advance(31 * DAY);
    await write(2);
    await app.services.auditChain.run();
    await app.database.query(
      `insert into audit_events (at, id, action, result, metadata, personal_commitment)
       select $1::timestamptz, gen_random_uuid(), 'late.done', 'SUCCESS', '{}', sha256('') from generate_series(1, 1)`,
      [old.toISOString()],
    );
    await tamper(`insert into audit_personal_values (at, event_id, salt, "values")
      select at, id, '', erased_audit_values('{"changes": []}') from audit_events where action = 'late.done'`);
    await app.services.auditChain.run();
    await write(2);
    await app.services.auditChain.run({ sign: true });
    expect(await verify()).toMatchObject({ rows: 10, dropped: 0, broken: null });
    app.clock.advance(31 * DAY);
    await app.services.housekeeping.run();
    const months = await app.database.query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'audit_events'::regclass order by 1`,
    );
    const month = old.toISOString().slice(0, 7).replace('-', '_');
    expect(months.map(({ name }) => name)).not.toContain(`audit_events_${month}`);
    const report = await verify();
    expect(report).toMatchObject({ rows: 4, dropped: 6, broken: null });
    expect(report.unsealed).toBeGreaterThan(0);
    await app.services.auditChain.run({ sign: true });
    expect(await verify()).toMatchObject({ rows: 4 + report.unsealed, dropped: 6, unsealed: 0, broken: null });
    const [line] = await app.database.query(
      `select metadata from audit_events where action = 'audit.retention-applied' order by metadata->>'month' desc limit 1`,
    );
    expect(line).toEqual({ metadata: { month: month.replace('_', '-'), rows: 6 } });
  });

  test('leaves a month with rows that are not sealed, and everything when it is off', async () => {
    await write(3);
    app.clock.advance(70 * DAY);
    expect(await app.services.auditRetention.run()).not.toContain(undefined);
    const [row] = await app.database.query<{ count: number }>(
      'select count(*)::int as count from audit_events where action = $1',
      ['thing.done'],
    );
    expect(row?.count).toBe(3);
    const forever = await startTestApp({ beside: app, settings: { 'audit.retentionMonths': '0' } });
    await forever.services.auditChain.run();
    expect(await forever.services.auditRetention.run()).toEqual([]);
    await forever.close();
    expect((await app.services.auditRetention.run()).length).toBeGreaterThan(0);
  });
});

describe('verification names', () => {
  beforeEach(async () => {
    await write(12);
    await app.services.auditChain.run({ sign: true });
    app.clock.advance(3600);
    await write(4);
    await app.services.auditChain.run();
    await write(4);
    await app.services.auditChain.run();
    const { rows, checkpoints, broken } = await verify();
    if (rows !== 20 || checkpoints !== 2 || broken !== null) throw new Error(`The chain is not whole: ${broken}`);
  });

  const brokenAfter = async (statement: string, values: readonly unknown[] = []): Promise<string> => {
    await tamper(statement, values);
    return (await verify()).broken ?? 'nothing';
  };

  test('a changed row', async () => {
    const [row] = await at(7);
    const message = await brokenAfter(`update audit_events set action = 'nothing.happened' where chain_sequence = 7`);
    expect(message).toContain(`event ${row?.id} (nothing.happened, `);
    expect(message).toContain('place 7) is not what was sealed');
  });

  test('changed metadata', async () => {
    expect(await brokenAfter(`update audit_events set metadata = '{}' where chain_sequence = 3`)).toContain('place 3)');
  });

  test('a changed personal value, one written over an erasure, and one that is gone', async () => {
    const where = '(at, event_id) = (select at, id from audit_events where chain_sequence = 5)';
    expect(
      await brokenAfter(
        `update audit_personal_values set values = jsonb_set(values, '{ipAddress}', '"10.0.0.1"') where ${where}`,
      ),
    ).toMatch(/personal values of event .* place 5\) are not what was sealed/);
    expect(await brokenAfter(`update audit_personal_values set salt = '' where ${where}`)).toMatch(
      /place 5\) were written anew/,
    );
    expect(await brokenAfter(`delete from audit_personal_values where ${where}`)).toMatch(/place 5\) were deleted/);
  });

  test('a deleted row', async () => {
    expect(await brokenAfter('delete from audit_events where chain_sequence = 6')).toContain(
      'event at place 6 is missing',
    );
  });

  test('an inserted row', async () => {
    const copy = `insert into audit_events select at, gen_random_uuid(), action, result, actor_type, actor_id, on_behalf_of_id, target_type,
      target_id, request_id, metadata, personal_commitment, chain_sequence, chain_hash from audit_events where chain_sequence = 9`;
    expect(await brokenAfter(copy)).toMatch(
      /place 9\) (stands at a place that another event has|is not what was sealed)/,
    );
  });

  test('rows that changed places', async () => {
    const swap = `update audit_events e set chain_sequence = o.chain_sequence, chain_hash = o.chain_hash from audit_events o
      where (e.chain_sequence, o.chain_sequence) in ((10, 11), (11, 10))`;
    expect(await brokenAfter(swap)).toContain('place 10) is not what was sealed');
  });

  test('the last rows deleted, even with the noted end put back: the checkpoint knows', async () => {
    expect(await brokenAfter('delete from audit_events where chain_sequence > 18')).toContain(
      'from place 19 to 20 are missing',
    );
    const [end] = await app.database.query<{ chain_hash: Buffer }>(
      'select chain_hash from audit_events where chain_sequence = 14',
    );
    await tamper('delete from audit_events where chain_sequence > 14');
    await app.database.query('update audit_chain set sequence = 14, hash = $1', [end?.chain_hash]);
    expect((await verify()).broken).toContain('behind place 14 are missing: a checkpoint was signed at 16');
  });

  test('a chain that was computed anew from a changed row on: the checkpoint knows', async () => {
    await tamper(
      `update audit_events set action = 'nothing.happened', chain_sequence = null, chain_hash = null where chain_sequence = 2`,
    );
    await tamper('update audit_events set chain_sequence = null, chain_hash = null where chain_sequence > 2');
    const [end] = await app.database.query<{ chain_hash: Buffer }>(
      'select chain_hash from audit_events where chain_sequence = 1',
    );
    await app.database.query('update audit_chain set sequence = 1, hash = $1', [end?.chain_hash]);
    await app.services.auditChain.run();
    expect((await verify()).broken).toContain('up to place 12 is not the one that was signed there');
  });

  test('a checkpoint without a valid signature: altered, or by a key that the master keys do not open', async () => {
    await app.database.query(`update audit_checkpoints set at = at + interval '1 s' where sequence = 12`);
    expect((await verify()).broken).toContain('checkpoint at place 12 has no valid signature');
    await app.database.query(`update audit_checkpoints set at = at - interval '1 s' where sequence = 12`);
    expect((await verify()).broken).toBeNull();
    await app.database.query(`update signing_keys set sealed_private_jwk = 'forged'`);
    expect((await verify()).broken).toContain('no valid signature');
  });

  test('rows behind the noted end, and another hash than the one noted elsewhere', async () => {
    const { end } = await verify();
    expect((await app.services.auditVerification.verify(end)).broken).toBeNull();
    const other = { sequence: '20', hash: '00'.repeat(32) };
    expect((await app.services.auditVerification.verify(other)).broken).toContain('at place 20 has another hash');
    const longer = { sequence: '21', hash: '00'.repeat(32) };
    expect((await app.services.auditVerification.verify(longer)).broken).toContain('ends at 20, before the place 21');
  });
});
