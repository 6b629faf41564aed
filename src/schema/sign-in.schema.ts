import { Field, ID, InputType, Int, InterfaceType, ObjectType } from 'type-graphql';
import { AssuranceLevel, MfaMethod, TokenDelivery, VerificationChannel } from '../vocabulary.ts';
import { SignInStep } from './enums.ts';
import { Payload, UserErrorType } from './payload.schema.ts';
import { DateTimeScalar, JsonObjectScalar } from './scalars.ts';
import { SessionTokensType } from './session.schema.ts';
import { UserType } from './user.schema.ts';

const HANDED_OVER = 'How the session is handed over.';
const CLIENT = 'Device and program that sign in.';

@ObjectType('SignInChallenge', { simpleResolvers: true, description: 'What the next step of a sign-in needs.' })
class SignInChallengeType {
  @Field(() => String, {
    description: 'Opaque; goes to completeMfa (MFA_REQUIRED) or setPasswordWithToken (PASSWORD_CHANGE_REQUIRED).',
  })
  token!: string;

  @Field(() => [MfaMethod], {
    description: 'Second factors that the account can use; empty for a password change.',
  })
  methods!: readonly (keyof typeof MfaMethod)[];

  @Field(() => JsonObjectScalar, { nullable: true, description: 'WebAuthn request options; null without passkeys.' })
  passkeyOptions!: object | null;

  @Field(() => DateTimeScalar, { description: 'End of the challenge.' })
  expiresAt!: Date;
}

@ObjectType('Verification', {
  simpleResolvers: true,
  description: 'A code on its way. Looks the same whether or not the account exists.',
})
export class VerificationType {
  @Field(() => String, { description: 'Opaque; belongs to the code and is handed back with it.' })
  token!: string;

  @Field(() => VerificationChannel, { description: 'How it is sent.' })
  channel!: VerificationChannel;

  @Field(() => String, { description: 'The address or number, mostly hidden.' })
  maskedTarget!: string;

  @Field(() => DateTimeScalar, { description: 'End of the code.' })
  expiresAt!: Date;

  @Field(() => DateTimeScalar, { description: 'From when resendCode sends again.' })
  resendAt!: Date;
}

@InterfaceType('SignInResult', { description: 'The common part of every answer that can sign somebody in.' })
export abstract class SignInResultType {
  @Field(() => SignInStep, { description: 'What has to happen next.' })
  step!: SignInStep;

  @Field(() => UserType, { nullable: true, description: 'The person signed in; set with COMPLETE.' })
  user?: UserType | null;

  @Field(() => SessionTokensType, { nullable: true, description: 'The new session; set with COMPLETE.' })
  tokens?: SessionTokensType | null;

  @Field(() => SignInChallengeType, {
    nullable: true,
    description: 'What the next step needs; set with MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED.',
  })
  challenge?: SignInChallengeType | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'With COMPLETE: until when a needed second factor may still be missing; null = nothing is missing.',
  })
  mfaGraceUntil?: Date | null;

  @Field(() => [UserErrorType], { description: 'What the caller can correct; empty on success.' })
  errors!: readonly UserErrorType[];
}

@InputType('SignInClientInput', { description: 'The device and program that sign in.' })
export class SignInClientInput {
  @Field(() => String, {
    nullable: true,
    description: 'Token from an earlier sign-in on this device; with cookies not needed.',
  })
  deviceToken?: string | null;

  @Field(() => String, { nullable: true, description: 'Name shown in the list of devices, at most 100 characters.' })
  deviceName?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the program, at most 100 characters.' })
  clientName?: string | null;
}

@InputType('PasskeyAssertionInput', { description: "A passkey's proof." })
export class PasskeyAssertionInput {
  @Field(() => String, { description: 'Token of the challenge that was answered.' })
  challengeToken!: string;

  @Field(() => JsonObjectScalar, { description: "The browser's AuthenticationResponseJSON." })
  response!: Readonly<Record<string, unknown>>;
}

@InputType()
export class HandOverInput {
  @Field(() => TokenDelivery, { defaultValue: TokenDelivery.COOKIE, description: HANDED_OVER })
  delivery!: TokenDelivery;

  @Field(() => SignInClientInput, { nullable: true, description: CLIENT })
  client?: SignInClientInput | null;
}

@InputType('SignInInput', { description: 'Input of signIn.' })
export class SignInInput extends HandOverInput {
  @Field(() => String, { nullable: true, description: 'Answer of the captcha, where signInOptions asks for one.' })
  captchaToken?: string | null;

  @Field(() => String, { description: 'E-mail address, phone number or user name.' })
  identifier!: string;

  @Field(() => String, { description: 'Present password.' })
  password!: string;

  @Field(() => String, { nullable: true, description: 'TOTP or recovery code, to save the second step.' })
  mfaCode?: string | null;
}

@ObjectType('SignInPayload', { simpleResolvers: true, description: 'Answer of signIn.', implements: SignInResultType })
export class SignInPayload extends SignInResultType {
  @Field(() => VerificationType, { nullable: true, description: 'Code on its way; set with VERIFICATION_REQUIRED.' })
  verification?: VerificationType | null;
}

@InputType('CompleteMfaInput', { description: 'Input of completeMfa.' })
export class CompleteMfaInput {
  @Field(() => String, { description: 'Token of the challenge.' })
  challengeToken!: string;

  @Field(() => String, {
    nullable: true,
    description: 'TOTP code; exactly one of code, recoveryCode, passkeyResponse.',
  })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Recovery code; used up.' })
  recoveryCode?: string | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "The browser's AuthenticationResponseJSON." })
  passkeyResponse?: object | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Do not ask again on this device, where the settings allow it. The delivery chosen in the first step holds.',
  })
  trustDevice?: boolean | null;
}

@ObjectType('CompleteMfaPayload', {
  simpleResolvers: true,
  description: 'Answer of completeMfa.',
  implements: SignInResultType,
})
export class CompleteMfaPayload extends SignInResultType {}

@InputType('RefreshSessionInput', { description: 'Input of refreshSession.' })
export class RefreshSessionInput {
  @Field(() => String, { description: 'Present refresh token; cookie sessions need no refresh.' })
  refreshToken!: string;
}

@ObjectType('RefreshSessionPayload', { simpleResolvers: true, description: 'Answer of refreshSession.' })
export class RefreshSessionPayload extends Payload {
  @Field(() => SessionTokensType, {
    nullable: true,
    description: 'The successor pair; the same refresh token for parallel calls within 10 s.',
  })
  tokens?: SessionTokensType | null;
}

@InputType('SignOutInput', { description: 'Input of signOut.' })
export class SignOutInput {
  @Field(() => String, { nullable: true, description: 'Note for the audit log, at most 200 characters.' })
  reason?: string | null;
}

@ObjectType('SignOutPayload', { simpleResolvers: true, description: 'Answer of signOut.' })
export class SignOutPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'The session that ended.' })
  sessionId?: string | null;
}

@InputType('SignOutEverywhereInput', { description: 'Input of signOutEverywhere.' })
export class SignOutEverywhereInput {
  @Field(() => Boolean, { defaultValue: false, description: 'Keep the session of this request.' })
  exceptCurrent!: boolean;
}

@ObjectType('SignOutEverywherePayload', { simpleResolvers: true, description: 'Answer of signOutEverywhere.' })
export class SignOutEverywherePayload extends Payload {
  @Field(() => Int, { nullable: true, description: 'Number of sessions that ended.' })
  endedSessionCount?: number | null;
}

@InputType('ConfirmIdentityInput', { description: 'Input of confirmIdentity.' })
export class ConfirmIdentityInput {
  @Field(() => String, {
    nullable: true,
    description: 'Present password; exactly one of password, code, passkey.',
  })
  password?: string | null;

  @Field(() => String, { nullable: true, description: 'TOTP code, or a code sent for STEP_UP.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Token of the verification, with a code that was sent.' })
  verificationToken?: string | null;

  @Field(() => PasskeyAssertionInput, {
    nullable: true,
    description: 'Proof by passkey; options from startPasskeySignIn.',
  })
  passkey?: PasskeyAssertionInput | null;
}

@ObjectType('ConfirmIdentityPayload', { simpleResolvers: true, description: 'Answer of confirmIdentity.' })
export class ConfirmIdentityPayload extends Payload {
  @Field(() => AssuranceLevel, { nullable: true, description: 'Level of the session now.' })
  assuranceLevel?: AssuranceLevel | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Until when the identity counts as confirmed.' })
  freshUntil?: Date | null;

  @Field(() => SessionTokensType, {
    nullable: true,
    description: 'New access token that carries the confirmation; null with a cookie session.',
  })
  tokens?: SessionTokensType | null;
}

@ObjectType('SignInOptions', { simpleResolvers: true, description: 'What a sign-in page has to offer.' })
export class SignInOptionsType {
  @Field(() => Boolean, { description: 'There is no administrator yet.' })
  setupRequired!: boolean;
}

@ObjectType('PasswordPolicy', { simpleResolvers: true, description: 'What a password must meet.' })
export class PasswordPolicyType {
  @Field(() => Int, { description: 'Fewest Unicode code points.' })
  minLength!: number;

  @Field(() => Int, { description: 'Most bytes in UTF-8.' })
  maxBytes!: number;

  @Field(() => Int, { description: 'Number of earlier passwords that are refused, besides the present one.' })
  historySize!: number;

  @Field(() => Boolean, { description: 'Common and leaked passwords are refused, by an offline list.' })
  breachListChecked!: boolean;

  @Field(() => Boolean, { description: 'Own names and addresses are refused.' })
  personalDataChecked!: boolean;
}
