import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { type Context, loadersOf } from '../context.ts';
import type { AuditReferenceView } from '../entities/audit.queries.ts';
import type { UserView } from '../entities/user.queries.ts';
import { parseId, type UserId } from '../ids.ts';
import {
  AuditEventConnectionType,
  AuditEventsArgs,
  AuditEventType,
  AuditReferenceType,
} from '../schema/audit.schema.ts';
import { UserType } from '../schema/user.schema.ts';
import type { AuditReader } from '../services/audit-reader.ts';
import { signedInCaller } from '../services/caller.ts';

@Resolver(() => AuditEventType)
export class AuditResolver {
  readonly #audit: AuditReader;

  constructor(parts: { auditReader: AuditReader }) {
    this.#audit = parts.auditReader;
  }

  @Query(() => AuditEventType, {
    nullable: true,
    description: 'One audit event, of those that the caller may see; without `view:audit` those about oneself.',
  })
  auditEvent(
    @Arg('id', () => ID, { description: 'Event.' }) id: string,
    @Ctx() { caller }: Context,
  ): Promise<object | null> {
    return this.#audit.byId(signedInCaller(caller), id);
  }

  @Query(() => AuditEventConnectionType, {
    nullable: true,
    description: 'Audit events, newest first; without `view:audit` those about oneself.',
  })
  auditEvents(@Args(() => AuditEventsArgs) args: AuditEventsArgs, @Ctx() { caller }: Context): Promise<object> {
    return this.#audit.page(signedInCaller(caller), args, args.filter ?? null);
  }
}

/** The user behind a reference, as they are now. */
@Resolver(() => AuditReferenceType)
export class AuditReferenceResolver {
  @FieldResolver(() => UserType, {
    nullable: true,
    description: 'The user as they are now; null for other kinds, and for users who are gone or hidden.',
  })
  user(@Root() reference: AuditReferenceView, @Ctx() context: Context): Promise<UserView | null> | null {
    const id = reference.type === 'User' && reference.id !== null ? parseId<UserId>(reference.id) : null;
    return id === null ? null : loadersOf(context).user.load(id);
  }
}

/** What a user did and what was done to them, as a field. */
@Resolver(() => UserType)
export class UserAuditResolver {
  @FieldResolver(() => AuditEventConnectionType, {
    nullable: true,
    description: 'What the user did and what was done to them, newest first.',
  })
  auditEvents(
    @Root() user: UserView,
    @Args(() => AuditEventsArgs) args: AuditEventsArgs,
    @Ctx() context: Context,
  ): Promise<object> {
    return loadersOf(context).auditEventsOfUser(args).load(user.id);
  }
}
