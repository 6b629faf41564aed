import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Clock } from '../clock.ts';
import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import type { UserView } from '../entities/user.queries.ts';
import {
  ConfirmEmailChangeInput,
  ConfirmEmailChangePayload,
  DeleteOwnAccountInput,
  DeleteOwnAccountPayload,
  RequestEmailChangeInput,
  RequestEmailChangePayload,
  UpdateProfileInput,
  UpdateProfilePayload,
} from '../schema/profile.schema.ts';
import { JsonObjectScalar } from '../schema/scalars.ts';
import { SignInOptionsType } from '../schema/sign-in.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import type { AttributeValues, UserAttributes } from '../services/attributes.ts';
import { signedInCaller } from '../services/caller.ts';
import type { EmailChangeService } from '../services/email-change.service.ts';
import type { OwnAccountService } from '../services/own-account.service.ts';
import type { ProfileService } from '../services/profile.service.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class ProfileResolver {
  readonly #profiles: ProfileService;
  readonly #emailChanges: EmailChangeService;
  readonly #ownAccounts: OwnAccountService;

  constructor(parts: { profiles: ProfileService; emailChanges: EmailChangeService; ownAccounts: OwnAccountService }) {
    this.#profiles = parts.profiles;
    this.#emailChanges = parts.emailChanges;
    this.#ownAccounts = parts.ownAccounts;
  }

  @Mutation(() => UpdateProfilePayload, { nullable: true, description: "Changes the caller's own name or language." })
  updateProfile(
    @Arg('input', () => UpdateProfileInput, { description: 'Input of updateProfile.' }) input: UpdateProfileInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ user: null }, async () => ({ user: await this.#profiles.update(signedInCaller(caller), input) }));
  }

  @Mutation(() => RequestEmailChangePayload, {
    nullable: true,
    description:
      'Sends a link to a new address of the caller; the session must be confirmed where no password is given.',
  })
  requestEmailChange(
    @Arg('input', () => RequestEmailChangeInput, { description: 'Input of requestEmailChange.' })
    input: RequestEmailChangeInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ pendingEmail: null, expiresAt: null }, () =>
      this.#emailChanges.request(signedInCaller(caller), {
        newEmail: input.newEmail,
        currentPassword: secretOrNull(input.currentPassword),
        idempotencyKey: input.idempotencyKey ?? null,
      }),
    );
  }

  @Mutation(() => ConfirmEmailChangePayload, { nullable: true, description: 'Makes the new address count.' })
  confirmEmailChange(
    @Arg('input', () => ConfirmEmailChangeInput, { description: 'Input of confirmEmailChange.' })
    input: ConfirmEmailChangeInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ email: null }, async () => ({ email: await this.#emailChanges.confirm(caller, input.token) }));
  }

  @Mutation(() => DeleteOwnAccountPayload, {
    nullable: true,
    description:
      "Deletes the caller's account, where signInOptions allows it; the session must be confirmed where no password is given.",
  })
  deleteOwnAccount(
    @Arg('input', () => DeleteOwnAccountInput, { description: 'Input of deleteOwnAccount.' })
    input: DeleteOwnAccountInput,
    @Ctx() { caller, cookie }: Context,
  ): Promise<object> {
    return outcome({ deletedUserId: null }, async () => {
      const deletedUserId = await this.#ownAccounts.delete(signedInCaller(caller), {
        currentPassword: secretOrNull(input.currentPassword),
        confirmation: input.confirmation,
      });
      cookie.clear();
      return { deletedUserId };
    });
  }
}

@Resolver(() => UserType)
export class UserAttributesResolver {
  readonly #attributes: UserAttributes;
  readonly #clock: Clock;

  constructor(parts: { attributes: UserAttributes; clock: Clock }) {
    this.#attributes = parts.attributes;
    this.#clock = parts.clock;
  }

  @FieldResolver(() => JsonObjectScalar, {
    description: 'Values of declared custom attributes that the caller may see.',
  })
  attributes(@Root() user: UserView, @Ctx() { principal }: Context): AttributeValues {
    // Without a principal the caller is about to become one: what is their own they read in the session that begins.
    if (principal === null) return {};
    return this.#attributes.shownTo({ principal, now: this.#clock.now() }, user);
  }
}

/** What the sign-in page learns about leaving. */
@Resolver(() => SignInOptionsType)
export class AccountOptionsResolver {
  readonly #ownAccounts: OwnAccountService;

  constructor(parts: { ownAccounts: OwnAccountService }) {
    this.#ownAccounts = parts.ownAccounts;
  }

  @FieldResolver(() => Boolean, { description: 'People may delete their own accounts.' })
  accountDeletion(): boolean {
    return this.#ownAccounts.canBeDeleted;
  }
}

const secretOrNull = (text: string | null | undefined): Secret<string> | null =>
  text === null || text === undefined ? null : new Secret(text);
