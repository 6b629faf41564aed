import { ArgsType, Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { UserKind, UserStatus } from '../vocabulary.ts';
import { AttributeFilterInput } from './attribute-filter.schema.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { DateTimeRangeInput } from './date-time-range.schema.ts';
import { OrderDirection, UserOrderField } from './enums.ts';
import { NodeType } from './node.schema.ts';
import { DateTimeScalar, EmailAddressScalar, PhoneNumberScalar } from './scalars.ts';

@ObjectType('User', { simpleResolvers: true, description: 'A person or a service account.', implements: NodeType })
@Directive('@key(fields: "id")')
export class UserType extends NodeType {
  @Field(() => UserKind, { description: 'Person or service account.' })
  kind!: UserKind;

  @Field(() => EmailAddressScalar, { nullable: true, description: 'Address; null when the account has none.' })
  email!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the address was proved; null = not proved.' })
  emailVerifiedAt!: Date | null;

  @Field(() => PhoneNumberScalar, { nullable: true, description: 'Phone number.' })
  phone!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the number was proved; null = not proved.' })
  phoneVerifiedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'User name as typed; compared case-folded.' })
  username!: string | null;

  @Field(() => String, { description: 'Name shown to others; may be empty.' })
  displayName!: string;

  @Field(() => String, { description: 'Language of mails, BCP 47.' })
  locale!: string;

  @Field(() => String, { nullable: true, description: 'Id in the system the account comes from.' })
  externalId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where the account comes from: an issuer or an import; null = made here.',
  })
  source!: string | null;

  @Field(() => UserStatus, { description: 'State of the account.' })
  status!: UserStatus;

  @Field(() => String, { nullable: true, description: 'Reason given when it was locked or disabled.' })
  statusReason!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the lock; null = not locked.' })
  lockedUntil!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Failed sign-ins since the last success.' })
  failedSignInCount!: number | null;

  @Field(() => Boolean, { description: 'The next sign-in must set a new password.' })
  passwordChangeRequired!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Last completed sign-in.' })
  lastSignInAt!: Date | null;

  @Field(() => DateTimeScalar, { description: 'When the account was made.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Last change.' })
  updatedAt!: Date;

  @Field(() => Int, { description: 'Grows by one with each change.' })
  version!: number;
}

export const { Connection: UserConnectionType } = connectionOf(() => UserType, 'User');

@InputType('UserFilter', { description: 'Which users; conditions are and-ed.' })
export class UserFilterInput {
  @Field(() => String, {
    nullable: true,
    description: 'Part of name, address, phone or user name; 2 to 100 characters.',
  })
  search?: string | null;

  @Field(() => [UserStatus], { nullable: true, description: 'In one of these states; empty list = nobody.' })
  statusIn?: UserStatus[] | null;

  @Field(() => [UserKind], { nullable: true, description: 'Of one of these kinds; empty list = nobody.' })
  kindIn?: UserKind[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'In at least one of these groups, at most 100; empty list = nobody.',
  })
  groupIds?: string[] | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Member of this organization or of one below it. Requires `view:organizations`.',
  })
  organizationId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True = with a second factor, false = without.' })
  mfa?: boolean | null;

  @Field(() => [AttributeFilterInput], {
    nullable: true,
    description: 'All of these hold, at most 10. Requires `view:users`.',
  })
  attributes?: AttributeFilterInput[] | null;

  @Field(() => DateTimeRangeInput, { nullable: true, description: 'Made within.' })
  createdAt?: DateTimeRangeInput | null;

  @Field(() => DateTimeRangeInput, { nullable: true, description: 'Last signed in within.' })
  lastSignInAt?: DateTimeRangeInput | null;
}

@InputType('UserOrder', { description: 'Order of users.' })
export class UserOrderInput {
  @Field(() => UserOrderField, { description: 'Order by this; ties by id.' })
  field!: keyof typeof UserOrderField;

  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC, description: 'Direction.' })
  direction!: keyof typeof OrderDirection;
}

@ArgsType()
export class UsersArgs extends PageArgs {
  @Field(() => UserFilterInput, { nullable: true, description: 'Which users.' })
  filter?: UserFilterInput | null;

  @Field(() => UserOrderInput, { nullable: true, description: 'Order; absent = newest first.' })
  orderBy?: UserOrderInput | null;
}
