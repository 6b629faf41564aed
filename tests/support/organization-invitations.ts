import {
  AcceptInvitationDocument,
  type AcceptInvitationInput,
  InviteToOrganizationDocument,
  type InviteToOrganizationInput,
  RevokeInvitationDocument,
  TokenStatusDocument,
} from '../../generated/client/graphql.ts';
import type { OrganizationId } from '../../src/ids.ts';
import { type Actor, type Cast, makeGroup } from './cast.ts';
import { unique } from './holder.ts';
import { linkTokenOf } from './messages.ts';
import { makeOrganization, problemsOf } from './organizations.ts';
import type { TestApp } from './test-app.ts';

/** What tests of invitations into organizations do, over HTTP. */
export const invitationsOf = (app: () => TestApp, cast: () => Cast) => {
  const invite = async (actor: Actor, input: InviteToOrganizationInput) => {
    const answer = await actor.send(InviteToOrganizationDocument, { input });
    const payload = answer.data?.inviteToOrganization;
    return { ...answer, payload, invitation: payload?.invitation ?? null, problems: problemsOf(payload?.errors) };
  };
  const accept = async (input: Omit<AcceptInvitationInput, 'delivery'>) => {
    const answer = await app()
      .anonymous()
      .send(AcceptInvitationDocument, { input: { ...input, delivery: 'BODY' } });
    const payload = answer.data?.acceptInvitation;
    return { ...answer, payload, problems: problemsOf(payload?.errors) };
  };
  const revoke = async (actor: Actor, id: string) => {
    const answer = await actor.send(RevokeInvitationDocument, { input: { id } });
    const payload = answer.data?.revokeInvitation;
    return { ...answer, invitation: payload?.invitation ?? null, problems: problemsOf(payload?.errors) };
  };
  const tokenFor = (email: string) => linkTokenOf(app(), email, 'organization-invite');
  const statusOf = async (token: string) =>
    (await app().anonymous().send(TokenStatusDocument, { token })).data?.tokenStatus;
  const address = () => `${unique('invitee')}@example.com`;
  const group = () => makeGroup(app(), unique('Group'), ['view:users'], 'LISTED');

  /** Invites somebody by the administrator; gives the token of the mail. */
  const invited = async (facts: { email?: string; organizationId?: OrganizationId; groupId?: string } = {}) => {
    const email = facts.email ?? address();
    const organizationId = facts.organizationId ?? (await makeOrganization(app()));
    const groupId = facts.groupId ?? (await group());
    const { invitation } = await invite(cast().admin, { organizationId, email, groupIds: [groupId] });
    if (invitation === null) throw new Error('Nobody was invited.');
    return { email, organizationId, groupId, id: invitation.id, token: await tokenFor(email) };
  };
  const membershipOf = async (email: string, organizationId: OrganizationId) => {
    const rows = await app().database.query<{ group_id: string | null }>(
      `select m.group_id from organization_members om join users u on u.id = om.user_id
         left join memberships m on m.user_id = om.user_id and m.organization_id = om.organization_id
       where u.email = $1 and om.organization_id = $2`,
      [email, organizationId],
    );
    return rows.map((row) => row.group_id);
  };

  return { invite, accept, revoke, tokenFor, statusOf, address, group, invited, membershipOf };
};
