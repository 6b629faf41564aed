import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { UserView } from '../entities/user.queries.ts';
import { PageArgs } from '../schema/connection.schema.ts';
import { DeviceConnectionType } from '../schema/device.schema.ts';
import { SessionConnectionType, UserSessionsArgs } from '../schema/session.schema.ts';
import { UserType } from '../schema/user.schema.ts';

/** The sessions and devices of a user, as fields. */
@Resolver(() => UserType)
export class UserSessionsResolver {
  @FieldResolver(() => SessionConnectionType, { nullable: true, description: 'Sessions, newest first.' })
  sessions(
    @Root() user: UserView,
    @Args(() => UserSessionsArgs) args: UserSessionsArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    return loadersOf(context).sessionsOfUser(args).load(user.id);
  }

  @FieldResolver(() => DeviceConnectionType, { nullable: true, description: 'Recognised devices, last used first.' })
  devices(@Root() user: UserView, @Args(() => PageArgs) args: PageArgs, @Ctx() context: Context): Promise<object> {
    return loadersOf(context).devicesOfUser(args).load(user.id);
  }
}
