import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MfaStateType } from './mfa.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar, JsonObjectScalar } from './scalars.ts';
import { HandOverInput, PasskeyAssertionInput, SignInResultType } from './sign-in.schema.ts';

const CHALLENGE_END = 'End of the challenge.';

@ObjectType('Passkey', { simpleResolvers: true, description: 'A WebAuthn credential.', implements: NodeType })
export class PasskeyType extends NodeType {
  @Field(() => ID, { description: 'UUIDv7; not the WebAuthn credential id.' })
  override id!: string;

  @Field(() => String, { description: 'Name given by the person.' })
  name!: string;

  @Field(() => Boolean, { description: 'It cannot be synchronised to other devices.' })
  deviceBound!: boolean;

  @Field(() => Boolean, { description: 'Its provider keeps a copy.' })
  backedUp!: boolean;

  @Field(() => [String], { description: 'WebAuthn transports: usb, nfc, ble, internal, hybrid.' })
  transports!: readonly string[];

  @Field(() => DateTimeScalar, { description: 'When it was registered.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Last use.' })
  lastUsedAt!: Date | null;
}

@InputType('StartPasskeySignInInput', { description: 'Input of startPasskeySignIn.' })
export class StartPasskeySignInInput {
  @Field(() => String, {
    nullable: true,
    description: "Whose passkeys; absent = any passkey of this site, or the signed-in caller's own.",
  })
  identifier?: string | null;
}

@ObjectType('StartPasskeySignInPayload', { simpleResolvers: true, description: 'Answer of startPasskeySignIn.' })
export class StartPasskeySignInPayload extends Payload {
  @Field(() => JsonObjectScalar, { nullable: true, description: 'WebAuthn PublicKeyCredentialRequestOptionsJSON.' })
  options?: object | null;

  @Field(() => String, { nullable: true, description: 'Handed back with the proof.' })
  challengeToken?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: CHALLENGE_END })
  expiresAt?: Date | null;
}

@InputType('CompletePasskeySignInInput', { description: 'Input of completePasskeySignIn.' })
export class CompletePasskeySignInInput extends HandOverInput {
  @Field(() => PasskeyAssertionInput, { description: 'The proof.' })
  passkey!: PasskeyAssertionInput;
}

@ObjectType('CompletePasskeySignInPayload', {
  simpleResolvers: true,
  description: 'Answer of completePasskeySignIn.',
  implements: SignInResultType,
})
export class CompletePasskeySignInPayload extends SignInResultType {}

@InputType('StartPasskeyRegistrationInput', { description: 'Input of startPasskeyRegistration.' })
export class StartPasskeyRegistrationInput {
  @Field(() => String, { nullable: true, description: 'Present password; without it the caller must be confirmed.' })
  password?: string | null;
}

@ObjectType('StartPasskeyRegistrationPayload', {
  simpleResolvers: true,
  description: 'Answer of startPasskeyRegistration.',
})
export class StartPasskeyRegistrationPayload extends Payload {
  @Field(() => JsonObjectScalar, { nullable: true, description: 'WebAuthn PublicKeyCredentialCreationOptionsJSON.' })
  options?: object | null;

  @Field(() => String, { nullable: true, description: 'Handed back with the response.' })
  challengeToken?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: CHALLENGE_END })
  expiresAt?: Date | null;
}

@InputType('CompletePasskeyRegistrationInput', { description: 'Input of completePasskeyRegistration.' })
export class CompletePasskeyRegistrationInput {
  @Field(() => String, { description: 'Token of startPasskeyRegistration.' })
  challengeToken!: string;

  @Field(() => JsonObjectScalar, { description: "The browser's RegistrationResponseJSON." })
  response!: Readonly<Record<string, unknown>>;

  @Field(() => String, { description: 'Name for the list, at most 100 characters.' })
  name!: string;
}

@ObjectType('CompletePasskeyRegistrationPayload', {
  simpleResolvers: true,
  description: 'Answer of completePasskeyRegistration.',
})
export class CompletePasskeyRegistrationPayload extends Payload {
  @Field(() => PasskeyType, { nullable: true, description: 'The new passkey.' })
  passkey?: PasskeyType | null;
}

@InputType('RenamePasskeyInput', { description: 'Input of renamePasskey.' })
export class RenamePasskeyInput {
  @Field(() => ID, { description: 'Passkey.' })
  id!: string;

  @Field(() => String, { description: 'New name, at most 100 characters.' })
  name!: string;
}

@ObjectType('RenamePasskeyPayload', { simpleResolvers: true, description: 'Answer of renamePasskey.' })
export class RenamePasskeyPayload extends Payload {
  @Field(() => PasskeyType, { nullable: true, description: 'The passkey after the change.' })
  passkey?: PasskeyType | null;
}

@InputType('RemovePasskeyInput', { description: 'Input of removePasskey.' })
export class RemovePasskeyInput {
  @Field(() => ID, { description: 'Passkey; the last way to sign in cannot be removed.' })
  id!: string;
}

@ObjectType('RemovePasskeyPayload', { simpleResolvers: true, description: 'Answer of removePasskey.' })
export class RemovePasskeyPayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'The passkey that was removed.' })
  passkeyId?: string | null;

  @Field(() => MfaStateType, { nullable: true, description: 'Second factors now.' })
  mfa?: MfaStateType | null;
}
