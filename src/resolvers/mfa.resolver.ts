import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import type { UserView } from '../entities/user.queries.ts';
import {
  ConfirmTotpEnrollmentInput,
  ConfirmTotpEnrollmentPayload,
  DisableTotpInput,
  DisableTotpPayload,
  MfaStateType,
  RegenerateRecoveryCodesInput,
  RegenerateRecoveryCodesPayload,
  ResetUserMfaInput,
  ResetUserMfaPayload,
  StartTotpEnrollmentInput,
  StartTotpEnrollmentPayload,
} from '../schema/mfa.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import type { MfaReader, MfaView } from '../services/mfa-reader.ts';
import type { TotpService } from '../services/totp.service.ts';
import { accessOutcome, outcome } from './outcome.ts';

@Resolver()
export class MfaResolver {
  readonly #totp: TotpService;
  readonly #changes: AccessChanges;
  readonly #mfa: MfaReader;

  constructor(parts: { totp: TotpService; accessChanges: AccessChanges; mfaReader: MfaReader }) {
    this.#totp = parts.totp;
    this.#changes = parts.accessChanges;
    this.#mfa = parts.mfaReader;
  }

  @Mutation(() => StartTotpEnrollmentPayload, {
    nullable: true,
    description:
      'Begins switching TOTP on; a right password also confirms the session, which must be confirmed where none is given.',
  })
  startTotpEnrollment(
    @Arg('input', () => StartTotpEnrollmentInput, { description: 'Input of startTotpEnrollment.' })
    input: StartTotpEnrollmentInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      const begun = await this.#totp.startEnrollment(signedInCaller(caller), secretOrNull(input.password));
      return { ...begun, secret: begun.secret.reveal(), otpauthUri: begun.otpauthUri.reveal() };
    });
  }

  @Mutation(() => ConfirmTotpEnrollmentPayload, { nullable: true, description: 'Switches TOTP on.' })
  confirmTotpEnrollment(
    @Arg('input', () => ConfirmTotpEnrollmentInput, { description: 'Input of confirmTotpEnrollment.' })
    input: ConfirmTotpEnrollmentInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      const codes = await this.#totp.confirmEnrollment(signedInCaller(caller), input.code);
      return { recoveryCodes: codes.map((code) => code.reveal()), mfa: await this.#stateOf(caller) };
    });
  }

  @Mutation(() => DisableTotpPayload, {
    nullable: true,
    description: 'Switches TOTP off; does nothing when off. The session must be confirmed where no password is given.',
  })
  disableTotp(
    @Arg('input', () => DisableTotpInput, { description: 'Input of disableTotp.' }) input: DisableTotpInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      await this.#totp.disable(signedInCaller(caller), {
        password: secretOrNull(input.password),
        code: input.code ?? null,
        recoveryCode: input.recoveryCode ?? null,
      });
      return { mfa: await this.#stateOf(caller) };
    });
  }

  @Mutation(() => RegenerateRecoveryCodesPayload, { nullable: true, description: 'Makes new recovery codes.' })
  regenerateRecoveryCodes(
    @Arg('input', () => RegenerateRecoveryCodesInput, { description: 'Input of regenerateRecoveryCodes.' })
    input: RegenerateRecoveryCodesInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({}, async () => {
      const codes = await this.#totp.regenerateRecoveryCodes(signedInCaller(caller), input.totpCode);
      return { recoveryCodes: codes.map((code) => code.reveal()) };
    });
  }

  @Mutation(() => ResetUserMfaPayload, {
    nullable: true,
    description: "Removes another person's second factors and ends their sessions.",
  })
  resetUserMfa(
    @Arg('input', () => ResetUserMfaInput, { description: 'Input of resetUserMfa.' }) input: ResetUserMfaInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ user: null }, () => this.#changes.run(signedInCaller(caller), 'resetUserMfa', input));
  }

  async #stateOf(caller: Context['caller']): Promise<MfaView | null> {
    const [state] = await this.#mfa.ofUsers([signedInCaller(caller).account.id]);
    return state ?? null;
  }
}

@Resolver(() => UserType)
export class UserMfaResolver {
  @FieldResolver(() => MfaStateType, { nullable: true, description: 'Second factors.' })
  mfa(@Root() user: UserView, @Ctx() context: Context): Promise<MfaView> {
    return loadersOf(context).mfa.load(user.id);
  }
}

const secretOrNull = (text: string | null | undefined): Secret<string> | null =>
  text === null || text === undefined ? null : new Secret(text);
