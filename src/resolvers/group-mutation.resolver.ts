import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  AddGroupMembersInput,
  AddGroupMembersPayload,
  CreateGroupInput,
  CreateGroupPayload,
  DeleteGroupInput,
  DeleteGroupPayload,
  RemoveGroupMembersInput,
  RemoveGroupMembersPayload,
  SetGroupPermissionsInput,
  SetGroupPermissionsPayload,
  UpdateGroupInput,
  UpdateGroupPayload,
} from '../schema/group-mutations.schema.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import { accessOutcome } from './outcome.ts';

@Resolver()
export class GroupMutationResolver {
  readonly #changes: AccessChanges;

  constructor(parts: { accessChanges: AccessChanges }) {
    this.#changes = parts.accessChanges;
  }

  @Mutation(() => CreateGroupPayload, { nullable: true, description: 'Makes a group, with grants `grant:groups`.' })
  createGroup(
    @Arg('input', () => CreateGroupInput, { description: 'Input of createGroup.' }) input: CreateGroupInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ group: null }, () => this.#changes.run(signedInCaller(caller), 'createGroup', input));
  }

  @Mutation(() => UpdateGroupPayload, { nullable: true, description: 'Changes name, description or reach.' })
  updateGroup(
    @Arg('input', () => UpdateGroupInput, { description: 'Input of updateGroup.' }) input: UpdateGroupInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ group: null }, () => this.#changes.run(signedInCaller(caller), 'updateGroup', input));
  }

  @Mutation(() => SetGroupPermissionsPayload, {
    nullable: true,
    description: 'Replaces the grants of a group; protected ones need `grant-protected:groups`.',
  })
  setGroupPermissions(
    @Arg('input', () => SetGroupPermissionsInput, { description: 'Input of setGroupPermissions.' })
    input: SetGroupPermissionsInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ group: null }, () =>
      this.#changes.run(signedInCaller(caller), 'setGroupPermissions', input),
    );
  }

  @Mutation(() => DeleteGroupPayload, { nullable: true, description: 'Deletes a group.' })
  deleteGroup(
    @Arg('input', () => DeleteGroupInput, { description: 'Input of deleteGroup.' }) input: DeleteGroupInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ deletedGroupId: null, group: null }, () =>
      this.#changes.run(signedInCaller(caller), 'deleteGroup', input),
    );
  }

  @Mutation(() => AddGroupMembersPayload, {
    nullable: true,
    description: 'Adds members; into groups with protected grants needs `grant-protected:groups`.',
  })
  addGroupMembers(
    @Arg('input', () => AddGroupMembersInput, { description: 'Input of addGroupMembers.' }) input: AddGroupMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ group: null }, () => this.#changes.run(signedInCaller(caller), 'addGroupMembers', input));
  }

  @Mutation(() => RemoveGroupMembersPayload, { nullable: true, description: 'Removes members.' })
  removeGroupMembers(
    @Arg('input', () => RemoveGroupMembersInput, { description: 'Input of removeGroupMembers.' })
    input: RemoveGroupMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ group: null }, () => this.#changes.run(signedInCaller(caller), 'removeGroupMembers', input));
  }
}
