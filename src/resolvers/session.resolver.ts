import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { DeviceView } from '../entities/device.queries.ts';
import type { ListedSession } from '../entities/session-list.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { DeviceType } from '../schema/device.schema.ts';
import {
  RevokeSessionsInput,
  RevokeSessionsPayload,
  RevokeUserSessionsInput,
  RevokeUserSessionsPayload,
  SessionConnectionType,
  SessionsArgs,
  SessionType,
} from '../schema/session.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { SessionReader } from '../services/session-reader.ts';
import type { SessionRevocationService } from '../services/session-revocation.service.ts';
import { outcome } from './outcome.ts';

/** What the fields of a session need of it, be it read for a list or by authentication. */
type SessionParent = Pick<ListedSession, 'id' | 'userId'>;

@Resolver(() => SessionType)
export class SessionResolver {
  readonly #sessions: SessionReader;
  readonly #revocation: SessionRevocationService;

  constructor(parts: { sessions: SessionReader; revocation: SessionRevocationService }) {
    this.#sessions = parts.sessions;
    this.#revocation = parts.revocation;
  }

  @Query(() => SessionConnectionType, {
    nullable: true,
    description: "Sessions, newest first; without `view:sessions` only one's own.",
  })
  sessions(@Args(() => SessionsArgs) args: SessionsArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#sessions.page(signedInCaller(caller), args, args.filter ?? null);
  }

  @Mutation(() => RevokeSessionsPayload, { nullable: true, description: "Ends sessions, one's own or others'." })
  revokeSessions(
    @Arg('input', () => RevokeSessionsInput, { description: 'Input of revokeSessions.' }) input: RevokeSessionsInput,
    @Ctx() { caller, cookie }: Context,
  ): Promise<object> {
    return outcome({ sessions: [] }, async () => {
      const sessions = await this.#revocation.revoke(signedInCaller(caller), input.ids);
      if (sessions.some(({ id }) => id === caller.principal?.sessionId)) cookie.clear();
      return { sessions };
    });
  }

  @Mutation(() => RevokeUserSessionsPayload, { nullable: true, description: 'Ends all sessions of a user.' })
  revokeUserSessions(
    @Arg('input', () => RevokeUserSessionsInput, { description: 'Input of revokeUserSessions.' })
    input: RevokeUserSessionsInput,
    @Ctx() { caller, cookie }: Context,
  ): Promise<object> {
    return outcome({ endedSessionCount: null }, async () => {
      const signedIn = signedInCaller(caller);
      const { count, userId } = await this.#revocation.revokeAll(signedIn, input.userId);
      if (userId === signedIn.principal.userId) cookie.clear();
      return { endedSessionCount: count };
    });
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Whose session it is.' })
  user(@Root() session: SessionParent, @Ctx() context: Context): Promise<UserView | null> {
    return loadersOf(context).user.load(session.userId);
  }

  @FieldResolver(() => DeviceType, {
    nullable: true,
    description: 'The recognised device; null when none was recognised.',
  })
  device(@Root() session: SessionParent, @Ctx() context: Context): Promise<DeviceView | null> {
    return loadersOf(context).deviceOfSession.load(session.id);
  }

  @FieldResolver(() => Boolean, { description: 'This very request runs in it.' })
  current(@Root() session: SessionParent, @Ctx() { principal }: Context): boolean {
    return session.id === principal?.sessionId;
  }
}
