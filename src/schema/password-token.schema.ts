import { Field, InputType, ObjectType } from 'type-graphql';
import { TokenDelivery } from '../vocabulary.ts';
import { PasswordRule, TokenKind, TokenState } from './enums.ts';
import { HandOverInput, SignInClientInput, SignInResultType } from './sign-in.schema.ts';

const PASSWORD = 'As passwordPolicy says.';
const CLIENT = 'Device and program that sign in.';
const VIOLATIONS = 'Password rules that were broken; empty otherwise.';

@InputType('SetUpFirstAdminInput', { description: 'Input of setUpFirstAdmin.' })
export class SetUpFirstAdminInput extends HandOverInput {
  @Field(() => String, { description: 'Token printed when the server started.' })
  setupToken!: string;

  @Field(() => String, { description: 'Address of the first administrator.' })
  email!: string;

  @Field(() => String, { description: 'Name shown to others.' })
  displayName!: string;

  @Field(() => String, { description: PASSWORD })
  password!: string;
}

@ObjectType('SetUpFirstAdminPayload', {
  simpleResolvers: true,
  description: 'Answer of setUpFirstAdmin.',
  implements: SignInResultType,
})
export class SetUpFirstAdminPayload extends SignInResultType {
  @Field(() => [PasswordRule], { description: VIOLATIONS })
  violations!: readonly (keyof typeof PasswordRule)[];
}

@InputType('SetPasswordWithTokenInput', { description: 'Input of setPasswordWithToken.' })
export class SetPasswordWithTokenInput {
  @Field(() => String, {
    description: 'Token of a reset or invitation mail, or of a PASSWORD_CHANGE_REQUIRED challenge.',
  })
  token!: string;

  @Field(() => String, { description: PASSWORD })
  newPassword!: string;

  @Field(() => TokenDelivery, {
    nullable: true,
    description:
      'Sign in at once and hand the session over this way; absent = do not sign in. Refused with a challenge token, whose sign-in goes on as it began.',
  })
  delivery?: TokenDelivery | null;

  @Field(() => SignInClientInput, { nullable: true, description: CLIENT })
  client?: SignInClientInput | null;
}

@ObjectType('SetPasswordWithTokenPayload', {
  simpleResolvers: true,
  description:
    'Answer of setPasswordWithToken; when no sign-in was asked for, COMPLETE means that the password is set, without tokens.',
  implements: SignInResultType,
})
export class SetPasswordWithTokenPayload extends SignInResultType {
  @Field(() => [PasswordRule], { description: VIOLATIONS })
  violations!: readonly (keyof typeof PasswordRule)[];
}

@ObjectType('TokenStatus', {
  simpleResolvers: true,
  description: 'What a mailed token is good for. An unknown token looks like a used one.',
})
export class TokenStatusType {
  @Field(() => TokenState, { description: 'Whether it still works.' })
  state!: keyof typeof TokenState;

  @Field(() => TokenKind, { nullable: true, description: 'What it is for; null when used or unknown.' })
  kind!: keyof typeof TokenKind | null;

  @Field(() => String, {
    nullable: true,
    description: 'The address it was sent to, mostly hidden; null when used or unknown.',
  })
  maskedEmail!: string | null;

  @Field(() => Boolean, { nullable: true, description: 'A password has to be chosen; null when used or unknown.' })
  passwordNeeded!: boolean | null;
}
