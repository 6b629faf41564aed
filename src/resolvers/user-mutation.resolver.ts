import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import {
  CreateUserInput,
  CreateUserPayload,
  DeleteUsersInput,
  DeleteUsersPayload,
  DisableUsersInput,
  DisableUsersPayload,
  EnableUsersInput,
  EnableUsersPayload,
  LockUsersInput,
  LockUsersPayload,
  RequirePasswordChangeInput,
  RequirePasswordChangePayload,
  ResendInviteInput,
  ResendInvitePayload,
  UnlockUsersInput,
  UnlockUsersPayload,
  UpdateUserInput,
  UpdateUserPayload,
} from '../schema/user-mutations.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { InvitationService } from '../services/invitation.service.ts';
import type { UserChangeService } from '../services/user-change.service.ts';
import type { UserStatusService } from '../services/user-status.service.ts';
import type { UserService } from '../services/user.service.ts';
import { outcome } from './outcome.ts';

const NOT_RESENT = { user: null, invitation: null, inviteEmail: null, setupLink: null, retryAfterSeconds: null };

@Resolver()
export class UserMutationResolver {
  readonly #users: UserService;
  readonly #changes: UserChangeService;
  readonly #status: UserStatusService;
  readonly #invitations: InvitationService;

  constructor(parts: {
    users: UserService;
    changes: UserChangeService;
    status: UserStatusService;
    invitations: InvitationService;
  }) {
    this.#users = parts.users;
    this.#changes = parts.changes;
    this.#status = parts.status;
    this.#invitations = parts.invitations;
  }

  @Mutation(() => CreateUserPayload, {
    nullable: true,
    description: 'Makes a user, by invitation when no password is given.',
  })
  createUser(
    @Arg('input', () => CreateUserInput, { description: 'Input of createUser.' }) input: CreateUserInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ user: null, inviteEmail: null, setupLink: null, violations: [] }, async () => ({
      ...(await this.#users.create(signedInCaller(caller), {
        email: input.email ?? null,
        phone: input.phone ?? null,
        username: input.username ?? null,
        displayName: input.displayName,
        locale: input.locale ?? null,
        groupIds: input.groupIds,
        password: input.password == null ? null : new Secret(input.password),
        passwordChangeRequired: input.passwordChangeRequired ?? null,
        attributes: input.attributes ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
      })),
      violations: [],
    }));
  }

  @Mutation(() => ResendInvitePayload, { nullable: true, description: 'Sends a new invitation; older links die.' })
  resendInvite(
    @Arg('input', () => ResendInviteInput, { description: 'Input of resendInvite.' }) input: ResendInviteInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    const { userId, idempotencyKey = null } = input;
    return outcome(NOT_RESENT, () => this.#invitations.resend(signedInCaller(caller), { userId, idempotencyKey }));
  }

  @Mutation(() => UpdateUserPayload, { nullable: true, description: 'Changes names, identifiers and groups.' })
  updateUser(
    @Arg('input', () => UpdateUserInput, { description: 'Input of updateUser.' }) input: UpdateUserInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ user: null }, async () => ({ user: await this.#changes.update(signedInCaller(caller), input) }));
  }

  @Mutation(() => RequirePasswordChangePayload, {
    nullable: true,
    description: 'Makes users choose a new password at the next sign-in.',
  })
  requirePasswordChange(
    @Arg('input', () => RequirePasswordChangeInput, { description: 'Input of requirePasswordChange.' })
    input: RequirePasswordChangeInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ users: [] }, async () => ({
      users: await this.#status.requirePasswordChange(signedInCaller(caller), input.ids, input.endSessions),
    }));
  }

  @Mutation(() => LockUsersPayload, { nullable: true, description: 'Locks users and ends their sessions.' })
  lockUsers(
    @Arg('input', () => LockUsersInput, { description: 'Input of lockUsers.' }) input: LockUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ users: [] }, async () => ({
      users: await this.#status.lock(signedInCaller(caller), input.ids, input.reason, input.until ?? null),
    }));
  }

  @Mutation(() => UnlockUsersPayload, {
    nullable: true,
    description: 'Unlocks users and forgets their failed sign-ins.',
  })
  unlockUsers(
    @Arg('input', () => UnlockUsersInput, { description: 'Input of unlockUsers.' }) input: UnlockUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ users: [] }, async () => ({
      users: await this.#status.unlock(signedInCaller(caller), input.ids, input.reason),
    }));
  }

  @Mutation(() => DisableUsersPayload, { nullable: true, description: 'Disables users and ends their sessions.' })
  disableUsers(
    @Arg('input', () => DisableUsersInput, { description: 'Input of disableUsers.' }) input: DisableUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ users: [] }, async () => ({
      users: await this.#status.disable(signedInCaller(caller), input.ids, input.reason),
    }));
  }

  @Mutation(() => EnableUsersPayload, { nullable: true, description: 'Enables users.' })
  enableUsers(
    @Arg('input', () => EnableUsersInput, { description: 'Input of enableUsers.' }) input: EnableUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ users: [] }, async () => ({
      users: await this.#status.enable(signedInCaller(caller), input.ids, input.reason),
    }));
  }

  @Mutation(() => DeleteUsersPayload, { nullable: true, description: 'Deletes users.' })
  deleteUsers(
    @Arg('input', () => DeleteUsersInput, { description: 'Input of deleteUsers.' }) input: DeleteUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ deletedUserIds: [] }, async () => ({
      deletedUserIds: await this.#status.delete(signedInCaller(caller), input.ids, input.reason ?? null),
    }));
  }
}
