import { Arg, Ctx, FieldResolver, Mutation, Resolver } from 'type-graphql';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import type { CaptchaGate } from '../limits/captcha.ts';
import { SignInOptionsType } from '../schema/sign-in.schema.ts';
import {
  RequestSignInCodeInput,
  RequestSignInCodePayload,
  ResendCodeInput,
  ResendCodePayload,
  SignUpInput,
  SignUpPayload,
  VerifySignInCodeInput,
  VerifySignInCodePayload,
  VerifySignUpInput,
  VerifySignUpPayload,
} from '../schema/sign-up.schema.ts';
import type { CodeSignInService } from '../services/code-sign-in.service.ts';
import type { SignUpCompletion } from '../services/sign-up-completion.ts';
import type { SignUpService } from '../services/sign-up.service.ts';
import type { VerificationService } from '../services/verification.service.ts';
import { IdentifierKind, SignInMethod, SignUpMode, VerificationMode } from '../vocabulary.ts';
import { outcome } from './outcome.ts';
import { clientOf, FAILED, secretOf, signInAnswer } from './sign-in-answer.ts';

@Resolver()
export class SignUpResolver {
  readonly #signUp: SignUpService;
  readonly #completion: SignUpCompletion;
  readonly #codes: CodeSignInService;
  readonly #verifications: VerificationService;
  readonly #captcha: CaptchaGate;

  constructor(parts: {
    signUp: SignUpService;
    signUpCompletion: SignUpCompletion;
    codeSignIn: CodeSignInService;
    verifications: VerificationService;
    captcha: CaptchaGate;
  }) {
    this.#signUp = parts.signUp;
    this.#completion = parts.signUpCompletion;
    this.#codes = parts.codeSignIn;
    this.#verifications = parts.verifications;
    this.#captcha = parts.captcha;
  }

  @Mutation(() => SignUpPayload, {
    nullable: true,
    description:
      'Makes an account for oneself. Where addresses are proved first, a known address gets the same answer.',
  })
  signUp(
    @Arg('input', () => SignUpInput, { description: 'Input of signUp.' }) input: SignUpInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ ...FAILED, verification: null, violations: [] }, async () => {
      await this.#captcha.demand(context.caller.ipAddress, secretOf(input.captchaToken));
      const result = await this.#signUp.signUp(context.caller, {
        email: input.email ?? null,
        phone: input.phone ?? null,
        username: input.username ?? null,
        password: new Secret(input.password),
        displayName: input.displayName ?? null,
        locale: input.locale ?? null,
        invitationToken: input.invitationToken ?? null,
        delivery: input.delivery,
        client: clientOf(context, input.client),
      });
      return { ...signInAnswer(context, result), verification: result.verification, violations: [] };
    });
  }

  @Mutation(() => VerifySignUpPayload, {
    nullable: true,
    description: 'Completes a sign-up by the code that was sent, and signs in.',
  })
  verifySignUp(
    @Arg('input', () => VerifySignUpInput, { description: 'Input of verifySignUp.' }) input: VerifySignUpInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome(FAILED, async () => {
      const { verificationToken } = input;
      const client = clientOf(context, null);
      const given = { verificationToken, code: new Secret(input.code), client };
      return signInAnswer(context, await this.#completion.verify(context.caller, given));
    });
  }

  @Mutation(() => ResendCodePayload, { nullable: true, description: 'Sends a code again.' })
  resendCode(
    @Arg('input', () => ResendCodeInput, { description: 'Input of resendCode.' }) input: ResendCodeInput,
  ): Promise<object> {
    return outcome({ verification: null, retryAfterSeconds: null }, () =>
      this.#verifications.resend(input.verificationToken),
    );
  }

  @Mutation(() => RequestSignInCodePayload, {
    nullable: true,
    description: 'Sends a code or link to sign in; for STEP_UP a code to the signed-in caller.',
  })
  requestSignInCode(
    @Arg('input', () => RequestSignInCodeInput, { description: 'Input of requestSignInCode.' })
    input: RequestSignInCodeInput,
    @Ctx() context: Context,
  ): Promise<object> {
    const { identifier = null, purpose, form } = input;
    return outcome({ verification: null, retryAfterSeconds: null }, () =>
      this.#codes.request(context.caller, { identifier, purpose, form, client: clientOf(context, null) }),
    );
  }

  @Mutation(() => VerifySignInCodePayload, { nullable: true, description: 'Signs in by code or link.' })
  verifySignInCode(
    @Arg('input', () => VerifySignInCodeInput, { description: 'Input of verifySignInCode.' })
    input: VerifySignInCodeInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome(FAILED, async () => {
      const result = await this.#codes.verify(context.caller, {
        verificationToken: input.verificationToken ?? null,
        code: secretOf(input.code),
        linkToken: secretOf(input.linkToken),
        delivery: input.delivery,
        client: clientOf(context, input.client),
      });
      return signInAnswer(context, result);
    });
  }
}

/** What a sign-in page learns of the settings. */
@Resolver(() => SignInOptionsType)
export class SignUpOptionsResolver {
  readonly #config: Config;

  constructor(parts: { config: Config }) {
    this.#config = parts.config;
  }

  @FieldResolver(() => [SignInMethod], { description: 'Ways to sign in that are switched on.' })
  methods(): readonly SignInMethod[] {
    const { signIn, providers } = this.#config;
    return [...signIn.methods, 'PASSKEY', ...(providers.issuers.length > 0 ? (['EXTERNAL_PROVIDER'] as const) : [])];
  }

  @FieldResolver(() => SignUpMode, { description: 'Who can sign up.' })
  signUpMode(): SignUpMode {
    return this.#config.signUp.mode;
  }

  @FieldResolver(() => VerificationMode, { description: 'Whether a new address must be proved.' })
  verificationMode(): VerificationMode {
    return this.#config.signUp.verification;
  }

  @FieldResolver(() => [IdentifierKind], { description: 'What people may sign up with.' })
  identifierKinds(): readonly IdentifierKind[] {
    return this.#config.signUp.identifiers;
  }

  @FieldResolver(() => Boolean, { description: 'Devices can be trusted instead of a second factor.' })
  trustedDevices(): boolean {
    return this.#config.devices.trustSeconds > 0;
  }
}
