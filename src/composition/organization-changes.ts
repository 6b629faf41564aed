import type { OrganizationId } from '../ids.ts';
import type {
  AddOrganizationMembersInput,
  CreateOrganizationInput,
  DeleteOrganizationInput,
  MoveOrganizationInput,
  RemoveOrganizationMembersInput,
  UpdateOrganizationInput,
} from '../schema/organization-mutations.schema.ts';
import type { OrganizationMemberService } from '../services/organization-member.service.ts';
import type { OrganizationPlaceService } from '../services/organization-place.service.ts';
import type { OrganizationService } from '../services/organization.service.ts';
import { approved } from '../services/second-person.ts';
import { change, idsOf, ofMembers, ofNobody } from './access-change.ts';

export interface OrganizationParts {
  readonly organizations: OrganizationService;
  readonly organizationPlaces: OrganizationPlaceService;
  readonly organizationMembers: OrganizationMemberService;
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
    // Nothing new is handed out: the guard compares what holds at both places.
    carryOut: async (caller, input) => ({
      organization: await approved(() =>
        parts.organizationPlaces.move(caller, { ...input, parentId: input.parentId ?? null }),
      ),
    }),
  }),
  deleteOrganization: change<DeleteOrganizationInput>({
    affected: ofSubtree,
    permission: 'delete:organizations',
    versioned: 'organizations',
    carryOut: async (caller, input) => ({
      deletedOrganizationIds: await approved(() =>
        parts.organizationPlaces.delete(caller, { ...input, reason: input.reason ?? null }),
      ),
      organization: null,
    }),
  }),
  addOrganizationMembers: change<AddOrganizationMembersInput>({
    affected: ofMembers,
    carryOut: async (caller, input) => ({
      organization: await parts.organizationMembers.add(caller, { ...input, groupIds: input.groupIds ?? [] }),
    }),
  }),
  removeOrganizationMembers: change<RemoveOrganizationMembersInput>({
    affected: ofMembers,
    // Taking away needs no second person.
    carryOut: async (caller, input) => ({
      organization: await approved(() => parts.organizationMembers.remove(caller, input)),
    }),
  }),
});
