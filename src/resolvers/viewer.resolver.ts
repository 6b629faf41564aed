import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Context } from '../context.ts';
import { EffectivePermissionType } from '../schema/group.schema.ts';
import { ViewerType } from '../schema/session.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { PermissionReader } from '../services/permission-reader.ts';
import { missingFactorDueAt } from '../services/second-factor-policy.ts';

@Resolver(() => ViewerType)
export class ViewerResolver {
  readonly #permissions: PermissionReader;
  readonly #clock: Clock;
  readonly #stepUpSeconds: number;
  readonly #mfa: Config['mfa'];

  constructor(parts: { permissions: PermissionReader; clock: Clock; config: Pick<Config, 'tokens' | 'mfa'> }) {
    this.#permissions = parts.permissions;
    this.#clock = parts.clock;
    this.#stepUpSeconds = parts.config.tokens.stepUpSeconds;
    this.#mfa = parts.config.mfa;
  }

  @Query(() => ViewerType, { nullable: true, description: 'Who is calling; null = not signed in.' })
  viewer(@Ctx() { principal, caller, csrfToken }: Context): object | null {
    if (principal === null || caller.account === null) return null;
    const freshUntil = secondsAfter(principal.authenticatedAt, this.#stepUpSeconds);
    return {
      user: caller.account,
      session: caller.session,
      permissionVersion: principal.permissionVersion,
      csrfToken,
      assuranceLevel: principal.assuranceLevel,
      // What the actor proved confirms nobody else, and a key proves no identity, however new it is.
      freshUntil:
        principal.via === 'session' && principal.actorId === null && freshUntil > this.#clock.now() ? freshUntil : null,
      mfaGraceUntil: missingFactorDueAt(principal, this.#mfa),
    };
  }

  @FieldResolver(() => [EffectivePermissionType], { description: 'What the caller may do now.' })
  permissions(@Root() _viewer: object, @Ctx() context: Context): readonly object[] {
    return this.#permissions.ofCaller(signedInCaller(context.caller), context.assignments);
  }
}
