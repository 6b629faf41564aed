import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Clock } from '../clock.ts';
import { type Context, loadersOf } from '../context.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import {
  AcceptInvitationInput,
  AcceptInvitationPayload,
  InviteToOrganizationInput,
  InviteToOrganizationPayload,
  RevokeInvitationInput,
  RevokeInvitationPayload,
} from '../schema/invitation-mutations.schema.ts';
import { InvitationConnectionType, OrganizationInvitationArgs } from '../schema/invitation.schema.ts';
import { OrganizationType } from '../schema/organization.schema.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import { demandThere } from '../services/demand-there.ts';
import type { InvitationAcceptance } from '../services/invitation-acceptance.service.ts';
import type { InvitationRevocationService } from '../services/invitation-revocation.service.ts';
import { accessOutcome, outcome } from './outcome.ts';
import { clientOf, FAILED, secretOf, signInAnswer } from './sign-in-answer.ts';

interface Parts {
  readonly accessChanges: AccessChanges;
  readonly invitationAcceptance: InvitationAcceptance;
  readonly invitationRevocation: InvitationRevocationService;
  readonly clock: Clock;
}

@Resolver(() => OrganizationType)
export class OrganizationInvitationResolver {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  @Mutation(() => InviteToOrganizationPayload, {
    nullable: true,
    description: 'Invites an address, known or not, into an organization.',
  })
  inviteToOrganization(
    @Arg('input', () => InviteToOrganizationInput, { description: 'Input of inviteToOrganization.' })
    input: InviteToOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ invitation: null, inviteEmail: null, setupLink: null }, () =>
      this.#parts.accessChanges.run(signedInCaller(caller), 'inviteToOrganization', input),
    );
  }

  @Mutation(() => AcceptInvitationPayload, { nullable: true, description: 'Accepts an invitation and signs in.' })
  acceptInvitation(
    @Arg('input', () => AcceptInvitationInput, { description: 'Input of acceptInvitation.' })
    input: AcceptInvitationInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ ...FAILED, organization: null, violations: [] }, async () => {
      const { outcome: result, organization } = await this.#parts.invitationAcceptance.accept(context.caller, {
        token: input.token,
        password: secretOf(input.password),
        displayName: input.displayName ?? null,
        delivery: input.delivery,
        client: clientOf(context, input.client),
      });
      return { ...signInAnswer(context, result), organization, violations: [] };
    });
  }

  @Mutation(() => RevokeInvitationPayload, { nullable: true, description: 'Takes an invitation back.' })
  revokeInvitation(
    @Arg('input', () => RevokeInvitationInput, { description: 'Input of revokeInvitation.' })
    { id }: RevokeInvitationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ invitation: null }, async () => ({
      invitation: await this.#parts.invitationRevocation.revoke(signedInCaller(caller), id),
    }));
  }

  @FieldResolver(() => InvitationConnectionType, { nullable: true, description: 'Invitations into it, newest first.' })
  async invitations(
    @Root() { id, lineage }: OrganizationView,
    @Args(() => OrganizationInvitationArgs) args: OrganizationInvitationArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    demandThere(context.caller, 'view:organizations', { lineage }, this.#parts.clock.now());
    return loadersOf(context).invitationsOfOrganization(args).load(id);
  }
}
