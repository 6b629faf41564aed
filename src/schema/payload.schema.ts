import { Field, ID, ObjectType } from 'type-graphql';
import type { UserErrorCode as Code } from '../errors.ts';
import { UserErrorCode } from './enums.ts';

@ObjectType('UserError', {
  simpleResolvers: true,
  description: 'Something that the caller can correct; several may be given at once.',
})
export class UserErrorType {
  @Field(() => UserErrorCode, { description: 'What to branch on.' })
  code!: Code;

  @Field(() => String, { description: 'One English sentence for a person; not stable.' })
  message!: string;

  @Field(() => [String], {
    nullable: true,
    description: 'Path of the input field, without `input`; null when no single field is to blame.',
  })
  field!: readonly string[] | null;

  @Field(() => ID, { nullable: true, description: 'The one of several ids that is concerned.' })
  targetId!: string | null;
}

/** What every payload ends with. */
@ObjectType()
export class Payload {
  @Field(() => [UserErrorType], { description: 'What the caller can correct; empty on success.' })
  errors!: readonly UserErrorType[];
}
