import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import {
  CompleteMfaInput,
  CompleteMfaPayload,
  ConfirmIdentityInput,
  ConfirmIdentityPayload,
  PasswordPolicyType,
  RefreshSessionInput,
  RefreshSessionPayload,
  SignInInput,
  SignInOptionsType,
  SignInPayload,
  SignOutEverywhereInput,
  SignOutEverywherePayload,
  SignOutInput,
  SignOutPayload,
} from '../schema/sign-in.schema.ts';
import {
  SetPasswordWithTokenInput,
  SetPasswordWithTokenPayload,
  SetUpFirstAdminInput,
  SetUpFirstAdminPayload,
  TokenStatusType,
} from '../schema/password-token.schema.ts';
import type { CaptchaGate } from '../limits/captcha.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PasswordTokenService } from '../services/password-token.service.ts';
import type { RefreshService } from '../services/refresh.service.ts';
import type { SessionService } from '../services/session.service.ts';
import type { SignInFlow } from '../services/sign-in-flow.ts';
import type { StepUpService } from '../services/step-up.service.ts';
import type { SetupService } from '../services/setup.service.ts';
import type { SignInService } from '../services/sign-in.service.ts';
import { outcome } from './outcome.ts';
import { clientOf, FAILED, secretOf, signInAnswer } from './sign-in-answer.ts';

@Resolver()
export class SignInResolver {
  readonly #signIn: SignInService;
  readonly #flow: SignInFlow;
  readonly #stepUp: StepUpService;
  readonly #captcha: CaptchaGate;
  readonly #refresh: RefreshService;
  readonly #sessions: SessionService;
  readonly #setup: SetupService;
  readonly #passwordTokens: PasswordTokenService;
  readonly #passwords: Config['passwords'];

  constructor(parts: {
    signIn: SignInService;
    signInFlow: SignInFlow;
    stepUp: StepUpService;
    captcha: CaptchaGate;
    refresh: RefreshService;
    sessions: SessionService;
    setup: SetupService;
    passwordTokens: PasswordTokenService;
    passwords: Config['passwords'];
  }) {
    this.#signIn = parts.signIn;
    this.#flow = parts.signInFlow;
    this.#stepUp = parts.stepUp;
    this.#captcha = parts.captcha;
    this.#refresh = parts.refresh;
    this.#sessions = parts.sessions;
    this.#setup = parts.setup;
    this.#passwordTokens = parts.passwordTokens;
    this.#passwords = parts.passwords;
  }

  @Query(() => SignInOptionsType, { nullable: true, description: 'What a sign-in page has to offer.' })
  async signInOptions(
    @Arg('identifier', () => String, {
      nullable: true,
      description:
        'Address typed; its domain may name an issuer. The answer does not depend on whether an account exists.',
    })
    identifier: string | null | undefined,
  ): Promise<object> {
    const setupRequired = !(await this.#setup.isDone());
    return { setupRequired, identifier: identifier ?? null };
  }

  @Query(() => PasswordPolicyType, { nullable: true, description: 'The rules that a password must meet.' })
  passwordPolicy(): object {
    const { minimumLength, maximumBytes, historySize } = this.#passwords;
    return {
      minLength: minimumLength,
      maxBytes: maximumBytes,
      historySize,
      breachListChecked: true,
      personalDataChecked: true,
    };
  }

  @Query(() => TokenStatusType, {
    nullable: true,
    description: 'What a mailed token is good for; does not consume it.',
  })
  tokenStatus(@Arg('token', () => String, { description: 'Token from the link.' }) token: string): Promise<object> {
    return this.#passwordTokens.status(token);
  }

  @Mutation(() => SignInPayload, { nullable: true, description: 'Signs in by password.' })
  signIn(
    @Arg('input', () => SignInInput, { description: 'Input of signIn.' }) input: SignInInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome(FAILED, async () => {
      await this.#captcha.demand(context.caller.ipAddress, secretOf(input.captchaToken));
      const result = await this.#signIn.signIn(context.caller, {
        identifier: input.identifier,
        password: new Secret(input.password),
        delivery: input.delivery,
        client: clientOf(context, input.client),
        mfaCode: secretOf(input.mfaCode),
      });
      return signInAnswer(context, result);
    });
  }

  @Mutation(() => CompleteMfaPayload, {
    nullable: true,
    description: 'Answers the challenge of MFA_REQUIRED with a second factor.',
  })
  completeMfa(
    @Arg('input', () => CompleteMfaInput, { description: 'Input of completeMfa.' }) input: CompleteMfaInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome(FAILED, async () => {
      const result = await this.#flow.completeMfa(context.caller, {
        challengeToken: input.challengeToken,
        code: secretOf(input.code),
        recoveryCode: secretOf(input.recoveryCode),
        passkeyResponse: (input.passkeyResponse as Record<string, unknown> | null | undefined) ?? null,
        trustDevice: input.trustDevice ?? false,
        client: clientOf(context, null),
      });
      return signInAnswer(context, result);
    });
  }

  @Mutation(() => SetUpFirstAdminPayload, {
    nullable: true,
    description: 'Makes the first administrator and signs in; only while none has ever existed.',
  })
  setUpFirstAdmin(
    @Arg('input', () => SetUpFirstAdminInput, { description: 'Input of setUpFirstAdmin.' }) input: SetUpFirstAdminInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ ...FAILED, violations: [] }, async () => {
      const result = await this.#setup.setUpFirstAdmin(context.caller, {
        setupToken: input.setupToken,
        email: input.email,
        displayName: input.displayName,
        delivery: input.delivery,
        password: new Secret(input.password),
        client: clientOf(context, input.client),
      });
      return { ...signInAnswer(context, result), violations: [] };
    });
  }

  @Mutation(() => SetPasswordWithTokenPayload, {
    nullable: true,
    description:
      'Sets a password by a mailed or challenge token; ends all sessions, keeps MFA, activates an invited account.',
  })
  setPasswordWithToken(
    @Arg('input', () => SetPasswordWithTokenInput, { description: 'Input of setPasswordWithToken.' })
    input: SetPasswordWithTokenInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ ...FAILED, violations: [] }, async () => {
      const result = await this.#passwordTokens.setPassword(context.caller, {
        token: input.token,
        newPassword: new Secret(input.newPassword),
        delivery: input.delivery ?? null,
        client: clientOf(context, input.client),
      });
      if (result === null) return { step: 'COMPLETE', violations: [] };
      return { ...signInAnswer(context, result), violations: [] };
    });
  }

  @Mutation(() => RefreshSessionPayload, { nullable: true, description: 'Rotates the refresh token.' })
  refreshSession(
    @Arg('input', () => RefreshSessionInput, { description: 'Input of refreshSession.' }) input: RefreshSessionInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ tokens: null }, async () => ({ tokens: await this.#refresh.refresh(caller, input.refreshToken) }));
  }

  @Mutation(() => ConfirmIdentityPayload, {
    nullable: true,
    description: 'Proves the identity again and raises the session (step-up).',
  })
  confirmIdentity(
    @Arg('input', () => ConfirmIdentityInput, { description: 'Input of confirmIdentity.' }) input: ConfirmIdentityInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({}, () =>
      this.#stepUp.confirmIdentity(signedInCaller(caller), {
        password: secretOf(input.password),
        code: secretOf(input.code),
        verificationToken: input.verificationToken ?? null,
        passkey: input.passkey ?? null,
      }),
    );
  }

  @Mutation(() => SignOutPayload, { nullable: true, description: 'Ends the present session.' })
  signOut(
    @Arg('input', () => SignOutInput, { description: 'Input of signOut.' }) input: SignOutInput,
    @Ctx() { caller, cookie }: Context,
  ): Promise<object> {
    return outcome({ sessionId: null }, async () => {
      const sessionId = await this.#sessions.signOut(signedInCaller(caller), input.reason ?? null);
      cookie.clear();
      return { sessionId };
    });
  }

  @Mutation(() => SignOutEverywherePayload, { nullable: true, description: 'Ends all sessions of the caller.' })
  signOutEverywhere(
    @Arg('input', () => SignOutEverywhereInput, { description: 'Input of signOutEverywhere.' })
    input: SignOutEverywhereInput,
    @Ctx() { caller, cookie }: Context,
  ): Promise<object> {
    return outcome({ endedSessionCount: null }, async () => {
      const count = await this.#sessions.signOutEverywhere(signedInCaller(caller), input.exceptCurrent);
      if (!input.exceptCurrent) cookie.clear();
      return { endedSessionCount: count };
    });
  }
}
