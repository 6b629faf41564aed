import { Secret } from '../crypto/secret.ts';
import type { GroupId, UserId } from '../ids.ts';
import type {
  AddGroupMembersInput,
  CreateGroupInput,
  DeleteGroupInput,
  RemoveGroupMembersInput,
  SetGroupPermissionsInput,
  UpdateGroupInput,
} from '../schema/group-mutations.schema.ts';
import type {
  CreateUserInput,
  DeleteUsersInput,
  DisableUsersInput,
  EnableUsersInput,
  LockUsersInput,
  UnlockUsersInput,
  UpdateUserInput,
} from '../schema/user-mutations.schema.ts';
import type { RegisterResourcesInput } from '../schema/resource.schema.ts';
import type { AccessChangeTable } from '../services/access-changes.ts';
import type { GroupMemberService } from '../services/group-member.service.ts';
import type { GroupService } from '../services/group.service.ts';
import type { ResourceRegistrationService } from '../services/resource-registration.service.ts';
import type { UserChangeService } from '../services/user-change.service.ts';
import type { UserStatusService } from '../services/user-status.service.ts';
import type { UserService } from '../services/user.service.ts';
import { change, idsOf, ofMembers, ofNobody, ofUsers } from './access-change.ts';
import { ofOrganizationMutations, type OrganizationParts } from './organization-changes.ts';
import { ofProtectedMutations, type ProtectedParts } from './protected-changes.ts';

const ofGroup = ({ id }: { readonly id: string }) => ({ groups: idsOf<GroupId>([id]) });

interface Parts extends OrganizationParts, ProtectedParts {
  readonly users: UserService;
  readonly userChanges: UserChangeService;
  readonly userStatus: UserStatusService;
  readonly groups: GroupService;
  readonly groupMembers: GroupMemberService;
  readonly resourceRegistrations: ResourceRegistrationService;
}

/** The mutations that change access, from their inputs to the service that carries them out. */
export const accessChangeTable = (parts: Parts): AccessChangeTable => ({
  ...ofUserMutations(parts),
  ...ofGroupMutations(parts),
  ...ofRegistrations(parts),
  ...ofOrganizationMutations(parts),
  ...ofProtectedMutations(parts),
});

const ofUserMutations = ({ users, userChanges, userStatus }: Parts) => ({
  createUser: change<CreateUserInput>({
    affected: ofNobody,
    carryOut: async (caller, input) => ({
      ...(await users.create(caller, {
        email: input.email ?? null,
        phone: input.phone ?? null,
        username: input.username ?? null,
        displayName: input.displayName,
        locale: input.locale ?? null,
        groupIds: input.groupIds,
        organizationId: input.organizationId ?? null,
        password: input.password == null ? null : new Secret(input.password),
        passwordChangeRequired: input.passwordChangeRequired ?? null,
        attributes: input.attributes ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
      })),
      violations: [],
    }),
  }),
  updateUser: change<UpdateUserInput>({
    affected: ({ id }) => ({ users: idsOf<UserId>([id]) }),
    versioned: 'users',
    carryOut: async (caller, input) => ({ user: await userChanges.update(caller, input) }),
  }),
  lockUsers: change<LockUsersInput>({
    affected: ofUsers,
    carryOut: async (caller, { ids, reason, until }) => ({
      users: await userStatus.lock(caller, ids, reason, until ?? null),
    }),
  }),
  unlockUsers: change<UnlockUsersInput>({
    affected: ofUsers,
    carryOut: async (caller, { ids, reason }) => ({ users: await userStatus.unlock(caller, ids, reason) }),
  }),
  disableUsers: change<DisableUsersInput>({
    affected: ofUsers,
    carryOut: async (caller, { ids, reason }) => ({ users: await userStatus.disable(caller, ids, reason) }),
  }),
  enableUsers: change<EnableUsersInput>({
    affected: ofUsers,
    carryOut: async (caller, { ids, reason }) => ({ users: await userStatus.enable(caller, ids, reason) }),
  }),
  deleteUsers: change<DeleteUsersInput>({
    affected: ofUsers,
    carryOut: async (caller, { ids, reason }) => ({
      deletedUserIds: await userStatus.delete(caller, ids, reason ?? null),
    }),
  }),
});

const ofGroupMutations = ({ groups, groupMembers }: Parts) => ({
  createGroup: change<CreateGroupInput>({
    // It has no members yet, but a level of the settings may name it.
    affected: () => ({ groups: [] }),
    carryOut: async (caller, input) => ({
      group: await groups.create(caller, {
        name: input.name,
        description: input.description ?? null,
        permissions: input.permissions ?? [],
        reach: input.allowedOrganizations ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
      }),
    }),
  }),
  updateGroup: change<UpdateGroupInput>({
    affected: ofGroup,
    versioned: 'groups',
    carryOut: async (caller, { allowedOrganizations, ...input }) => ({
      group: await groups.update(caller, { ...input, reach: allowedOrganizations }),
    }),
  }),
  setGroupPermissions: change<SetGroupPermissionsInput>({
    affected: ofGroup,
    versioned: 'groups',
    carryOut: async (caller, { id, permissions, expectedVersion }) => ({
      group: await groups.setPermissions(caller, { id, permissions, expectedVersion: expectedVersion ?? null }),
    }),
  }),
  deleteGroup: change<DeleteGroupInput>({
    affected: ofGroup,
    carryOut: async (caller, { id, expectedVersion }) => ({
      deletedGroupId: await groups.delete(caller, { id, expectedVersion: expectedVersion ?? null }),
      group: null,
    }),
  }),
  addGroupMembers: change<AddGroupMembersInput>({
    affected: ofMembers,
    carryOut: async (caller, input) => ({ group: await groupMembers.add(caller, input) }),
  }),
  removeGroupMembers: change<RemoveGroupMembersInput>({
    affected: ofMembers,
    carryOut: async (caller, input) => ({ group: await groupMembers.remove(caller, input) }),
  }),
});

const ofRegistrations = ({ resourceRegistrations }: Parts) => ({
  registerResources: change<RegisterResourcesInput>({
    affected: ({ resources }) => ({
      groups: idsOf<GroupId>(resources.flatMap(({ systemGroups }) => systemGroups.map(({ id }) => id))),
    }),
    carryOut: (caller, { namespace, resources }) => resourceRegistrations.register(caller, { namespace, resources }),
  }),
});
