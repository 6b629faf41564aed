import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { BreakGlassInput } from './access-change.schema.ts';
import { PendingPayload } from './approval.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

const PASSWORD = 'Present password; accounts without one must be confirmed.';
const STATE = 'Second factors now.';

@ObjectType('MfaState', { simpleResolvers: true, description: 'Second factors of an account.' })
export class MfaStateType {
  @Field(() => Boolean, { description: 'A second factor is asked for at sign-in.' })
  enabled!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When TOTP was confirmed; null = off.' })
  totpEnabledAt!: Date | null;

  @Field(() => Int, { description: 'Unused recovery codes.' })
  recoveryCodesLeft!: number;
}

@InputType('StartTotpEnrollmentInput', { description: 'Input of startTotpEnrollment.' })
export class StartTotpEnrollmentInput {
  @Field(() => String, { nullable: true, description: PASSWORD })
  password?: string | null;
}

@ObjectType('StartTotpEnrollmentPayload', { simpleResolvers: true, description: 'Answer of startTotpEnrollment.' })
export class StartTotpEnrollmentPayload extends Payload {
  @Field(() => String, { nullable: true, description: 'Shared secret, base32; shown once.' })
  secret?: string | null;

  @Field(() => String, { nullable: true, description: 'The same as an otpauth URI, for a QR code.' })
  otpauthUri?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'By when it must be confirmed.' })
  expiresAt?: Date | null;
}

@InputType('ConfirmTotpEnrollmentInput', { description: 'Input of confirmTotpEnrollment.' })
export class ConfirmTotpEnrollmentInput {
  @Field(() => String, { description: 'Code shown by the authenticator.' })
  code!: string;
}

@ObjectType('ConfirmTotpEnrollmentPayload', { simpleResolvers: true, description: 'Answer of confirmTotpEnrollment.' })
export class ConfirmTotpEnrollmentPayload extends Payload {
  @Field(() => [String], { nullable: true, description: 'Ten recovery codes, shown once; null on errors.' })
  recoveryCodes?: readonly string[] | null;

  @Field(() => MfaStateType, { nullable: true, description: STATE })
  mfa?: MfaStateType | null;
}

@InputType('DisableTotpInput', { description: 'Input of disableTotp.' })
export class DisableTotpInput {
  @Field(() => String, { nullable: true, description: PASSWORD })
  password?: string | null;

  @Field(() => String, { nullable: true, description: 'TOTP code; exactly one of code and recoveryCode.' })
  code?: string | null;

  @Field(() => String, { nullable: true, description: 'Recovery code; used up.' })
  recoveryCode?: string | null;
}

@ObjectType('DisableTotpPayload', { simpleResolvers: true, description: 'Answer of disableTotp.' })
export class DisableTotpPayload extends Payload {
  @Field(() => MfaStateType, { nullable: true, description: STATE })
  mfa?: MfaStateType | null;
}

@InputType('RegenerateRecoveryCodesInput', { description: 'Input of regenerateRecoveryCodes.' })
export class RegenerateRecoveryCodesInput {
  @Field(() => String, { description: 'TOTP code; recovery codes are refused.' })
  totpCode!: string;
}

@ObjectType('RegenerateRecoveryCodesPayload', {
  simpleResolvers: true,
  description: 'Answer of regenerateRecoveryCodes.',
})
export class RegenerateRecoveryCodesPayload extends Payload {
  @Field(() => [String], {
    nullable: true,
    description: 'Ten new recovery codes, shown once; the old ones are void; null on errors.',
  })
  recoveryCodes?: readonly string[] | null;
}

@InputType('ResetUserMfaInput', { description: 'Input of resetUserMfa.' })
export class ResetUserMfaInput extends BreakGlassInput {
  @Field(() => ID, { description: 'Whose second factors are removed, passkeys included.' })
  userId!: string;

  @Field(() => String, { description: 'Kept in the audit log, at most 500 characters.' })
  reason!: string;
}

@ObjectType('ResetUserMfaPayload', { simpleResolvers: true, description: 'Answer of resetUserMfa.' })
export class ResetUserMfaPayload extends PendingPayload {
  @Field(() => UserType, { nullable: true, description: 'The user after the change.' })
  user?: UserType | null;
}
