import { Args, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { CheckPermissionsArgs, PermissionDecisionsType } from '../schema/permission-check.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PermissionCheckService } from '../services/permission-check.service.ts';

@Resolver()
export class PermissionCheckResolver {
  readonly #checks: PermissionCheckService;

  constructor(parts: { permissionChecks: PermissionCheckService }) {
    this.#checks = parts.permissionChecks;
  }

  @Query(() => PermissionDecisionsType, {
    nullable: true,
    description: "Decisions for other subgraphs, in one round trip. The caller's own; others' require `view:groups`.",
  })
  checkPermissions(
    @Args(() => CheckPermissionsArgs) { checks, subject }: CheckPermissionsArgs,
    @Ctx() { caller, assignments }: Context,
  ): Promise<object> {
    return this.#checks.check({ ...signedInCaller(caller), assignments }, checks, subject ?? null);
  }
}
