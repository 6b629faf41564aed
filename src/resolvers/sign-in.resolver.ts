import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import {
  ConfirmIdentityInput,
  ConfirmIdentityPayload,
  PasswordPolicyType,
  RefreshSessionInput,
  RefreshSessionPayload,
  SetPasswordWithTokenInput,
  SetPasswordWithTokenPayload,
  SetUpFirstAdminInput,
  SetUpFirstAdminPayload,
  type SignInClientInput,
  SignInInput,
  SignInOptionsType,
  SignInPayload,
  SignOutEverywhereInput,
  SignOutEverywherePayload,
  SignOutInput,
  SignOutPayload,
  TokenStatusType,
} from '../schema/sign-in.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PasswordTokenService } from '../services/password-token.service.ts';
import type { RefreshService } from '../services/refresh.service.ts';
import type { ClientFacts, SessionService, StartedSession } from '../services/session.service.ts';
import type { SetupService } from '../services/setup.service.ts';
import type { SignInService } from '../services/sign-in.service.ts';
import { readClient } from '../services/text.ts';
import { outcome } from './outcome.ts';

const FAILED = { step: 'FAILED', user: null, tokens: null, challenge: null } as const;

@Resolver()
export class SignInResolver {
  readonly #signIn: SignInService;
  readonly #refresh: RefreshService;
  readonly #sessions: SessionService;
  readonly #setup: SetupService;
  readonly #passwordTokens: PasswordTokenService;
  readonly #passwords: Config['passwords'];

  constructor(parts: {
    signIn: SignInService;
    refresh: RefreshService;
    sessions: SessionService;
    setup: SetupService;
    passwordTokens: PasswordTokenService;
    passwords: Config['passwords'];
  }) {
    this.#signIn = parts.signIn;
    this.#refresh = parts.refresh;
    this.#sessions = parts.sessions;
    this.#setup = parts.setup;
    this.#passwordTokens = parts.passwordTokens;
    this.#passwords = parts.passwords;
  }

  @Query(() => SignInOptionsType, { nullable: true, description: 'What a sign-in page has to offer.' })
  async signInOptions(): Promise<object> {
    return { identifierKinds: ['EMAIL', 'PHONE', 'USERNAME'], setupRequired: !(await this.#setup.isDone()) };
  }

  @Query(() => PasswordPolicyType, { nullable: true, description: 'The rules that a password must meet.' })
  passwordPolicy(): object {
    const { minimumLength, maximumBytes } = this.#passwords;
    return { minLength: minimumLength, maxBytes: maximumBytes, personalDataChecked: true };
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
      const result = await this.#signIn.signIn(context.caller, {
        identifier: input.identifier,
        password: new Secret(input.password),
        delivery: input.delivery,
        client: clientOf(input.client),
      });
      if (result.step === 'COMPLETE') return { ...result, tokens: handOver(context, result.started) };
      return { step: result.step, challenge: result.challenge };
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
      const { user, started } = await this.#setup.setUpFirstAdmin(context.caller, {
        setupToken: input.setupToken,
        email: input.email,
        displayName: input.displayName,
        delivery: input.delivery,
        password: new Secret(input.password),
        client: clientOf(input.client),
      });
      return { step: 'COMPLETE', user, tokens: handOver(context, started), violations: [] };
    });
  }

  @Mutation(() => SetPasswordWithTokenPayload, {
    nullable: true,
    description: 'Sets the password of the account that a token names, and ends its sessions.',
  })
  setPasswordWithToken(
    @Arg('input', () => SetPasswordWithTokenInput, { description: 'Input of setPasswordWithToken.' })
    input: SetPasswordWithTokenInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ ...FAILED, violations: [] }, async () => {
      const { user, started } = await this.#passwordTokens.setPassword(context.caller, {
        token: input.token,
        newPassword: new Secret(input.newPassword),
        delivery: input.delivery ?? null,
        client: clientOf(input.client),
      });
      if (started === null) return { step: 'COMPLETE', violations: [] };
      return { step: 'COMPLETE', user, tokens: handOver(context, started), violations: [] };
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
    return outcome({}, () => this.#signIn.confirmIdentity(signedInCaller(caller), new Secret(input.password)));
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

const clientOf = (input: SignInClientInput | null | undefined): ClientFacts =>
  readClient({ clientName: input?.clientName ?? null, deviceName: input?.deviceName ?? null });

/** Puts the session of a cookie client into its cookie; gives what stands in the answer. */
const handOver = ({ cookie }: Context, started: StartedSession): object => {
  if (started.cookie !== null) cookie.set(started.cookie.token, started.cookie.expiresAt);
  return started.tokens;
};
