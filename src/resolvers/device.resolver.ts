import { Arg, Args, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { DeviceView } from '../entities/device.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import {
  DeviceConnectionType,
  DevicesArgs,
  DeviceType,
  ForgetDeviceInput,
  ForgetDevicePayload,
} from '../schema/device.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { DeviceReader } from '../services/device-reader.ts';
import type { SessionRevocationService } from '../services/session-revocation.service.ts';
import { outcome } from './outcome.ts';

@Resolver(() => DeviceType)
export class DeviceResolver {
  readonly #devices: DeviceReader;
  readonly #revocation: SessionRevocationService;

  constructor(parts: { devices: DeviceReader; revocation: SessionRevocationService }) {
    this.#devices = parts.devices;
    this.#revocation = parts.revocation;
  }

  @Query(() => DeviceConnectionType, {
    nullable: true,
    description: "Recognised devices, last used first; without `view:sessions` only one's own.",
  })
  devices(@Args(() => DevicesArgs) args: DevicesArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#devices.page(signedInCaller(caller), args.userId ?? null, args);
  }

  @Mutation(() => ForgetDevicePayload, { nullable: true, description: "Forgets a device, one's own or another's." })
  forgetDevice(
    @Arg('input', () => ForgetDeviceInput, { description: 'Input of forgetDevice.' }) input: ForgetDeviceInput,
    @Ctx() { caller, cookie }: Context,
  ): Promise<object> {
    return outcome({ deviceId: null }, async () => {
      const { deviceId, endedSessionIds } = await this.#revocation.forget(signedInCaller(caller), input.id);
      if (endedSessionIds.some((id) => id === caller.principal?.sessionId)) cookie.clear();
      return { deviceId };
    });
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Whose device it is.' })
  user(@Root() device: DeviceView, @Ctx() context: Context): Promise<UserView | null> {
    return loadersOf(context).user.load(device.userId);
  }

  @FieldResolver(() => Int, { description: 'Active sessions on it.' })
  sessionCount(@Root() device: DeviceView, @Ctx() context: Context): Promise<number> {
    return loadersOf(context).sessionCount.load(device.id);
  }
}
