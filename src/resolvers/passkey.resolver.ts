import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import type { PasskeyView } from '../entities/passkey.queries.ts';
import { MfaStateType } from '../schema/mfa.schema.ts';
import {
  CompletePasskeyRegistrationInput,
  CompletePasskeyRegistrationPayload,
  CompletePasskeySignInInput,
  CompletePasskeySignInPayload,
  PasskeyType,
  RemovePasskeyInput,
  RemovePasskeyPayload,
  RenamePasskeyInput,
  RenamePasskeyPayload,
  StartPasskeyRegistrationInput,
  StartPasskeyRegistrationPayload,
  StartPasskeySignInInput,
  StartPasskeySignInPayload,
} from '../schema/passkey.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { MfaView } from '../services/mfa-reader.ts';
import type { PasskeyRegistrationService } from '../services/passkey-registration.service.ts';
import type { PasskeyService } from '../services/passkey.service.ts';
import { outcome } from './outcome.ts';
import { clientOf, FAILED, signInAnswer } from './sign-in-answer.ts';

@Resolver()
export class PasskeyResolver {
  readonly #passkeys: PasskeyService;
  readonly #registration: PasskeyRegistrationService;

  constructor(parts: { passkeys: PasskeyService; passkeyRegistration: PasskeyRegistrationService }) {
    this.#passkeys = parts.passkeys;
    this.#registration = parts.passkeyRegistration;
  }

  @Mutation(() => StartPasskeySignInPayload, { nullable: true, description: 'Begins a passkey sign-in or proof.' })
  startPasskeySignIn(
    @Arg('input', () => StartPasskeySignInInput, { description: 'Input of startPasskeySignIn.' })
    input: StartPasskeySignInInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({}, () => this.#passkeys.startSignIn(caller, input.identifier ?? null));
  }

  @Mutation(() => CompletePasskeySignInPayload, { nullable: true, description: 'Signs in by passkey.' })
  completePasskeySignIn(
    @Arg('input', () => CompletePasskeySignInInput, { description: 'Input of completePasskeySignIn.' })
    input: CompletePasskeySignInInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome(FAILED, async () => {
      const result = await this.#passkeys.completeSignIn(context.caller, {
        answer: input.passkey,
        delivery: input.delivery,
        client: clientOf(context, input.client),
      });
      return signInAnswer(context, result);
    });
  }

  @Mutation(() => StartPasskeyRegistrationPayload, {
    nullable: true,
    description:
      'Begins registering a passkey; a right password also confirms the session, which must be confirmed where none is given.',
  })
  startPasskeyRegistration(
    @Arg('input', () => StartPasskeyRegistrationInput, { description: 'Input of startPasskeyRegistration.' })
    { password }: StartPasskeyRegistrationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    const secret = password === null || password === undefined ? null : new Secret(password);
    return outcome({}, () => this.#registration.start(signedInCaller(caller), secret));
  }

  @Mutation(() => CompletePasskeyRegistrationPayload, { nullable: true, description: 'Registers the passkey.' })
  completePasskeyRegistration(
    @Arg('input', () => CompletePasskeyRegistrationInput, { description: 'Input of completePasskeyRegistration.' })
    input: CompletePasskeyRegistrationInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      const passkey = await this.#registration.complete(signedInCaller(context.caller), input);
      forgetPasskeys(context);
      return { passkey };
    });
  }

  @Mutation(() => RenamePasskeyPayload, { nullable: true, description: 'Renames an own passkey.' })
  renamePasskey(
    @Arg('input', () => RenamePasskeyInput, { description: 'Input of renamePasskey.' }) input: RenamePasskeyInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      const passkey = await this.#registration.rename(signedInCaller(context.caller), input);
      forgetPasskeys(context);
      return { passkey };
    });
  }

  @Mutation(() => RemovePasskeyPayload, { nullable: true, description: 'Removes an own passkey.' })
  removePasskey(
    @Arg('input', () => RemovePasskeyInput, { description: 'Input of removePasskey.' }) { id }: RemovePasskeyInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      const caller = signedInCaller(context.caller);
      const passkeyId = await this.#registration.remove(caller, id);
      forgetPasskeys(context);
      return { passkeyId, mfa: await loadersOf(context).mfa.load(caller.account.id) };
    });
  }
}

@Resolver(() => MfaStateType)
export class MfaPasskeysResolver {
  @FieldResolver(() => [PasskeyType], { description: 'Registered passkeys, at most 20.' })
  passkeys(@Root() { userId }: MfaView, @Ctx() context: Context): Promise<readonly PasskeyView[]> {
    return loadersOf(context).passkeysOfUser.load(userId);
  }
}

/** Another operation of the same request may have read them before the change. */
const forgetPasskeys = (context: Context): void => {
  loadersOf(context).passkeysOfUser.clear(signedInCaller(context.caller).account.id);
};
