import { describe, expect, test } from 'vitest';
import {
  ChangePasswordDocument,
  CompletePasskeySignInDocument,
  SignInDocument,
} from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a sign-in that is under way when its proof is taken away', () => {
  const app = useTestApp();

  test('by a password that is changed meanwhile begins no session', async () => {
    const email = `${unique('race')}@example.com`;
    const userId = await makePerson(app(), { email });
    const owner = await signIn(app(), email);
    const openSessions = async () =>
      app().database.query('select id from sessions where user_id = $1 and ended_at is null', [userId]);
    for (let round = 0; round < 6; round += 1) {
      const [present, next] = round % 2 === 0 ? [PASSWORD, NEXT] : [NEXT, PASSWORD];
      await app().database.query(`delete from credentials where type = 'PASSWORD_HISTORY'`);
      let done = false;
      const change = owner
        .send(ChangePasswordDocument, { input: { currentPassword: present, newPassword: next } })
        .finally(() => (done = true));
      const thief: Promise<unknown>[] = [];
      while (!done) {
        thief.push(
          app()
            .anonymous()
            .send(SignInDocument, { input: { identifier: email, password: present, delivery: 'BODY' } }),
        );
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      expect((await change).data.changePassword?.errors).toEqual([]);
      await Promise.all(thief);
      expect(await openSessions()).toHaveLength(1);
      await app().database.query('update users set failed_sign_in_count = 0, locked_until = null where id = $1', [userId]);
    }
  });
});

const NEXT = 'another long enough secret';
void CompletePasskeySignInDocument;
