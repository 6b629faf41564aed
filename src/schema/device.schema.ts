import { ArgsType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar } from './scalars.ts';

@ObjectType('Device', {
  simpleResolvers: true,
  description: 'A device recognised across sessions. Own devices, or requires `view:sessions`.',
  implements: NodeType,
})
export class DeviceType extends NodeType {
  @Field(() => String, { description: 'Name derived from the client, or given at sign-in.' })
  name!: string;

  @Field(() => Boolean, { description: 'The second factor is not asked for here.' })
  trusted!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the trust.' })
  trustedUntil!: Date | null;

  @Field(() => DateTimeScalar, { description: 'First sign-in.' })
  firstSeenAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Last use.' })
  lastSeenAt!: Date;

  @Field(() => String, { description: 'Address last seen.' })
  lastIpAddress!: string;
}

export const { Connection: DeviceConnectionType } = connectionOf(() => DeviceType, 'Device');

@ArgsType()
export class DevicesArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: "Of this user; absent = the caller's." })
  userId?: string | null;
}

@InputType('ForgetDeviceInput', { description: 'Input of forgetDevice.' })
export class ForgetDeviceInput {
  @Field(() => ID, { description: 'Device to forget; its sessions end and its trust is gone.' })
  id!: string;
}

@ObjectType('ForgetDevicePayload', { simpleResolvers: true, description: 'Answer of forgetDevice.' })
export class ForgetDevicePayload extends Payload {
  @Field(() => ID, { nullable: true, description: 'The device that was forgotten.' })
  deviceId?: string | null;
}
