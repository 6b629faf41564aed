import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { AssuranceLevel, SessionEndReason, SignInMethod } from '../vocabulary.ts';
import { connectionOf, PageArgs } from './connection.schema.ts';
import { EffectivePermissionType } from './group.schema.ts';
import { NodeType } from './node.schema.ts';
import { Payload } from './payload.schema.ts';
import { DateTimeScalar } from './scalars.ts';
import { UserType } from './user.schema.ts';

@ObjectType('Session', {
  simpleResolvers: true,
  description: 'One signed-in client. Own sessions, or requires `view:sessions`.',
  implements: NodeType,
})
export class SessionType extends NodeType {
  @Field(() => String, { description: 'Address last seen, canonical text.' })
  ipAddress!: string;

  @Field(() => String, { nullable: true, description: 'User-Agent header last seen.' })
  userAgent!: string | null;

  @Field(() => String, { nullable: true, description: 'Name that the client gave itself.' })
  clientName!: string | null;

  @Field(() => SignInMethod, { description: 'First factor that began the session.' })
  signInMethod!: SignInMethod;

  @Field(() => AssuranceLevel, { description: 'Strength of the proof so far.' })
  assuranceLevel!: AssuranceLevel;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Last use, exact to the minute.' })
  lastSeenAt!: Date;

  @Field(() => DateTimeScalar, { description: 'End by idleness or by absolute limit, whichever comes first.' })
  expiresAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended; null while active.' })
  endedAt?: Date | null;

  @Field(() => SessionEndReason, { nullable: true, description: 'Why it ended.' })
  endReason?: SessionEndReason | null;
}

export const { Connection: SessionConnectionType } = connectionOf(() => SessionType, 'Session');

const ACTIVE = 'True = not ended, false = ended.';

@InputType('SessionFilter', { description: 'Which sessions; conditions are and-ed.' })
export class SessionFilterInput {
  @Field(() => ID, { nullable: true, description: 'Of this user; absent = all that the caller may see.' })
  userId?: string | null;

  @Field(() => Boolean, { nullable: true, description: ACTIVE })
  active?: boolean | null;
}

@ArgsType()
export class SessionsArgs extends PageArgs {
  @Field(() => SessionFilterInput, { nullable: true, description: 'Which sessions.' })
  filter?: SessionFilterInput | null;
}

@ArgsType()
export class UserSessionsArgs extends PageArgs {
  @Field(() => Boolean, { nullable: true, description: ACTIVE })
  active?: boolean | null;
}

@InputType('RevokeSessionsInput', { description: 'Input of revokeSessions.' })
export class RevokeSessionsInput {
  @Field(() => [ID], { description: 'Sessions to end, at most 100; all or none.' })
  ids!: string[];
}

@ObjectType('RevokeSessionsPayload', { simpleResolvers: true, description: 'Answer of revokeSessions.' })
export class RevokeSessionsPayload extends Payload {
  @Field(() => [SessionType], { description: 'Sessions that ended; empty on errors.' })
  sessions!: readonly SessionType[];
}

@InputType('RevokeUserSessionsInput', { description: 'Input of revokeUserSessions.' })
export class RevokeUserSessionsInput {
  @Field(() => ID, { description: 'Whose sessions end, all of them.' })
  userId!: string;
}

@ObjectType('RevokeUserSessionsPayload', { simpleResolvers: true, description: 'Answer of revokeUserSessions.' })
export class RevokeUserSessionsPayload extends Payload {
  @Field(() => Int, { nullable: true, description: 'Number of sessions that ended.' })
  endedSessionCount?: number | null;
}

@ObjectType('Viewer', { simpleResolvers: true, description: 'Who is calling, and how the call was authenticated.' })
export class ViewerType {
  @Field(() => UserType, { description: 'The person acted as.' })
  user!: UserType;

  @Field(() => SessionType, { nullable: true, description: 'The present session.' })
  session!: SessionType | null;

  @Field(() => [EffectivePermissionType], { description: 'What the caller may do now.' })
  permissions!: readonly EffectivePermissionType[];

  @Field(() => String, { description: "Changes whenever the caller's permissions may have changed; claim `pv`." })
  permissionVersion!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Value of the `x-csrf-token` header; null without a cookie session.',
  })
  csrfToken!: string | null;

  @Field(() => AssuranceLevel, { description: "How strongly the caller's identity is proved." })
  assuranceLevel!: AssuranceLevel;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Until when the identity counts as confirmed; null when it does not.',
  })
  freshUntil!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Until when a needed second factor may still be missing; null = nothing is missing.',
  })
  mfaGraceUntil!: Date | null;
}

@ObjectType('SessionTokens', {
  simpleResolvers: true,
  description: 'What a client needs to go on; with COOKIE delivery the session is in the cookie alone.',
})
export class SessionTokensType {
  @Field(() => String, { nullable: true, description: 'JWT (RFC 9068), 15 min by default; null with COOKIE.' })
  accessToken!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the access token; null with COOKIE.' })
  accessTokenExpiresAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Opaque, rotated at every use; null with COOKIE and while impersonating.',
  })
  refreshToken!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End of the refresh token; null where there is none.' })
  refreshTokenExpiresAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Value of the `x-csrf-token` header; null with BODY.' })
  csrfToken!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Recognises this device at the next sign-in; null with COOKIE, and for a device that presented its token.',
  })
  deviceToken!: string | null;
}
