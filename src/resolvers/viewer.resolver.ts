import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Context } from '../context.ts';
import { EffectivePermissionType } from '../schema/group.schema.ts';
import { ViewerType } from '../schema/session.schema.ts';
import type { PermissionReader } from '../services/permission-reader.ts';

@Resolver(() => ViewerType)
export class ViewerResolver {
  readonly #permissions: PermissionReader;
  readonly #clock: Clock;
  readonly #stepUpSeconds: number;

  constructor(parts: { permissions: PermissionReader; clock: Clock; stepUpSeconds: number }) {
    this.#permissions = parts.permissions;
    this.#clock = parts.clock;
    this.#stepUpSeconds = parts.stepUpSeconds;
  }

  @Query(() => ViewerType, { nullable: true, description: 'Who is calling; null = not signed in.' })
  viewer(@Ctx() { principal, caller, csrfToken }: Context): object | null {
    if (principal === null || caller.account === null) return null;
    const freshUntil = secondsAfter(principal.authenticatedAt, this.#stepUpSeconds);
    return {
      user: caller.account,
      session: caller.session === null ? null : { ...caller.session, current: true },
      permissionVersion: principal.permissionVersion,
      csrfToken,
      assuranceLevel: principal.assuranceLevel,
      freshUntil: freshUntil > this.#clock.now() ? freshUntil : null,
    };
  }

  @FieldResolver(() => [EffectivePermissionType], { description: 'What the caller may do now.' })
  permissions(@Root() _viewer: object, @Ctx() context: Context): readonly object[] {
    return this.#permissions.ofGroups(context.groupIds);
  }
}
