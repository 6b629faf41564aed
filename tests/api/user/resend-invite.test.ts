import { describe, expect, test } from 'vitest';
import {
  CreateUserDocument,
  ResendInviteDocument,
  SetPasswordWithTokenDocument,
  TokenStatusDocument,
} from '../../../generated/client/graphql.ts';
import { newId, type UserId } from '../../../src/ids.ts';
import { IMPERSONATORS_GROUP_ID, MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, raiseToAal2 } from '../../support/cast.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const tokenOf = (link: string | null | undefined): string => link?.split('#token=')[1] ?? '';

describe('resendInvite where no mail is configured', () => {
  const app = useTestApp({ settings: { 'mail.transport': 'none' } });
  const cast = useCast(app);
  const resend = (actor: Actor, userId: string) => actor.send(ResendInviteDocument, { input: { userId } });
  const state = async (token: string) =>
    (await app().anonymous().send(TokenStatusDocument, { token })).data.tokenStatus?.state;
  const invite = async (groupIds: readonly string[] = [MEMBERS_GROUP_ID]) => {
    const input = { email: `${unique('invited')}@example.com`, displayName: 'I', groupIds: [...groupIds] };
    const payload = (await cast().admin.send(CreateUserDocument, { input })).data.createUser;
    return { id: payload?.user?.id ?? '', token: tokenOf(payload?.setupLink) };
  };

  test('makes a new link that works, and the older one dies', async () => {
    const { id, token } = await invite();
    const { answer, audit, events } = await recording(app(), () => resend(cast().admin, id));
    const payload = answer.data.resendInvite;
    expect(payload).toMatchObject({
      errors: [],
      user: { id, status: 'INVITED' },
      invitation: { state: 'PENDING', previous: { state: 'SUPERSEDED' } },
      inviteEmail: { state: 'NOT_CONFIGURED' },
      retryAfterSeconds: null,
    });
    const fresh = tokenOf(payload?.setupLink);
    expect(await state(token)).toBe('USED');
    expect(await state(fresh)).toBe('VALID');
    expect(audit).toMatchObject([
      { action: 'invitation.resent', actor: { id: cast().admin.id }, target: { type: 'User', id } },
    ]);
    expect(JSON.stringify([audit, events])).not.toContain(fresh);
  });

  test('leaves one working link of five made at once', async () => {
    const { id } = await invite();
    const answers = await inParallel(5, () => resend(cast().admin, id));
    const states = await Promise.all(answers.map(({ data }) => state(tokenOf(data.resendInvite?.setupLink))));
    expect(states.map(String).toSorted()).toEqual(['USED', 'USED', 'USED', 'USED', 'VALID']);
  });

  test('is for pending invitations only', async () => {
    const { id, token } = await invite();
    const input = { token, newPassword: 'seven green umbrellas', delivery: 'BODY' as const };
    await app().anonymous().send(SetPasswordWithTokenDocument, { input });
    for (const accepted of [id, cast().member.id]) {
      const { answer, changed } = await changing(app(), () => resend(cast().admin, accepted));
      expect(answer.data.resendInvite).toMatchObject({
        setupLink: null,
        errors: [{ code: 'INVITATION_NOT_PENDING', field: ['userId'] }],
      });
      expect(changed).toEqual([]);
    }
  });

  test('hands nobody the account of somebody who will hold protected permissions without two factors', async () => {
    const actor = await holderOf(app(), ['admin:*', 'grant-protected:groups', 'impersonate:users']);
    const { id } = await invite([IMPERSONATORS_GROUP_ID]);
    const { answer, changed } = await changing(app(), () => resend(actor, id));
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'STEP_UP_REQUIRED' });
    expect(changed).toEqual([]);
    await raiseToAal2(app(), actor);
    expect((await resend(actor, id)).data.resendInvite?.errors).toEqual([]);
  });

  test('hands nobody the account of somebody who will hold more', async () => {
    const creator = await holderOf(app(), ['create:users', 'view:users']);
    const administrator = await holderOf(app(), ['admin:*']);
    const [boss, guarded] = [await invite([SUPPORT_GROUP_ID]), await invite([IMPERSONATORS_GROUP_ID])];
    for (const [actor, target] of [
      [creator, boss],
      [creator, guarded],
      [administrator, guarded],
    ] as const) {
      const { answer, changed } = await changing(app(), () => resend(actor, target.id));
      expect(answer.data.resendInvite).toMatchObject({
        setupLink: null,
        errors: [{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['userId'], targetId: target.id }],
      });
      expect(changed).toEqual([]);
      expect(await state(target.token)).toBe('VALID');
    }
    expect((await resend(administrator, boss.id)).data.resendInvite?.errors).toEqual([]);
  });

  test('answers the same for hidden, unknown and malformed ids', async () => {
    const blind = await holderOf(app(), ['create:users']);
    for (const id of [(await invite()).id, newId<UserId>(), 'nonsense']) {
      const { answer, changed } = await changing(app(), () => resend(blind, id));
      expect(answer.data.resendInvite).toMatchObject({
        user: null,
        errors: [{ code: 'TARGET_NOT_FOUND', field: ['userId'], targetId: id }],
      });
      expect(changed).toEqual([]);
    }
  });

  test('is refused without create:users', async () => {
    const { id, token } = await invite();
    const { errors } = await resend(cast().support, id);
    expect(errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['create:users'] });
    expect(await state(token)).toBe('VALID');
  });
});
