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
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import { accessOutcome } from './outcome.ts';

@Resolver()
export class OrganizationMutationResolver {
  readonly #changes: AccessChanges;

  constructor(parts: { accessChanges: AccessChanges }) {
    this.#changes = parts.accessChanges;
  }

  @Mutation(() => CreateOrganizationPayload, { nullable: true, description: 'Makes an organization.' })
  createOrganization(
    @Arg('input', () => CreateOrganizationInput, { description: 'Input of createOrganization.' })
    input: CreateOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ organization: null }, () =>
      this.#changes.run(signedInCaller(caller), 'createOrganization', input),
    );
  }

  @Mutation(() => UpdateOrganizationPayload, { nullable: true, description: 'Changes name, level or groups.' })
  updateOrganization(
    @Arg('input', () => UpdateOrganizationInput, { description: 'Input of updateOrganization.' })
    input: UpdateOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ organization: null }, () =>
      this.#changes.run(signedInCaller(caller), 'updateOrganization', input),
    );
  }

  @Mutation(() => MoveOrganizationPayload, { nullable: true, description: 'Moves an organization with all below.' })
  moveOrganization(
    @Arg('input', () => MoveOrganizationInput, { description: 'Input of moveOrganization.' })
    input: MoveOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ organization: null }, () =>
      this.#changes.run(signedInCaller(caller), 'moveOrganization', input),
    );
  }

  @Mutation(() => DeleteOrganizationPayload, { nullable: true, description: 'Deletes an organization with all below.' })
  deleteOrganization(
    @Arg('input', () => DeleteOrganizationInput, { description: 'Input of deleteOrganization.' })
    input: DeleteOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ deletedOrganizationIds: [], organization: null }, () =>
      this.#changes.run(signedInCaller(caller), 'deleteOrganization', input),
    );
  }

  @Mutation(() => AddOrganizationMembersPayload, { nullable: true, description: 'Adds members.' })
  addOrganizationMembers(
    @Arg('input', () => AddOrganizationMembersInput, { description: 'Input of addOrganizationMembers.' })
    input: AddOrganizationMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ organization: null }, () =>
      this.#changes.run(signedInCaller(caller), 'addOrganizationMembers', input),
    );
  }

  @Mutation(() => RemoveOrganizationMembersPayload, { nullable: true, description: 'Removes members.' })
  removeOrganizationMembers(
    @Arg('input', () => RemoveOrganizationMembersInput, { description: 'Input of removeOrganizationMembers.' })
    input: RemoveOrganizationMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ organization: null }, () =>
      this.#changes.run(signedInCaller(caller), 'removeOrganizationMembers', input),
    );
  }
}
