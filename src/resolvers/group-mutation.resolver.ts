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
} from '../schema/group.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { GroupMemberService } from '../services/group-member.service.ts';
import type { GroupService } from '../services/group.service.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class GroupMutationResolver {
  readonly #groups: GroupService;
  readonly #members: GroupMemberService;

  constructor(parts: { groups: GroupService; members: GroupMemberService }) {
    this.#groups = parts.groups;
    this.#members = parts.members;
  }

  @Mutation(() => CreateGroupPayload, { nullable: true, description: 'Makes a group, with grants `grant:groups`.' })
  createGroup(
    @Arg('input', () => CreateGroupInput, { description: 'Input of createGroup.' }) input: CreateGroupInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ group: null }, async () => ({
      group: await this.#groups.create(signedInCaller(caller), {
        name: input.name,
        description: input.description ?? null,
        permissions: input.permissions ?? [],
        scopeMode: input.allowedOrganizations?.mode ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
      }),
    }));
  }

  @Mutation(() => UpdateGroupPayload, { nullable: true, description: 'Changes name, description or reach.' })
  updateGroup(
    @Arg('input', () => UpdateGroupInput, { description: 'Input of updateGroup.' }) input: UpdateGroupInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    const { allowedOrganizations, ...change } = input;
    return outcome({ group: null }, async () => ({
      group: await this.#groups.update(signedInCaller(caller), { ...change, scopeMode: allowedOrganizations?.mode }),
    }));
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
    return outcome({ group: null }, async () => ({
      group: await this.#groups.setPermissions(signedInCaller(caller), {
        id: input.id,
        permissions: input.permissions,
        expectedVersion: input.expectedVersion ?? null,
      }),
    }));
  }

  @Mutation(() => DeleteGroupPayload, { nullable: true, description: 'Deletes a group.' })
  deleteGroup(
    @Arg('input', () => DeleteGroupInput, { description: 'Input of deleteGroup.' }) input: DeleteGroupInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ deletedGroupId: null, group: null }, async () => ({
      deletedGroupId: await this.#groups.delete(signedInCaller(caller), {
        id: input.id,
        expectedVersion: input.expectedVersion ?? null,
      }),
      group: null,
    }));
  }

  @Mutation(() => AddGroupMembersPayload, {
    nullable: true,
    description: 'Adds members; into groups with protected grants needs `grant-protected:groups`.',
  })
  addGroupMembers(
    @Arg('input', () => AddGroupMembersInput, { description: 'Input of addGroupMembers.' }) input: AddGroupMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ group: null }, async () => ({ group: await this.#members.add(signedInCaller(caller), input) }));
  }

  @Mutation(() => RemoveGroupMembersPayload, { nullable: true, description: 'Removes members.' })
  removeGroupMembers(
    @Arg('input', () => RemoveGroupMembersInput, { description: 'Input of removeGroupMembers.' })
    input: RemoveGroupMembersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ group: null }, async () => ({ group: await this.#members.remove(signedInCaller(caller), input) }));
  }
}
