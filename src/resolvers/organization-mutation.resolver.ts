import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  AddOrganizationMembersInput,
  AddOrganizationMembersPayload,
  CreateOrganizationInput,
  CreateOrganizationPayload,
  DeleteOrganizationInput,
  DeleteOrganizationPayload,
  MoveOrganizationInput,
  MoveOrganizationPayload,
  RemoveOrganizationMembersInput,
  RemoveOrganizationMembersPayload,
  UpdateOrganizationInput,
  UpdateOrganizationPayload,
} from '../schema/organization-mutations.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { OrganizationMemberService } from '../services/organization-member.service.ts';
import type { OrganizationPlaceService } from '../services/organization-place.service.ts';
import type { OrganizationService } from '../services/organization.service.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class OrganizationMutationResolver {
  readonly #organizations: OrganizationService;
  readonly #places: OrganizationPlaceService;
  readonly #members: OrganizationMemberService;

  constructor(parts: {
    organizations: OrganizationService;
    organizationPlaces: OrganizationPlaceService;
    organizationMembers: OrganizationMemberService;
  }) {
    this.#organizations = parts.organizations;
    this.#places = parts.organizationPlaces;
    this.#members = parts.organizationMembers;
  }

  @Mutation(() => CreateOrganizationPayload, { nullable: true, description: 'Makes an organization.' })
  createOrganization(
    @Arg('input', () => CreateOrganizationInput, { description: 'Input of createOrganization.' })
    input: CreateOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ organization: null }, async () => ({
      organization: await this.#organizations.create(signedInCaller(caller), {
        parentId: input.parentId ?? null,
        name: input.name,
        level: input.level ?? null,
        groupIds: input.groupIds ?? [],
        idempotencyKey: input.idempotencyKey ?? null,
      }),
    }));
  }

  @Mutation(() => UpdateOrganizationPayload, { nullable: true, description: 'Changes name, level or groups.' })
  updateOrganization(
    @Arg('input', () => UpdateOrganizationInput, { description: 'Input of updateOrganization.' })
    input: UpdateOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ organization: null }, async () => ({
      organization: await this.#organizations.update(signedInCaller(caller), input),
    }));
  }

  @Mutation(() => MoveOrganizationPayload, { nullable: true, description: 'Moves an organization with all below.' })
  moveOrganization(
    @Arg('input', () => MoveOrganizationInput, { description: 'Input of moveOrganization.' })
    input: MoveOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ organization: null }, async () => ({
      organization: await this.#places.move(signedInCaller(caller), { ...input, parentId: input.parentId ?? null }),
    }));
  }

  @Mutation(() => DeleteOrganizationPayload, { nullable: true, description: 'Deletes an organization with all below.' })
  deleteOrganization(
    @Arg('input', () => DeleteOrganizationInput, { description: 'Input of deleteOrganization.' })
    input: DeleteOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ deletedOrganizationIds: [], organization: null }, async () => ({
      deletedOrganizationIds: await this.#places.delete(signedInCaller(caller), {
        ...input,
        reason: input.reason ?? null,
      }),
      organization: null,
    }));
  }

  @Mutation(() => AddOrganizationMembersPayload, { nullable: true, description: 'Adds members.' })
  addOrganizationMembers(
    @Arg('input', () => AddOrganizationMembersInput, { description: 'Input of addOrganizationMembers.' })
    input: AddOrganizationMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ organization: null }, async () => ({
      organization: await this.#members.add(signedInCaller(caller), { ...input, groupIds: input.groupIds ?? [] }),
    }));
  }

  @Mutation(() => RemoveOrganizationMembersPayload, { nullable: true, description: 'Removes members.' })
  removeOrganizationMembers(
    @Arg('input', () => RemoveOrganizationMembersInput, { description: 'Input of removeOrganizationMembers.' })
    input: RemoveOrganizationMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ organization: null }, async () => ({
      organization: await this.#members.remove(signedInCaller(caller), input),
    }));
  }
}
