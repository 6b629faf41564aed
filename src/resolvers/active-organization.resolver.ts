import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import type { ListedSession } from '../entities/session-list.queries.ts';
import { SwitchOrganizationInput, SwitchOrganizationPayload } from '../schema/active-organization.schema.ts';
import { OrganizationType } from '../schema/organization.schema.ts';
import { SessionType, ViewerType } from '../schema/session.schema.ts';
import type { ActiveOrganizationService } from '../services/active-organization.service.ts';
import { signedInCaller } from '../services/caller.ts';
import { outcome } from './outcome.ts';

/** Changing the organization of the present session, and telling it. */
@Resolver(() => ViewerType)
export class ActiveOrganizationResolver {
  readonly #active: ActiveOrganizationService;

  constructor(parts: { activeOrganizations: ActiveOrganizationService }) {
    this.#active = parts.activeOrganizations;
  }

  @Mutation(() => SwitchOrganizationPayload, { nullable: true, description: 'Changes the active organization.' })
  switchOrganization(
    @Arg('input', () => SwitchOrganizationInput, { description: 'Input of switchOrganization.' })
    input: SwitchOrganizationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ organization: null, tokens: null }, () =>
      this.#active.switch(signedInCaller(caller), input.organizationId ?? null),
    );
  }

  @FieldResolver(() => OrganizationType, { nullable: true, description: 'The active organization.' })
  organization(@Root() _viewer: object, @Ctx() context: Context): Promise<OrganizationView | null> | null {
    const id = context.principal?.organizationId ?? null;
    return id === null ? null : loadersOf(context).organization.load(id);
  }
}

/** The same of a session in a list. */
@Resolver(() => SessionType)
export class SessionOrganizationResolver {
  @FieldResolver(() => OrganizationType, {
    nullable: true,
    description: 'Active organization; for members, and holders of `view:organizations` there.',
  })
  organization(
    @Root() { organizationId }: Pick<ListedSession, 'organizationId'>,
    @Ctx() context: Context,
  ): Promise<OrganizationView | null> | null {
    return organizationId === null ? null : loadersOf(context).organization.load(organizationId);
  }
}
