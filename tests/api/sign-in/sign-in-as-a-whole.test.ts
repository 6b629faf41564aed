import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConfirmIdentityDocument, SignInDocument } from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { recording, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

const LOG = ['audit_events', 'audit_personal_values', 'outbox_events'] as const;

describe('a sign-in happens as a whole or not at all', () => {
  const app = useTestApp();
  const attempt = (identifier: string, password = PASSWORD) =>
    app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } });
  const breakTable = async (table: string): Promise<void> => {
    await app().database.query(`create or replace function refuse_row() returns trigger language plpgsql as
      $$ begin raise exception 'the log is broken'; end $$`);
    await app().database.query(
      `create trigger broken before insert on ${table} for each row execute function refuse_row()`,
    );
  };
  const mend = async (): Promise<void> => {
    for (const table of LOG) await app().database.query(`drop trigger if exists broken on ${table}`);
  };
  /** Runs `change` after the password was compared and before anything is written. */
  const meanwhile = (change: () => Promise<unknown>): void => {
    const { hasher } = app().services;
    const verify = hasher.verify.bind(hasher);
    vi.spyOn(hasher, 'verify').mockImplementationOnce(async (hash, password) => {
      const matches = await verify(hash, password);
      await change();
      return matches;
    });
  };
  afterEach(async () => {
    vi.restoreAllMocks();
    await mend();
  });

  test.each(LOG)('nothing of it remains when %s cannot be written', async (table) => {
    const email = `${table}@whole.example`;
    const id = await makePerson(app(), { email });
    await breakTable(table);
    const { answer, changed } = await changing(app(), () => attempt(email));
    expect([answer.data.signIn, answer.code]).toEqual([null, 'INTERNAL_SERVER_ERROR']);
    expect(JSON.stringify(answer.errors)).not.toContain('the log is broken');
    // The try itself was counted before the password was looked at.
    expect(changed).toEqual(['users']);
    const [user] = await app().database.query<Record<string, unknown>>(
      'select failed_sign_in_count, last_sign_in_at from users where id = $1',
      [id],
    );
    expect(user).toEqual({ failed_sign_in_count: 1, last_sign_in_at: null });
    await mend();
    expect((await attempt(email)).data.signIn?.step).toBe('COMPLETE');
  });

  test.each([
    ['disabled', `update users set status = 'DISABLED' where id = $1`],
    ['locked by an administrator', `update users set locked_until = 'infinity', status_reason = 'x' where id = $1`],
    ['deleted', 'delete from users where id = $1'],
  ])('an account that is %s while its password is compared gets no session', async (what, change) => {
    const email = `${what.split(' ', 1)[0]}@whole.example`;
    const id = await makePerson(app(), { email });
    meanwhile(() => app().database.query(change, [id]));
    const [answer, { audit, events }] = await recording(app(), () => attempt(email));
    expect(answer.data.signIn).toMatchObject({ step: 'FAILED', user: null, tokens: null });
    expect(answer.data.signIn?.errors.map(({ code }) => code)).toEqual(['INVALID_CREDENTIALS']);
    expect(await app().database.query('select id from sessions where user_id = $1', [id])).toEqual([]);
    expect(audit.filter(({ result }) => result === 'SUCCESS')).toEqual([]);
    expect(events).toEqual([]);
  });

  test('does not put an old hash back when the password is changed while it is compared', async () => {
    const email = 'rehash@whole.example';
    const id = await makePerson(app(), { email });
    const secretOf = async () =>
      (await app().database.query<{ secret: string }>('select secret from credentials where user_id = $1', [id]))[0]
        ?.secret;
    const stored = await secretOf();
    vi.spyOn(app().services.hasher, 'needsRehash').mockReturnValue(true);
    meanwhile(() => app().database.query(`update credentials set secret = 'newer' where user_id = $1`, [id]));
    expect((await attempt(email)).data.signIn?.step).toBe('COMPLETE');
    expect(await secretOf()).toBe('newer');
    await app().database.query('update credentials set secret = $2 where user_id = $1', [id, stored]);
    expect((await attempt(email)).data.signIn?.step).toBe('COMPLETE');
    expect(await secretOf()).not.toBe(stored);
  });

  test('a confirmation of identity, too', async () => {
    const id = await makePerson(app(), { email: 'confirm@whole.example' });
    const actor = await signIn(app(), 'confirm@whole.example');
    const input = { password: PASSWORD };
    await breakTable('audit_events');
    const { answer, changed } = await changing(app(), () => actor.send(ConfirmIdentityDocument, { input }));
    expect(answer.code).toBe('INTERNAL_SERVER_ERROR');
    expect(changed).toEqual([]);
    // The try itself stands: it was counted before the password was compared.
    const tries = await app().database.query('select failed_sign_in_count as count from devices where user_id = $1', [
      id,
    ]);
    expect(tries).toEqual([{ count: 1 }]);
    await mend();
    // Who is calling, the try, and everything else.
    expect(await statementsOf(app(), () => actor.send(ConfirmIdentityDocument, { input }))).toBe(3);
  });
});
