import { describe, expect, test } from 'vitest';
import { CreateUserDocument, SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { PASSWORD } from '../../support/cast.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';
import { failInserts, killConnections, refuseConnections } from './database-faults.ts';

describe('a database that fails', () => {
  const app = useTestApp();

  test('while connections break: requests answer or say SERVICE_UNAVAILABLE, and the next ones work', async () => {
    const { admin } = await app().cast();
    const load = Array.from({ length: 40 }, async (_, index) => {
      if (index === 10 || index === 25) await killConnections(app());
      return admin.run('{ users(first: 100) { nodes { id groups { name } } } }');
    });
    const answers = await Promise.all(load);
    for (const { status, code } of answers) {
      expect(['OK', 'SERVICE_UNAVAILABLE']).toContain(code);
      expect([200, 503]).toContain(status);
    }
    await killConnections(app());
    const after = await Promise.all(Array.from({ length: 20 }, () => admin.send(ViewerDocument, {})));
    expect(after.slice(-5).map(({ code }) => code)).not.toContain('INTERNAL_SERVER_ERROR');
    expect((await admin.send(ViewerDocument, {})).code).toBe('OK');
  });

  test('that is away: every kind of request is told so, without a word of the reason, and it works when it is back', async () => {
    const { admin } = await app().cast();
    const restore = await refuseConnections(app());
    try {
      const answers = await Promise.all([
        admin.run('{ users { nodes { id } } }'),
        app()
          .anonymous()
          .send(SignInDocument, { input: { identifier: admin.email, password: PASSWORD } }),
        app().anonymous().run('mutation { refreshSession(input: { refreshToken: "ghr_x" }) { errors { code } } }'),
      ]);
      const [users, signIn] = answers;
      expect([users?.status, users?.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      expect([signIn?.status, signIn?.code]).toEqual([200, 'SERVICE_UNAVAILABLE']);
      for (const { errors } of answers) {
        for (const { message } of errors) expect(message).toBe('The server cannot answer now; try again.');
      }
    } finally {
      await restore();
    }
    expect((await admin.send(ViewerDocument, {})).code).toBe('OK');
  });

  test.each([
    ['the disk is full', '53100'],
    ['there is no memory', '53200'],
    ['the storage fails', '58030'],
    ['the server became a standby', '25006'],
  ])('because %s: the change is refused as SERVICE_UNAVAILABLE and nothing of it stays', async (_name, sqlState) => {
    const { admin } = await app().cast();
    const email = `lost-${sqlState}@failures.example`;
    const input = { email, displayName: 'Lost', groupIds: [MEMBERS_GROUP_ID] };
    const restore = await failInserts(app(), 'outbox_events', sqlState);
    const count = async (): Promise<unknown> =>
      app().database.query(
        `select (select count(*) from users) as users, (select count(*) from audit_events) as audit,
         (select count(*) from memberships) as memberships, (select count(*) from one_time_tokens) as tokens`,
      );
    const before = await count();
    try {
      const { code, errors, data } = await admin.send(CreateUserDocument, { input });
      expect(code).toBe('SERVICE_UNAVAILABLE');
      expect(errors[0]?.message).toBe('The server cannot answer now; try again.');
      expect(data?.createUser ?? null).toBeNull();
      expect(await count()).toEqual(before);
    } finally {
      await restore();
    }
    const again = await admin.send(CreateUserDocument, { input });
    expect(again.data.createUser?.user?.email).toBe(email);
  });

  test('is told to the operator once per request, with its id and without the values of rows', async () => {
    const { admin } = await app().cast();
    const restore = await failInserts(app(), 'outbox_events', '53100');
    app().log.length = 0;
    const email = 'operator-reads@failures.example';
    try {
      const { headers } = await admin
        .with({ 'x-request-id': 'full-disk-1' })
        .send(CreateUserDocument, { input: { email, displayName: 'Nobody', groupIds: [MEMBERS_GROUP_ID] } });
      expect(headers.get('x-request-id')).toBe('full-disk-1');
    } finally {
      await restore();
    }
    const reports = app().log.filter((line) => line.includes('request failed'));
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain('full-disk-1');
    expect(reports[0]).toContain('SERVICE_UNAVAILABLE');
    expect(reports[0]).not.toContain(email);
  });

  test('by a fault of the program is INTERNAL_SERVER_ERROR with the request’s id, and nothing else', async () => {
    const { admin } = await app().cast();
    const restore = await failInserts(app(), 'outbox_events', '42703');
    try {
      const { code, errors, headers } = await admin.send(CreateUserDocument, {
        input: { email: 'bug@failures.example', displayName: 'Bug', groupIds: [MEMBERS_GROUP_ID] },
      });
      expect(code).toBe('INTERNAL_SERVER_ERROR');
      expect(errors[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: headers.get('x-request-id') });
      expect(JSON.stringify(errors)).not.toContain('secret-path');
    } finally {
      await restore();
    }
  });

  test('keeps its process alive', () => {
    expect(app().log.filter((line) => line.includes('unhandled'))).toEqual([]);
  });
});

describe('a statement that takes too long', () => {
  test('is ended by the database and told as SERVICE_UNAVAILABLE', async () => {
    const app = await startTestApp();
    try {
      const { admin } = await app.cast();
      await app.database.query(
        `alter role current_user in database ${new URL(app.databaseUrl).pathname.slice(1)} set statement_timeout = '150ms'`,
      );
      await app.database.query(
        `create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(5); return new; end $$`,
      );
      await app.database.query(
        'create trigger slow before insert on outbox_events for each row execute function slow()',
      );
      await killConnections(app);
      await admin.send(ViewerDocument, {});
      const { code } = await admin.send(CreateUserDocument, {
        input: { email: 'slow@failures.example', displayName: 'Slow', groupIds: [MEMBERS_GROUP_ID] },
      });
      expect(code).toBe('SERVICE_UNAVAILABLE');
      const rows = await app.database.query(`select 1 from identifiers where value = 'slow@failures.example'`);
      expect(rows).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
