import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
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
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import type { InvitationService } from '../services/invitation.service.ts';
import type { UserStatusService } from '../services/user-status.service.ts';
import { accessOutcome, outcome } from './outcome.ts';

const NOT_CREATED = { user: null, inviteEmail: null, setupLink: null, violations: [] };

const NOT_RESENT = { user: null, invitation: null, inviteEmail: null, setupLink: null, retryAfterSeconds: null };

@Resolver()
export class UserMutationResolver {
  readonly #changes: AccessChanges;
  readonly #status: UserStatusService;
  readonly #invitations: InvitationService;

  constructor(parts: { accessChanges: AccessChanges; userStatus: UserStatusService; invitations: InvitationService }) {
    this.#changes = parts.accessChanges;
    this.#status = parts.userStatus;
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
    return accessOutcome(NOT_CREATED, () => this.#changes.run(signedInCaller(caller), 'createUser', input));
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
    return accessOutcome({ user: null }, () => this.#changes.run(signedInCaller(caller), 'updateUser', input));
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
    return accessOutcome({ users: [] }, () => this.#changes.run(signedInCaller(caller), 'lockUsers', input));
  }

  @Mutation(() => UnlockUsersPayload, {
    nullable: true,
    description: 'Unlocks users and forgets their failed sign-ins.',
  })
  unlockUsers(
    @Arg('input', () => UnlockUsersInput, { description: 'Input of unlockUsers.' }) input: UnlockUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ users: [] }, () => this.#changes.run(signedInCaller(caller), 'unlockUsers', input));
  }

  @Mutation(() => DisableUsersPayload, { nullable: true, description: 'Disables users and ends their sessions.' })
  disableUsers(
    @Arg('input', () => DisableUsersInput, { description: 'Input of disableUsers.' }) input: DisableUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ users: [] }, () => this.#changes.run(signedInCaller(caller), 'disableUsers', input));
  }

  @Mutation(() => EnableUsersPayload, { nullable: true, description: 'Enables users.' })
  enableUsers(
    @Arg('input', () => EnableUsersInput, { description: 'Input of enableUsers.' }) input: EnableUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ users: [] }, () => this.#changes.run(signedInCaller(caller), 'enableUsers', input));
  }

  @Mutation(() => DeleteUsersPayload, { nullable: true, description: 'Deletes users.' })
  deleteUsers(
    @Arg('input', () => DeleteUsersInput, { description: 'Input of deleteUsers.' }) input: DeleteUsersInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ deletedUserIds: [] }, () => this.#changes.run(signedInCaller(caller), 'deleteUsers', input));
  }
}
