import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  EraseUserDocument,
  ExportAuditEventsDocument,
  ExportUserDataDocument,
  ExportJobDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { holdLock, waitForLock } from '../../support/locks.ts';
import { useTestApp } from '../../support/test-app.ts';

const app = useTestApp();
const cast = useCast(app);
const reason = 'Asked for it.';

const person = async () => {
  const word = unique('forgotten');
  const email = `${word}@erase.example`;
  return { word, email, id: await makePerson(app(), { email, displayName: `Name ${word}` }) };
};

const erase = async (client: Actor, userId: string) => {
  const { data, errors } = await client.send(EraseUserDocument, { input: { userId, reason } });
  return { ...data.eraseUser, errors, problems: data.eraseUser?.errors.map(({ code }) => code) };
};

/** Data Officers who see users as well. */
const officer = async () => raiseToAal2(app(), await holderOf(app(), ['view:users', 'erase:users', 'export:users']));

/** Tables in which the text stands anywhere. */
const tablesWith = async (text: string): Promise<readonly string[]> => {
  const tables = await app().database.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await app().database.query(
      `select 1 from ${name} t where strpos(lower(t::text), lower($1)) > 0 limit 1`,
      [text],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
};

describe('eraseUser', () => {
  test('leaves no name and no address of the person in any table, and a chain that holds', async () => {
    const { support } = cast();
    const dataOfficer = await officer();
    const { id, email, word } = await person();
    const actor = await signIn(app(), email);
    await actor.run('mutation { updateProfile(input: { displayName: "Name forgotten again" }) { errors { code } } }');
    await support.run('mutation ($ids: [ID!]!) { lockUsers(input: { ids: $ids, reason: "x" }) { errors { code } } }', {
      ids: [id],
    });
    await app()
      .anonymous()
      .run('mutation ($e: String!) { requestPasswordReset(input: { email: $e }) { accepted } }', { e: email });
    const now = app().clock.now().toISOString();
    await app().database.query(
      `insert into messages (id, channel, template, recipient, locale, state, attempts, created_at) values (gen_random_uuid(), 'EMAIL', 'invite', $1, 'en', 'SENT', 1, $2)`,
      [email, now],
    );
    await app().database.query(
      `insert into approval_requests (id, mutation, permission, input, state, created_at, expires_at)
       values (gen_random_uuid(), 'createUser', 'create:users', jsonb_build_object('email', $1::text), 'PENDING', $2, $2)`,
      [email, now],
    );
    await app().services.auditChain.run({ sign: true });
    expect(await tablesWith(word)).toEqual(
      expect.arrayContaining(['approval_requests', 'audit_personal_values', 'identifiers', 'messages', 'users']),
    );
    const { answer, audit, events } = await recording(app(), () => erase(dataOfficer, id));
    expect(answer).toMatchObject({ erasedUserId: id, errors: [], problems: [] });
    expect(await tablesWith(word)).toEqual([]);
    expect(audit.find(({ action }) => action === 'user.erased')).toMatchObject({
      actor: { id: dataOfficer.id, label: dataOfficer.email },
      target: { type: 'User', id, label: null },
      metadata: { reason },
    });
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['UserDeleted', 'UserErased']));
    await app().services.auditChain.run({ sign: true });
    const report = await app().services.auditVerification.verify();
    expect(report.broken).toBeNull();
    expect(report.erased).toBeGreaterThan(2);
    expect((await actor.run('{ viewer { user { id } } }')).code).toBe('UNAUTHENTICATED');
  });

  test('leaves changes that wait for a second person and name somebody else', async () => {
    const dataOfficer = await officer();
    const word = unique('anna');
    const id = await makePerson(app(), { email: `${word}@erase.example` });
    await app().database.query(
      `insert into identifiers (id, user_id, kind, value, skeleton, exclusive, created_at)
       values (gen_random_uuid(), $1, 'USERNAME', 'display', 'display', true, $2)`,
      [id, app().clock.now().toISOString()],
    );
    await app().database.query(`update users set username = 'display' where id = $1`, [id]);
    const waiting = async (input: object, decisionReason: string | null = null): Promise<string> => {
      const [row] = await app().database.query<{ id: string }>(
        `insert into approval_requests (id, mutation, permission, input, state, created_at, expires_at, decision_reason)
         values (gen_random_uuid(), 'createUser', 'create:users', $1::jsonb, 'PENDING', $2, $2, $3) returning id`,
        [JSON.stringify(input), app().clock.now().toISOString(), decisionReason],
      );
      return row?.id ?? '';
    };
    const others = [
      await waiting({ email: `jo${word}@erase.example`, displayName: 'Joanna' }),
      await waiting({ username: 'display-team', reason: `write to ${word}@erase.example.org` }),
      await waiting({ email: 'info@display.example', username: 'displays' }, 'redisplayed'),
    ];
    const theirs = [
      await waiting({ userIds: [newId<UserId>(), id] }),
      await waiting({ reason: `Asked for by ${word.toUpperCase()}@erase.example.` }),
      await waiting({ nested: { usernames: ['Display'] } }),
      await waiting({ displayName: 'Somebody' }, `not for (${word}@erase.example)`),
    ];
    expect(await erase(dataOfficer, id)).toMatchObject({ erasedUserId: id });
    const left = await app().database.query<{ id: string }>(
      'select id from approval_requests where id = any($1::uuid[])',
      [[...others, ...theirs]],
    );
    expect(left.map((row) => row.id).toSorted()).toEqual(others.toSorted());
  });

  test('withdraws a file that was asked for while the person was being erased', async () => {
    const { auditor } = cast();
    const dataOfficer = await officer();
    const { id, email } = await person();
    await signIn(app(), email);
    const [session] = await app().database.query<{ id: string }>('select id from sessions where user_id = $1', [id]);
    const held = holdLock(app().database, 'select from sessions where id = $1 for update', [session?.id ?? '']);
    await held.begun;
    const erasing = erase(dataOfficer, id);
    await waitForLock(app().database);
    const asking = (async () => {
      const { data } = await auditor.send(ExportAuditEventsDocument, { input: {} });
      await app().services.exportWorker.run();
      return data.exportAuditEvents?.exportJob?.id;
    })();
    await Promise.race([asking, sleep(1500)]);
    await held.release();
    const asked = await asking;
    expect(asked).toBeDefined();
    expect(await erasing).toMatchObject({ erasedUserId: id });
    const chunks = await app().database.query<{ text: string }>(
      `select convert_from(content, 'UTF8') as text from export_chunks where job_id = $1`,
      [asked],
    );
    expect(chunks.map(({ text }) => text).join('')).not.toContain(email);
  });

  test('withdraws files that could hold the person', async () => {
    const { auditor } = cast();
    const dataOfficer = await officer();
    const { id } = await person();
    const audit = await auditor.send(ExportAuditEventsDocument, { input: {} });
    const data = await dataOfficer.send(ExportUserDataDocument, { input: { userId: id, reason } });
    await app().services.exportWorker.run();
    await erase(dataOfficer, id);
    const jobs = [
      [auditor, audit.data.exportAuditEvents?.exportJob?.id],
      [dataOfficer, data.data.exportUserData?.exportJob?.id],
    ] as const;
    for (const [client, jobId = ''] of jobs) {
      const { data: found } = await client.send(ExportJobDocument, { id: jobId });
      expect(found.exportJob).toMatchObject({
        state: 'FAILED',
        downloadUrl: null,
        failure: expect.stringContaining('was erased'),
      });
      expect(await app().database.query('select 1 from export_chunks where job_id = $1', [jobId])).toEqual([]);
    }
  });

  test('happens once, whoever asks in parallel', async () => {
    const { id } = await person();
    const dataOfficer = await officer();
    const answers = await inParallel(10, () => erase(dataOfficer, id));
    expect(answers.filter(({ erasedUserId }) => erasedUserId === id)).toHaveLength(1);
    expect(answers.filter(({ problems }) => problems?.[0] === 'TARGET_NOT_FOUND')).toHaveLength(9);
  });

  test('is refused on oneself, on nobody, on somebody with more rights, and without a reason; nothing changes', async () => {
    const { admin } = cast();
    const dataOfficer = await officer();
    const view = await raiseToAal2(app(), await holderOf(app(), ['erase:users', 'view:users']));
    const { changed } = await changing(app(), async () => {
      expect((await erase(dataOfficer, dataOfficer.id)).problems).toEqual(['NOT_ON_ONESELF']);
      expect((await erase(view, admin.id)).problems).toEqual(['EXCEEDS_OWN_PERMISSIONS']);
      for (const id of [newId<UserId>(), 'nonsense', ''])
        expect((await erase(view, id)).problems).toEqual(['TARGET_NOT_FOUND']);
      const { data } = await view.send(EraseUserDocument, { input: { userId: admin.id, reason: ' ' } });
      expect(data.eraseUser?.errors.map(({ code }) => code)).toEqual(['REQUIRED']);
    });
    expect(changed).toEqual([]);
  });

  test('never takes the last administrator', async () => {
    const second = await raiseToAal2(app(), await holderOf(app(), ['admin:*', 'erase:users']));
    const { admin } = cast();
    await app().database.query('delete from memberships where group_id = $1 and user_id <> $2', [
      ADMINISTRATORS_GROUP_ID,
      admin.id,
    ]);
    await app().database.query('delete from memberships where group_id = $1', [second.groupId]);
    const { errors, erasedUserId } = await erase(second, admin.id);
    expect([erasedUserId ?? null, errors.length > 0 || erasedUserId === undefined || erasedUserId === null]).toEqual([
      null,
      true,
    ]);
    expect(await app().database.query('select 1 from users where id = $1', [admin.id])).toHaveLength(1);
  });

  test('needs two factors, a fresh session and the permission itself', async () => {
    const { id } = await person();
    const weak = await holderOf(app(), ['erase:users', 'view:users']);
    expect((await erase(weak, id)).errors[0]?.extensions.code).toBe('STEP_UP_REQUIRED');
    expect((await erase(cast().admin, id)).errors[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      missing: ['erase:users'],
    });
  });
});

describe('exportUserData', () => {
  test('collects what is kept about the person, and neither secrets nor the doings of others', async () => {
    const { support } = cast();
    const dataOfficer = await officer();
    const { id, email } = await person();
    const actor = await signIn(app(), email);
    await support
      .with({ 'user-agent': 'Desk/1' })
      .run('mutation ($ids: [ID!]!) { lockUsers(input: { ids: $ids, reason: "hidden" }) { errors { code } } }', {
        ids: [id],
      });
    const { answer, audit } = await recording(app(), () =>
      dataOfficer.send(ExportUserDataDocument, { input: { userId: id, reason } }),
    );
    const job = answer.data.exportUserData?.exportJob;
    expect([answer.errors, answer.data.exportUserData?.errors]).toEqual([[], []]);
    expect(job).toMatchObject({ kind: 'USER_DATA', format: 'NDJSON', state: 'QUEUED' });
    expect(audit).toMatchObject([
      { action: 'user.exported', target: { id, label: email }, metadata: { reason, exportJobId: job?.id } },
    ]);
    await app().services.exportWorker.run();
    const response = await fetch(`${app().url}/exports/${job?.id}`, { headers: { ...dataOfficer.headers } });
    const text = await response.text();
    expect(response.status).toBe(200);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect([...new Set(lines.map(({ type }) => type))]).toEqual(
      expect.arrayContaining(['User', 'Identifier', 'Membership', 'Credential', 'Session', 'AuditEvent']),
    );
    expect(lines[0]).toMatchObject({ type: 'User', id, email });
    expect(lines.find((one) => one['action'] === 'user.locked')).toMatchObject({
      ipAddress: null,
      userAgent: null,
      metadata: {},
    });
    expect(text).not.toMatch(/argon2|secret|hash|Desk\/1/i);
    expect(text).not.toContain(actor.refreshToken);
  });

  test('is refused for people whom the caller may not see', async () => {
    const blind = await raiseToAal2(app(), await holderOf(app(), ['export:users']));
    const { id } = await person();
    const codes = [];
    for (const userId of [newId<UserId>(), 'nonsense', id]) {
      const { data } = await blind.send(ExportUserDataDocument, { input: { userId, reason } });
      codes.push(data.exportUserData?.errors.map(({ code }) => code));
    }
    expect(codes).toEqual([['TARGET_NOT_FOUND'], ['TARGET_NOT_FOUND'], ['TARGET_NOT_FOUND']]);
  });
});
