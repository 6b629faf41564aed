import type { OrganizationId } from '../ids.ts';
import type {
  AddOrganizationMembersInput,
  CreateOrganizationInput,
  DeleteOrganizationInput,
  MoveOrganizationInput,
  RemoveOrganizationMembersInput,
  UpdateOrganizationInput,
} from '../schema/organization-mutations.schema.ts';
import type { InviteToOrganizationInput } from '../schema/invitation-mutations.schema.ts';
import type { OrganizationInvitationService } from '../services/organization-invitation.service.ts';
import type { OrganizationMemberService } from '../services/organization-member.service.ts';
import type { OrganizationPlaceService } from '../services/organization-place.service.ts';
import type { OrganizationService } from '../services/organization.service.ts';
import { change, idsOf, ofMembers, ofNobody } from './access-change.ts';

export interface OrganizationParts {
  readonly organizations: OrganizationService;
  readonly organizationPlaces: OrganizationPlaceService;
  readonly organizationMembers: OrganizationMemberService;
  readonly organizationInvitations: OrganizationInvitationService;
}

/** Whoever is a member there or below. */
const ofSubtree = ({ id }: { readonly id: string }) => ({ organizations: idsOf<OrganizationId>([id]) });

/** Changes of the organization tree and its members. */
export const ofOrganizationMutations = (parts: OrganizationParts) => ({
  createOrganization: change<CreateOrganizationInput>({
    affected: ofNobody,
    carryOut: async (caller, { parentId, name, level, groupIds, idempotencyKey }) => ({
      organization: await parts.organizations.create(caller, {
        parentId: parentId ?? null,
        name,
        level: level ?? null,
        groupIds: groupIds ?? [],
        idempotencyKey: idempotencyKey ?? null,
      }),
    }),
  }),
  updateOrganization: change<UpdateOrganizationInput>({
    affected: ofSubtree,
    versioned: 'organizations',
    carryOut: async (caller, input) => ({ organization: await parts.organizations.update(caller, input) }),
  }),
  moveOrganization: change<MoveOrganizationInput>({
    affected: ofSubtree,
    versioned: 'organizations',
    carryOut: async (caller, { id, parentId, expectedVersion }) => ({
      organization: await parts.organizationPlaces.move(caller, { id, parentId, expectedVersion }),
    }),
  }),
  deleteOrganization: change<DeleteOrganizationInput>({
    affected: ofSubtree,
    permission: 'delete:organizations',
    versioned: 'organizations',
    carryOut: async (caller, { id, reason, expectedVersion }) => ({
      deletedOrganizationIds: await parts.organizationPlaces.delete(caller, {
        id,
        reason: reason ?? null,
        expectedVersion,
      }),
      organization: null,
    }),
  }),
  addOrganizationMembers: change<AddOrganizationMembersInput>({
    affected: ofMembers,
    carryOut: async (caller, { organizationId, userIds, groupIds }) => ({
      organization: await parts.organizationMembers.add(caller, { organizationId, userIds, groupIds: groupIds ?? [] }),
    }),
  }),
  inviteToOrganization: change<InviteToOrganizationInput>({
    // Nobody gains anything before they accept.
    affected: ofNobody,
    carryOut: (caller, input) => parts.organizationInvitations.invite(caller, input),
  }),
  removeOrganizationMembers: change<RemoveOrganizationMembersInput>({
    affected: ofMembers,
    carryOut: async (caller, input) => ({ organization: await parts.organizationMembers.remove(caller, input) }),
  }),
});
