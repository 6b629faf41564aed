import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Clock } from '../clock.ts';
import { type Context, loadersOf } from '../context.ts';
import type { OrganizationDomainView } from '../entities/organization-domain.queries.ts';
import type { OrganizationView } from '../entities/organization.queries.ts';
import {
  AddOrganizationDomainInput,
  AddOrganizationDomainPayload,
  OrganizationDomainType,
  RemoveOrganizationDomainInput,
  RemoveOrganizationDomainPayload,
  VerifyOrganizationDomainInput,
  VerifyOrganizationDomainPayload,
} from '../schema/organization-domain.schema.ts';
import { OrganizationType } from '../schema/organization.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import { demandThere } from '../services/demand-there.ts';
import type { OrganizationDomainService } from '../services/organization-domain.service.ts';
import { outcome } from './outcome.ts';

@Resolver(() => OrganizationType)
export class OrganizationDomainResolver {
  readonly #domains: OrganizationDomainService;
  readonly #clock: Clock;

  constructor(parts: { organizationDomains: OrganizationDomainService; clock: Clock }) {
    this.#domains = parts.organizationDomains;
    this.#clock = parts.clock;
  }

  @Mutation(() => AddOrganizationDomainPayload, { nullable: true, description: 'Claims an e-mail domain.' })
  addOrganizationDomain(
    @Arg('input', () => AddOrganizationDomainInput, { description: 'Input of addOrganizationDomain.' })
    input: AddOrganizationDomainInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ domain: null }, async () => ({ domain: await this.#domains.add(signedInCaller(caller), input) }));
  }

  @Mutation(() => VerifyOrganizationDomainPayload, { nullable: true, description: 'Looks for the DNS record.' })
  verifyOrganizationDomain(
    @Arg('input', () => VerifyOrganizationDomainInput, { description: 'Input of verifyOrganizationDomain.' })
    { id }: VerifyOrganizationDomainInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ domain: null }, async () => ({ domain: await this.#domains.verify(signedInCaller(caller), id) }));
  }

  @Mutation(() => RemoveOrganizationDomainPayload, { nullable: true, description: 'Gives a domain up.' })
  removeOrganizationDomain(
    @Arg('input', () => RemoveOrganizationDomainInput, { description: 'Input of removeOrganizationDomain.' })
    { id }: RemoveOrganizationDomainInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ removedDomainId: null }, async () => ({
      removedDomainId: await this.#domains.remove(signedInCaller(caller), id),
    }));
  }

  @FieldResolver(() => [OrganizationDomainType], { nullable: true, description: 'E-mail domains, at most 50.' })
  async domains(
    @Root() { id, lineage }: OrganizationView,
    @Ctx() context: Context,
  ): Promise<readonly OrganizationDomainView[]> {
    demandThere(context.caller, 'view:organizations', { lineage }, this.#clock.now());
    return loadersOf(context).domainsOfOrganization.load(id);
  }
}
