import { ArgsType, Field, ObjectType } from 'type-graphql';
import { InvitationState } from '../vocabulary.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { NodeType } from './node.schema.ts';
import { DateTimeScalar, EmailAddressScalar } from './scalars.ts';

@ObjectType('Invitation', {
  simpleResolvers: true,
  description: 'An invitation to an account, or into an organization. Sending it again makes a new one.',
  implements: NodeType,
})
export class InvitationType extends NodeType {
  @Field(() => InvitationState, { description: 'Whether it can still be accepted.' })
  state!: InvitationState;

  @Field(() => EmailAddressScalar, {
    nullable: true,
    description: 'Invited address; null when the account had none and the link was handed over.',
  })
  email!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'End of the link, 7 days by default.' })
  expiresAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was accepted.' })
  acceptedAt!: Date | null;
}

export const { Connection: InvitationConnectionType } = connectionOf(() => InvitationType, 'Invitation');

@ArgsType()
export class OrganizationInvitationArgs extends PageArgs {
  @Field(() => [InvitationState], { nullable: true, description: 'In one of these states; empty list = none.' })
  stateIn?: InvitationState[] | null;
}
