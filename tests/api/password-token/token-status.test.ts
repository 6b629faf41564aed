import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  DisableUsersDocument,
  RequestPasswordResetDocument,
  ResendInviteDocument,
  SetPasswordWithTokenDocument,
  TokenStatusDocument,
} from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import { MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makePerson } from '../../support/cast.ts';
import { recording, signInState } from '../../support/records.ts';
import { linkTokenOf } from '../../support/messages.ts';
import { useTestApp } from '../../support/test-app.ts';

const UNKNOWN = { state: 'USED', kind: null, maskedEmail: null, passwordNeeded: null };

describe('tokenStatus', () => {
  const app = useTestApp();
  const statusOf = async (token: string) => {
    const answer = await app().anonymous().send(TokenStatusDocument, { token });
    expect(answer.errors).toEqual([]);
    return answer.data.tokenStatus;
  };
  const hashOf = (link: string | null | undefined): string => new URL(link ?? '').hash.replace('#token=', '');
  const invite = async (contact: { email: string } | { username: string }) => {
    const { admin } = await app().cast();
    const { data } = await admin.send(CreateUserDocument, {
      input: { displayName: 'Invited', groupIds: [MEMBERS_GROUP_ID], ...contact },
    });
    const { user, setupLink } = data.createUser ?? {};
    const token = 'email' in contact ? await linkTokenOf(app(), contact.email, 'invite') : hashOf(setupLink);
    return { admin, id: user?.id ?? '', token };
  };

  test('tells that an invitation is good, with the address mostly hidden, and does not consume it', async () => {
    const { token } = await invite({ email: 'ada@status.example' });
    const before = await signInState(app());
    const [answers, records] = await recording(app(), () =>
      Promise.all(Array.from({ length: 20 }, () => statusOf(token))),
    );
    for (const answer of answers) {
      expect(answer).toEqual({
        state: 'VALID',
        kind: 'INVITE',
        maskedEmail: 'a**@status.example',
        passwordNeeded: true,
      });
    }
    expect(records).toEqual({ audit: [], events: [] });
    expect(await signInState(app())).toEqual(before);
    const { data } = await app()
      .anonymous()
      .send(SetPasswordWithTokenDocument, { input: { token, newPassword: 'violet harbour lantern seven' } });
    expect(data.setPasswordWithToken?.errors).toEqual([]);
    expect(await statusOf(token)).toEqual(UNKNOWN);
  });

  test('tells that an invitation is past its seven days', async () => {
    const { token } = await invite({ email: 'late@status.example' });
    app().clock.advance(7 * 86_400);
    expect(await statusOf(token)).toMatchObject({ state: 'EXPIRED', kind: 'INVITE' });
  });

  test('has no address to show for an account without one', async () => {
    const { token } = await invite({ username: 'nomail' });
    expect(await statusOf(token)).toEqual({ state: 'VALID', kind: 'INVITE', maskedEmail: null, passwordNeeded: true });
  });

  test('says of a replaced link, and of one whose account was disabled, what it says of an unknown one', async () => {
    const { admin, id, token } = await invite({ email: 'replaced@status.example' });
    app().clock.advance(61);
    await admin.send(ResendInviteDocument, { input: { userId: id } });
    expect(await statusOf(token)).toEqual(UNKNOWN);
    const other = await invite({ email: 'disabled@status.example' });
    await admin.send(DisableUsersDocument, { input: { ids: [other.id], reason: 'mistake' } });
    expect(await statusOf(other.token)).toEqual(UNKNOWN);
  });

  test('tells that a reset link is good, then past its hour, then used, without consuming it', async () => {
    const email = 'grace@status.example';
    await makePerson(app(), { email });
    const ask = async () => {
      await app().anonymous().send(RequestPasswordResetDocument, { input: { email } });
      return linkTokenOf(app(), email, 'reset');
    };
    const token = await ask();
    const good = { state: 'VALID', kind: 'RESET', maskedEmail: 'g**@status.example', passwordNeeded: true };
    expect(await statusOf(token)).toEqual(good);
    expect(await statusOf(token)).toEqual(good);
    app().clock.advance(3600 - 1);
    expect(await statusOf(token)).toEqual(good);
    app().clock.advance(1);
    expect(await statusOf(token)).toEqual({ ...good, state: 'EXPIRED' });
    const newer = await ask();
    const input = { token: newer, newPassword: 'violet harbour lantern seven' };
    await app().anonymous().send(SetPasswordWithTokenDocument, { input });
    expect([await statusOf(newer), await statusOf(token)]).toEqual([UNKNOWN, UNKNOWN]);
  });

  test.each<[string, string]>([
    ['never issued', createToken('invite').token.reveal()],
    ['of another kind', createToken('setup').token.reveal()],
    ['a refresh token', createToken('refresh').token.reveal()],
    ['empty', ''],
    ['rubbish with a NUL', 'ghi_\0'],
    ['100,000 characters long', 'g'.repeat(100_000)],
  ])('looks the same for a token that is %s', async (_what, token) => {
    expect(await statusOf(token)).toEqual(UNKNOWN);
  });

  test('looks the same for a right selector with another secret', async () => {
    const { token } = await invite({ email: 'selector@status.example' });
    const other = createToken('invite').token.reveal();
    expect(await statusOf(`${token.slice(0, 17)}${other.slice(17)}`)).toEqual(UNKNOWN);
    expect(await statusOf(token)).toMatchObject({ state: 'VALID' });
  });
});
