import { Arg, Args, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { ImpersonationView } from '../entities/impersonation.queries.ts';
import type { SessionView } from '../entities/session.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { UserId } from '../ids.ts';
import {
  EndImpersonationInput,
  EndImpersonationPayload,
  ImpersonationConnectionType,
  ImpersonationsArgs,
  ImpersonationType,
  StartImpersonationInput,
  StartImpersonationPayload,
  StopImpersonationInput,
  StopImpersonationPayload,
} from '../schema/impersonation.schema.ts';
import { SessionType, ViewerType } from '../schema/session.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { ImpersonationReader } from '../services/impersonation-reader.ts';
import type { ImpersonationService } from '../services/impersonation.service.ts';
import type { HandedOver } from '../services/impersonated-session.ts';
import { outcome } from './outcome.ts';

/** A person whom the caller may see; or, of those who acted as the caller, what everybody may know of them. */
const personOf = async (context: Context, userId: UserId | null, actedAs: UserId | null): Promise<UserView | null> => {
  if (userId === null) return null;
  const { user, impersonations } = loadersOf(context);
  const seen = await user.load(userId);
  return seen === null && actedAs === context.principal?.userId ? impersonations.actor.load(userId) : seen;
};

/** Puts the session into its cookie, for a cookie client; gives what stands in the answer. */
const handOver = ({ cookie: answer }: Context, { impersonation, tokens, cookie }: HandedOver): object => {
  if (cookie !== null) answer.set(cookie.token, cookie.expiresAt);
  return { impersonation, tokens };
};

@Resolver(() => ImpersonationType)
export class ImpersonationResolver {
  readonly #reader: ImpersonationReader;
  readonly #impersonations: ImpersonationService;

  constructor(parts: { impersonationReader: ImpersonationReader; impersonations: ImpersonationService }) {
    this.#reader = parts.impersonationReader;
    this.#impersonations = parts.impersonations;
  }

  @Query(() => ImpersonationConnectionType, {
    nullable: true,
    description: "Impersonations, newest first. Own ones as actor or target; others' require `view:impersonations`.",
  })
  impersonations(
    @Args(() => ImpersonationsArgs) args: ImpersonationsArgs,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return this.#reader.page(signedInCaller(caller), args, args.filter ?? null);
  }

  @Mutation(() => StartImpersonationPayload, {
    nullable: true,
    description:
      'Begins to act as another person who holds nothing the caller lacks; as an administrator with `impersonate-admin:users`.',
  })
  startImpersonation(
    @Arg('input', () => StartImpersonationInput, { description: 'Input of startImpersonation.' })
    input: StartImpersonationInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ impersonation: null, tokens: null }, async () =>
      handOver(context, await this.#impersonations.start(signedInCaller(context.caller), input)),
    );
  }

  @Mutation(() => StopImpersonationPayload, { nullable: true, description: "Returns to the actor's own session." })
  stopImpersonation(
    @Arg('input', () => StopImpersonationInput, { description: 'Input of stopImpersonation.' })
    input: StopImpersonationInput,
    @Ctx() context: Context,
  ): Promise<object> {
    return outcome({ impersonation: null, tokens: null }, async () => {
      const stopped = await this.#impersonations.stop(signedInCaller(context.caller), input.reason ?? null);
      // The cookie of a session that is over; set anew below where the actor's session has one.
      if (stopped.cookie === null && context.caller.session?.delivery === 'COOKIE') context.cookie.clear();
      return handOver(context, stopped);
    });
  }

  @Mutation(() => EndImpersonationPayload, { nullable: true, description: "Ends another person's impersonation." })
  endImpersonation(
    @Arg('input', () => EndImpersonationInput, { description: 'Input of endImpersonation.' })
    input: EndImpersonationInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ impersonation: null }, async () => ({
      impersonation: await this.#impersonations.end(signedInCaller(caller), {
        id: input.id,
        reason: input.reason ?? null,
      }),
    }));
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who acts. Null when deleted or hidden.' })
  actor(@Root() { actorId, targetId }: ImpersonationView, @Ctx() context: Context): Promise<UserView | null> {
    return personOf(context, actorId, targetId);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who is acted as. Null when deleted or hidden.' })
  target(@Root() { targetId }: ImpersonationView, @Ctx() context: Context): Promise<UserView | null> {
    return personOf(context, targetId, null);
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'Who ended it; null when it expired or ended with a session, and when hidden.',
  })
  endedBy(
    @Root() { endedById, actorId, targetId }: ImpersonationView,
    @Ctx() context: Context,
  ): Promise<UserView | null> {
    return personOf(context, endedById, endedById === actorId ? targetId : null);
  }

  @FieldResolver(() => Int, { description: 'Audit events within it, its end included.' })
  eventCount(@Root() { id }: ImpersonationView, @Ctx() context: Context): Promise<number> {
    return loadersOf(context).impersonations.eventCount.load(id);
  }
}

/** Who really acts, as fields of what a banner is made of. */
@Resolver(() => ViewerType)
export class ViewerImpersonationResolver {
  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'The person who really acts; set while impersonating.',
  })
  actor(@Ctx() context: Context): Promise<UserView | null> {
    const { principal } = context;
    return personOf(context, principal?.actorId ?? null, principal?.userId ?? null);
  }

  @FieldResolver(() => ImpersonationType, { nullable: true, description: 'The impersonation in progress.' })
  async impersonation(@Ctx() context: Context): Promise<ImpersonationView | null> {
    const id = context.principal?.impersonationId ?? null;
    return id === null ? null : loadersOf(context).impersonations.byId.load(id);
  }
}

@Resolver(() => SessionType)
export class SessionImpersonatorResolver {
  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'The person acting in it; set for impersonated sessions.',
  })
  impersonator(
    @Root() { impersonatorId, userId }: Pick<SessionView, 'impersonatorId' | 'userId'>,
    @Ctx() context: Context,
  ): Promise<UserView | null> {
    return personOf(context, impersonatorId, userId);
  }
}
