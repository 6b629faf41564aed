import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import {
  ChangePasswordInput,
  ChangePasswordPayload,
  RequestPasswordResetInput,
  RequestPasswordResetPayload,
} from '../schema/password.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PasswordChangeService } from '../services/password-change.service.ts';
import type { ResetRequests } from '../services/reset-requests.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class PasswordResolver {
  readonly #changes: PasswordChangeService;
  readonly #resets: ResetRequests;

  constructor(parts: { passwordChanges: PasswordChangeService; resetRequests: ResetRequests }) {
    this.#changes = parts.passwordChanges;
    this.#resets = parts.resetRequests;
  }

  @Mutation(() => RequestPasswordResetPayload, {
    nullable: true,
    description: 'Sends a reset link, or the set-up link of an invitation; always the same answer.',
  })
  requestPasswordReset(
    @Arg('input', () => RequestPasswordResetInput, { description: 'Input of requestPasswordReset.' })
    input: RequestPasswordResetInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ accepted: false }, async () => {
      await this.#resets.ask(caller, input.email);
      return { accepted: true };
    });
  }

  @Mutation(() => ChangePasswordPayload, {
    nullable: true,
    description: "Changes the caller's password and ends their other sessions.",
  })
  changePassword(
    @Arg('input', () => ChangePasswordInput, { description: 'Input of changePassword.' }) input: ChangePasswordInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ violations: [] }, async () => ({
      ...(await this.#changes.change(signedInCaller(caller), {
        currentPassword: input.currentPassword == null ? null : new Secret(input.currentPassword),
        newPassword: new Secret(input.newPassword),
      })),
      violations: [],
    }));
  }
}
