import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { ApprovalRequestView } from '../entities/approval-request.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { Problem } from '../errors.ts';
import type { GroupId, UserId } from '../ids.ts';
import { AccessChangeType, AccessPreviewType } from '../schema/access-change.schema.ts';
import {
  ApprovalRequestConnectionType,
  ApprovalRequestType,
  ApprovalsArgs,
  ApproveRequestInput,
  ApproveRequestPayload,
  CancelRequestInput,
  CancelRequestPayload,
  RejectRequestInput,
  RejectRequestPayload,
} from '../schema/approval.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import type { ApprovalReader } from '../services/approval-reader.ts';
import type { ApprovalService } from '../services/approval.service.ts';
import { signedInCaller } from '../services/caller.ts';
import type { GroupReader } from '../services/group-reader.ts';
import { outcome, userErrorOf } from './outcome.ts';

/** A permission of a preview as it was stored: groups by id. */
interface StoredPermission {
  readonly permission: object;
  readonly scope: object;
  readonly grantedBy: readonly GroupId[];
}

interface StoredPreview {
  readonly affectedCount: number;
  readonly verdicts: readonly Problem[];
  readonly changes: readonly {
    readonly userId: UserId;
    readonly gained: readonly StoredPermission[];
    readonly lost: readonly StoredPermission[];
  }[];
}

@Resolver(() => ApprovalRequestType)
export class ApprovalResolver {
  readonly #approvals: ApprovalService;
  readonly #reader: ApprovalReader;
  readonly #groups: GroupReader;

  constructor(parts: { approvals: ApprovalService; approvalReader: ApprovalReader; groupReader: GroupReader }) {
    this.#approvals = parts.approvals;
    this.#reader = parts.approvalReader;
    this.#groups = parts.groupReader;
  }

  @Query(() => ApprovalRequestConnectionType, {
    nullable: true,
    description: 'Requests under the two-person rule, newest first.',
  })
  approvals(@Args(() => ApprovalsArgs) args: ApprovalsArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#reader.page(signedInCaller(caller), args, args.filter ?? null);
  }

  @Mutation(() => ApproveRequestPayload, {
    nullable: true,
    description: "Approves another person's request and carries it out.",
  })
  approveRequest(
    @Arg('input', () => ApproveRequestInput, { description: 'Input of approveRequest.' }) input: ApproveRequestInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    const { id, reason = null } = input;
    return outcome({ request: null }, async () => ({
      request: await this.#approvals.approve(signedInCaller(caller), { id, reason }),
    }));
  }

  @Mutation(() => RejectRequestPayload, { nullable: true, description: "Rejects another person's request." })
  rejectRequest(
    @Arg('input', () => RejectRequestInput, { description: 'Input of rejectRequest.' }) input: RejectRequestInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ request: null }, async () => ({
      request: await this.#approvals.reject(signedInCaller(caller), input),
    }));
  }

  @Mutation(() => CancelRequestPayload, { nullable: true, description: 'Takes back an own request.' })
  cancelRequest(
    @Arg('input', () => CancelRequestInput, { description: 'Input of cancelRequest.' }) input: CancelRequestInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ request: null }, async () => ({
      request: await this.#approvals.cancel(signedInCaller(caller), input),
    }));
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who asked; null when deleted.' })
  requestedBy(@Root() request: ApprovalRequestView, @Ctx() context: Context): Promise<UserView | null> | null {
    return request.requestedById === null ? null : loadersOf(context).user.load(request.requestedById);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who approved or rejected.' })
  decidedBy(@Root() request: ApprovalRequestView, @Ctx() context: Context): Promise<UserView | null> | null {
    return request.decidedById === null ? null : loadersOf(context).user.load(request.decidedById);
  }

  @FieldResolver(() => ApprovalRequestType, {
    nullable: true,
    description: 'The rejected, cancelled or expired request for the same that this one begins anew.',
  })
  previous(
    @Root() { previousId }: ApprovalRequestView,
    @Ctx() context: Context,
  ): Promise<ApprovalRequestView | null> | null {
    return previousId === null ? null : loadersOf(context).approvalRequest.load(previousId);
  }

  @FieldResolver(() => AccessPreviewType, {
    nullable: true,
    description: 'Who would gain or lose what, at the time of the request.',
  })
  preview(@Root() request: ApprovalRequestView): object | null {
    if (request.preview === null) return null;
    // What was stored came from a preview of the same form.
    const { affectedCount, verdicts, changes } = request.preview as unknown as StoredPreview;
    const opened = (one: StoredPermission): object => ({ ...one, grantedBy: this.#groups.definitions(one.grantedBy) });
    return {
      affectedCount,
      verdicts: verdicts.map(userErrorOf),
      changes: changes.map(({ userId, gained, lost }) => ({
        userId,
        gained: gained.map(opened),
        lost: lost.map(opened),
      })),
    };
  }
}

@Resolver(() => AccessChangeType)
export class AccessChangeResolver {
  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'The subject; null when hidden, or not there before or after the change.',
  })
  user(@Root() change: { readonly userId: UserId }, @Ctx() context: Context): Promise<UserView | null> {
    return loadersOf(context).user.load(change.userId);
  }
}
