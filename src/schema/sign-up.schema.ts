import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { CodeForm, CodePurpose, PasswordRule } from './enums.ts';
import { Payload } from './payload.schema.ts';
import { HandOverInput, SignInResultType, VerificationType } from './sign-in.schema.ts';

const CODE_ON_ITS_WAY = 'Code on its way; set with VERIFICATION_REQUIRED, and where proving the address is optional.';
const COOLDOWN = 'Cooldown left when nothing was sent.';

@InputType('SignUpInput', { description: 'Input of signUp.' })
export class SignUpInput extends HandOverInput {
  @Field(() => String, { nullable: true, description: 'Answer of the captcha, where signInOptions asks for one.' })
  captchaToken?: string | null;

  @Field(() => String, { nullable: true, description: 'E-mail address; exactly one of email, phone, username.' })
  email?: string | null;

  @Field(() => String, { nullable: true, description: 'Phone number in international form.' })
  phone?: string | null;

  @Field(() => String, { nullable: true, description: 'User name; such an account is active at once.' })
  username?: string | null;

  @Field(() => String, { description: 'As passwordPolicy says.' })
  password!: string;

  @Field(() => String, { nullable: true, description: 'Name shown to others, at most 100 characters.' })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'Language of mails, BCP 47.' })
  locale?: string | null;

  @Field(() => String, { nullable: true, description: 'Needed when the mode is INVITE_ONLY.' })
  invitationToken?: string | null;
}

@ObjectType('SignUpPayload', { simpleResolvers: true, description: 'Answer of signUp.', implements: SignInResultType })
export class SignUpPayload extends SignInResultType {
  @Field(() => VerificationType, { nullable: true, description: CODE_ON_ITS_WAY })
  verification?: VerificationType | null;

  @Field(() => [PasswordRule], { description: 'Password rules that were broken; empty otherwise.' })
  violations!: readonly (keyof typeof PasswordRule)[];
}

@InputType('VerifySignUpInput', { description: 'Input of verifySignUp.' })
export class VerifySignUpInput {
  @Field(() => String, { description: 'Token of the verification.' })
  verificationToken!: string;

  @Field(() => String, { description: 'Code received. The delivery chosen in signUp or signIn holds.' })
  code!: string;
}

@ObjectType('VerifySignUpPayload', {
  simpleResolvers: true,
  description: 'Answer of verifySignUp.',
  implements: SignInResultType,
})
export class VerifySignUpPayload extends SignInResultType {}

@InputType('ResendCodeInput', { description: 'Input of resendCode.' })
export class ResendCodeInput {
  @Field(() => String, { description: 'Token of the verification.' })
  verificationToken!: string;
}

@ObjectType('ResendCodePayload', { simpleResolvers: true, description: 'Answer of resendCode.' })
export class ResendCodePayload extends Payload {
  @Field(() => VerificationType, {
    nullable: true,
    description: 'The newest code, or the present one within the cooldown.',
  })
  verification?: VerificationType | null;

  @Field(() => Int, { nullable: true, description: COOLDOWN })
  retryAfterSeconds?: number | null;
}

@InputType('RequestSignInCodeInput', { description: 'Input of requestSignInCode.' })
export class RequestSignInCodeInput {
  @Field(() => String, {
    nullable: true,
    description: 'E-mail address or phone number; needed for SIGN_IN, refused for STEP_UP.',
  })
  identifier?: string | null;

  @Field(() => CodePurpose, { defaultValue: CodePurpose.SIGN_IN, description: 'What the code is for.' })
  purpose!: CodePurpose;

  @Field(() => CodeForm, { defaultValue: CodeForm.CODE, description: 'Code or link.' })
  form!: CodeForm;
}

@ObjectType('RequestSignInCodePayload', { simpleResolvers: true, description: 'Answer of requestSignInCode.' })
export class RequestSignInCodePayload extends Payload {
  @Field(() => VerificationType, { nullable: true, description: 'Looks the same for an unknown identifier.' })
  verification?: VerificationType | null;

  @Field(() => Int, { nullable: true, description: COOLDOWN })
  retryAfterSeconds?: number | null;
}

@InputType('VerifySignInCodeInput', { description: 'Input of verifySignInCode.' })
export class VerifySignInCodeInput extends HandOverInput {
  @Field(() => String, { nullable: true, description: 'Token of the verification; with `code`.' })
  verificationToken?: string | null;

  @Field(() => String, { nullable: true, description: 'Code received.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Token of the mailed link, instead of both.' })
  linkToken?: string | null;
}

@ObjectType('VerifySignInCodePayload', {
  simpleResolvers: true,
  description: 'Answer of verifySignInCode.',
  implements: SignInResultType,
})
export class VerifySignInCodePayload extends SignInResultType {}
