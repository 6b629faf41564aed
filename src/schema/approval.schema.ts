import { ArgsType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { ApprovalState } from '../vocabulary.ts';
import { AccessPreviewType, PENDING_REQUEST, PREVIEW } from './access-change.schema.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, JsonObjectScalar } from './scalars.ts';

@ObjectType('ApprovalRequest', {
  simpleResolvers: true,
  description: 'A change that waits for a second person. Own requests, or requires `view:approvals`.',
  implements: NodeType,
})
export class ApprovalRequestType extends NodeType {
  @Field(() => String, { description: 'Name of the mutation.' })
  mutation!: string;

  @Field(() => String, { description: 'Protected permission concerned, as action:resource.' })
  permission!: string;

  @Field(() => JsonObjectScalar, { description: 'Input of the mutation, secrets left out.' })
  input!: object;

  @Field(() => ApprovalState, { description: 'Where it stands.' })
  state!: ApprovalState;

  @Field(() => String, { nullable: true, description: 'Reason given with the request.' })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: 'Reason given with the decision.' })
  decisionReason!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'End of its life.' })
  expiresAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was decided.' })
  decidedAt!: Date | null;
}

export const { Connection: ApprovalRequestConnectionType } = connectionOf(() => ApprovalRequestType, 'ApprovalRequest');

@InputType('ApprovalFilter', { description: 'Which requests; conditions are and-ed.' })
export class ApprovalFilterInput {
  @Field(() => [ApprovalState], { nullable: true, description: 'In one of these states; empty list = none.' })
  stateIn?: ApprovalState[] | null;

  @Field(() => ID, { nullable: true, description: 'Asked for by this user.' })
  requestedById?: string | null;
}

@ArgsType()
export class ApprovalsArgs extends PageArgs {
  @Field(() => ApprovalFilterInput, { nullable: true, description: 'Which requests.' })
  filter?: ApprovalFilterInput | null;
}

@InputType('ApproveRequestInput', { description: 'Input of approveRequest.' })
export class ApproveRequestInput {
  @Field(() => ID, { description: 'Request to approve; the change is carried out in the same transaction.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Kept in the audit log, at most 500 characters.' })
  reason?: string | null;
}

@InputType('RejectRequestInput', { description: 'Input of rejectRequest.' })
export class RejectRequestInput {
  @Field(() => ID, { description: 'Request to reject.' })
  id!: string;

  @Field(() => String, { description: 'Kept in the audit log, at most 500 characters.' })
  reason!: string;
}

@InputType('CancelRequestInput', { description: 'Input of cancelRequest.' })
export class CancelRequestInput {
  @Field(() => ID, { description: 'Own request to take back.' })
  id!: string;
}

@ObjectType({ simpleResolvers: true })
class DecisionPayload extends Payload {
  @Field(() => ApprovalRequestType, { nullable: true, description: 'The request after the decision.' })
  request?: ApprovalRequestType | null;
}

@ObjectType('ApproveRequestPayload', { simpleResolvers: true, description: 'Answer of approveRequest.' })
export class ApproveRequestPayload extends DecisionPayload {}

@ObjectType('RejectRequestPayload', { simpleResolvers: true, description: 'Answer of rejectRequest.' })
export class RejectRequestPayload extends DecisionPayload {}

@ObjectType('CancelRequestPayload', { simpleResolvers: true, description: 'Answer of cancelRequest.' })
export class CancelRequestPayload extends DecisionPayload {}

/** Answer of a change of access that can be tried. */
@ObjectType()
export class PreviewPayload extends Payload {
  @Field(() => AccessPreviewType, { nullable: true, description: PREVIEW })
  preview?: AccessPreviewType | null;
}

/** Answer of the use of a protected permission that can need a second person. */
@ObjectType()
export class PendingPayload extends Payload {
  @Field(() => ApprovalRequestType, { nullable: true, description: PENDING_REQUEST })
  pendingRequest?: ApprovalRequestType | null;
}

/** Answer of a change of access that can need a second person. */
@ObjectType()
export class AccessChangePayload extends PreviewPayload {
  @Field(() => ApprovalRequestType, { nullable: true, description: PENDING_REQUEST })
  pendingRequest?: ApprovalRequestType | null;
}
