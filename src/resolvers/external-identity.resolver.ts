import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import type { ExternalIdentityView } from '../entities/external-identity.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { IdentityProviders } from '../providers/identity-providers.ts';
import {
  ExchangeTokenInput,
  ExchangeTokenPayload,
  ExternalIdentityType,
  ExternalProviderType,
  LinkIdentityInput,
  LinkIdentityPayload,
  UnlinkIdentityInput,
  UnlinkIdentityPayload,
} from '../schema/external-identity.schema.ts';
import { UrlScalar } from '../schema/scalars.ts';
import { SignInOptionsType } from '../schema/sign-in.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { ExternalIdentityService } from '../services/external-identity.service.ts';
import type { PresentedToken } from '../services/presented-token.ts';
import type { DomainRouting } from '../services/organization-domain-reader.ts';
import type { ProviderSignInService } from '../services/provider-sign-in.service.ts';
import { outcome } from './outcome.ts';
import { clientOf, FAILED, signInAnswer } from './sign-in-answer.ts';

const presented = (input: LinkIdentityInput): PresentedToken => ({
  issuer: input.issuer,
  subjectToken: new Secret(input.subjectToken),
  subjectTokenType: input.subjectTokenType,
});

@Resolver(() => ExternalIdentityType)
export class ExternalIdentityResolver {
  readonly #identities: ExternalIdentityService;
  readonly #providers: IdentityProviders;

  constructor(parts: { externalIdentities: ExternalIdentityService; providers: IdentityProviders }) {
    this.#identities = parts.externalIdentities;
    this.#providers = parts.providers;
  }

  @Mutation(() => ExchangeTokenPayload, { nullable: true, description: 'Signs in by a token of an external provider.' })
  exchangeToken(
    @Arg('input', () => ExchangeTokenInput, { description: 'Input of exchangeToken.' }) input: ExchangeTokenInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ ...FAILED, created: false }, async () => {
      const { outcome: result, created } = await this.#identities.exchange(context.caller, presented(input), {
        delivery: input.delivery,
        client: clientOf(context, input.client),
      });
      return { ...signInAnswer(context, result), created };
    });
  }

  @Mutation(() => LinkIdentityPayload, { nullable: true, description: 'Links an external identity to the caller.' })
  linkIdentity(
    @Arg('input', () => LinkIdentityInput, { description: 'Input of linkIdentity.' }) input: LinkIdentityInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ identity: null }, async () => ({
      identity: await this.#identities.link(signedInCaller(caller), presented(input)),
    }));
  }

  @Mutation(() => UnlinkIdentityPayload, {
    nullable: true,
    description:
      'Unlinks an external identity of the caller; sessions that began with it end, the present one excepted.',
  })
  unlinkIdentity(
    @Arg('input', () => UnlinkIdentityInput, { description: 'Input of unlinkIdentity.' }) input: UnlinkIdentityInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ identityId: null }, async () => ({
      identityId: await this.#identities.unlink(signedInCaller(caller), input.id),
    }));
  }

  @FieldResolver(() => String, { description: 'Name of the provider in the settings.' })
  providerName(@Root() identity: ExternalIdentityView): string {
    return this.#providers.nameOf(identity.issuer);
  }
}

@Resolver(() => UserType)
export class UserIdentitiesResolver {
  @FieldResolver(() => [ExternalIdentityType], {
    nullable: true,
    description: 'Linked external identities, at most 20.',
  })
  identities(@Root() user: UserView, @Ctx() context: Context): Promise<readonly ExternalIdentityView[]> {
    return loadersOf(context).identitiesOfUser.load(user.id);
  }
}

/** What the sign-in page learns about providers. Made without a look at accounts: the answer says nothing about them. */
@Resolver(() => SignInOptionsType)
export class ProviderOptionsResolver {
  readonly #routing: DomainRouting;
  readonly #signIn: ProviderSignInService;

  constructor(parts: { domainRouting: DomainRouting; providerSignIn: ProviderSignInService }) {
    this.#routing = parts.domainRouting;
    this.#signIn = parts.providerSignIn;
  }

  @FieldResolver(() => [ExternalProviderType], { description: 'Configured OpenID Connect issuers.' })
  externalProviders(): readonly object[] {
    return this.#signIn.offers();
  }

  @FieldResolver(() => UrlScalar, {
    nullable: true,
    description: 'Issuer that the domain of the given identifier belongs to; null = sign in here.',
  })
  routedIssuer(@Root() { identifier }: { readonly identifier?: string | null }): Promise<string | null> | null {
    return typeof identifier === 'string' ? this.#routing.issuerFor(identifier) : null;
  }
}
