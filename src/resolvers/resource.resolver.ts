import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { ListedApiKey } from '../entities/api-key.queries.ts';
import { ApiKeyType } from '../schema/api-key.schema.ts';
import { PermissionDefinitionType } from '../schema/permission.schema.ts';
import { RegisterResourcesInput, RegisterResourcesPayload, ResourceDefinitionType } from '../schema/resource.schema.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import type { GroupDirectory } from '../services/group-directory.ts';
import { type ResourceDefinition, resourceDefinitionOf } from '../services/resource-definitions.ts';
import { accessOutcome } from './outcome.ts';

@Resolver(() => ResourceDefinitionType)
export class ResourceResolver {
  readonly #changes: AccessChanges;

  constructor(parts: { accessChanges: AccessChanges }) {
    this.#changes = parts.accessChanges;
  }

  @Mutation(() => RegisterResourcesPayload, {
    nullable: true,
    description: "Declares an application's resources and system groups.",
  })
  registerResources(
    @Arg('input', () => RegisterResourcesInput, { description: 'Input of registerResources.' })
    input: RegisterResourcesInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ resources: [], systemGroups: [] }, () =>
      this.#changes.run(signedInCaller(caller), 'registerResources', input),
    );
  }

  @FieldResolver(() => ApiKeyType, {
    nullable: true,
    description: "The key that registered it; null for Gatehouse's own.",
  })
  async registeredBy(
    @Root() { registeredById }: ResourceDefinition,
    @Ctx() context: Context,
  ): Promise<ListedApiKey | null> {
    return registeredById === null ? null : loadersOf(context).apiKey.load(registeredById);
  }
}

/** The resource of an entry of the catalogue, as a field. */
@Resolver(() => PermissionDefinitionType)
export class PermissionResourceResolver {
  readonly #directory: GroupDirectory;

  constructor(parts: { directory: GroupDirectory }) {
    this.#directory = parts.directory;
  }

  @FieldResolver(() => ResourceDefinitionType, { description: 'Its resource.' })
  resourceDefinition(@Root() { resource }: { readonly resource: string }): ResourceDefinition {
    return resourceDefinitionOf(resource, this.#directory.catalogue);
  }
}
