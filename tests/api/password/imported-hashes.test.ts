import { hash as bcrypt } from '@node-rs/bcrypt';
import { describe, expect, test } from 'vitest';
import { ChangePasswordDocument, SignInDocument } from '../../../generated/client/graphql.ts';
import type { UserId } from '../../../src/ids.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { FOREIGN, FOREIGN_PASSWORD } from '../../support/foreign-hashes.ts';
import { unique } from '../../support/holder.ts';
import { startTestApp, useTestApp } from '../../support/test-app.ts';

const app = useTestApp();

const stepOf = async (identifier: string, password: string, server = app()) =>
  (await server.anonymous().send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } })).data.signIn
    ?.step;

const secretOf = async (id: UserId): Promise<string> => {
  const rows = await app().database.query<{ secret: string }>(
    `select secret from credentials where user_id = $1 and type = 'PASSWORD'`,
    [id],
  );
  return rows[0]?.secret ?? '';
};

const personWith = async (secret: string): Promise<{ id: UserId; email: string }> => {
  const email = `${unique('import')}@hash.example`;
  const id = await makePerson(app(), { email });
  await app().database.query(`update credentials set secret = $2 where user_id = $1 and type = 'PASSWORD'`, [
    id,
    secret,
  ]);
  return { id, email };
};

describe('an account with the hash of another system', () => {
  test.each(FOREIGN)('$name signs in by its password and gets an argon2id hash', async ({ text }) => {
    const { id, email } = await personWith(text);
    expect(await stepOf(email, 'violet kiln by the harbou')).toBe('FAILED');
    expect(await secretOf(id)).toBe(text);
    expect(await stepOf(email, FOREIGN_PASSWORD)).toBe('COMPLETE');
    expect(await secretOf(id)).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/);
    expect(await stepOf(email, FOREIGN_PASSWORD)).toBe('COMPLETE');
    expect(await stepOf(email, 'violet kiln by the harbou')).toBe('FAILED');
  });

  test('may be one of twenty sign-ins at once; all succeed, and one hash is left', async () => {
    const { id, email } = await personWith(await bcrypt(FOREIGN_PASSWORD, 4));
    // In threes, since a try counts until it has succeeded.
    for (let round = 0; round < 7; round += 1) {
      const steps = await Promise.all(Array.from({ length: 3 }, () => stepOf(email, FOREIGN_PASSWORD)));
      expect(steps).toEqual(['COMPLETE', 'COMPLETE', 'COMPLETE']);
    }
    const rows = await app().database.query('select type from credentials where user_id = $1', [id]);
    expect(rows).toEqual([{ type: 'PASSWORD' }]);
    expect(await secretOf(id)).toMatch(/^\$argon2id\$/);
  });

  test('that nobody can read is locked out without an error, like a wrong password', async () => {
    for (const secret of [
      '',
      'plain text',
      '$2b$31$' + '.'.repeat(53),
      '$scrypt$ln=40,r=8,p=1$c2FsdHNhbHQ$' + 'A'.repeat(43),
    ]) {
      const { email } = await personWith(secret);
      expect(await stepOf(email, secret === '' ? 'anything at all' : secret)).toBe('FAILED');
    }
  });

  test('is refused its old password as a new one, though its hash is of the other system', async () => {
    const { id, email } = await personWith(await bcrypt(FOREIGN_PASSWORD, 4));
    const actor = await signIn(app(), email, FOREIGN_PASSWORD);
    const old = await bcrypt('an older harbour lantern', 4);
    await app().database.query(
      `insert into credentials (id, user_id, type, secret, created_at, updated_at)
       values (gen_random_uuid(), $1, 'PASSWORD_HISTORY', $2, now(), now())`,
      [id, old],
    );
    const { data } = await actor.send(ChangePasswordDocument, {
      input: { currentPassword: FOREIGN_PASSWORD, newPassword: 'an older harbour lantern' },
    });
    expect(data.changePassword).toMatchObject({ violations: ['HISTORY'], errors: [{ code: 'REUSED_PASSWORD' }] });
  });
});

describe('a hash', () => {
  test('of older parameters is renewed at sign-in, also with a pepper that is switched on and off again', async () => {
    const { id, email } = await personWith('');
    await app().database.query(`delete from credentials where user_id = $1`, [id]);
    const second = await personWith(await bcrypt(PASSWORD, 4));
    expect(await stepOf(email, PASSWORD)).toBe('FAILED');
    const peppered = await startTestApp({ beside: app(), settings: { 'passwords.pepper': 'true' } });
    try {
      expect(await stepOf(second.email, PASSWORD, peppered)).toBe('COMPLETE');
      expect(await secretOf(second.id)).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1,keyid=MQ\$/);
      expect(await stepOf(second.email, PASSWORD)).toBe('COMPLETE');
      expect(await secretOf(second.id)).not.toContain('keyid');
    } finally {
      await peppered.close();
    }
  });
});
