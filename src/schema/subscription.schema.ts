import { Field, ID, ObjectType } from 'type-graphql';
import { SessionEndReason, UserChangeKind } from '../vocabulary.ts';
import './enums.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

@ObjectType('ViewerSessionEnded', { simpleResolvers: true, description: 'The last message of a session.' })
export class ViewerSessionEndedType {
  @Field(() => SessionEndReason, { description: 'Why it ended.' })
  reason!: SessionEndReason;

  @Field(() => DateTimeScalar, { description: 'When it ended.' })
  endedAt!: Date;
}

@ObjectType('UserChanged', { simpleResolvers: true, description: 'A change of a user that the caller may see.' })
export class UserChangedType {
  @Field(() => ID, { description: 'Who changed.' })
  userId!: string;

  @Field(() => UserChangeKind, { description: 'What happened.' })
  change!: UserChangeKind;

  @Field(() => UserType, { nullable: true, description: 'The user as they are now; null when deleted.' })
  user!: UserType | null;
}
