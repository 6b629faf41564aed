import type { UserId } from '../ids.ts';
import { Failure } from '../errors.ts';
import type { Origin } from '../events/recorder.ts';
import type { UserView } from '../entities/user.queries.ts';
import type { SessionView } from '../entities/session.queries.ts';
import type { Principal } from '../principal.ts';

/** Who calls a service, and from where. The actor comes from here alone: no input of any operation carries one. */
export interface Caller {
  readonly principal: Principal | null;
  /** The account and session behind the principal, as authentication read them. */
  readonly account: UserView | null;
  readonly session: SessionView | null;
  readonly ipAddress: string;
  readonly userAgent: string | null;
  readonly requestId: string;
}

/** A caller who is known to be signed in. */
export interface SignedInCaller extends Caller {
  readonly principal: Principal;
  readonly account: UserView;
}

/** The same caller, known to be signed in; throws UNAUTHENTICATED for anybody else. */
export const signedInCaller = (caller: Caller): SignedInCaller => {
  const { principal, account } = caller;
  if (principal === null || account === null) throw new Failure('UNAUTHENTICATED');
  return { ...caller, principal, account };
};

/** Where a happening comes from, for the audit log. */
export const originOf = (caller: Caller): Origin => ({
  actor:
    caller.principal === null
      ? null
      : { type: 'User', id: caller.principal.actorId ?? caller.principal.userId, label: nameOf(caller.account) },
  onBehalfOfId: caller.principal?.actorId === null ? null : (caller.principal?.userId ?? null),
  ipAddress: caller.ipAddress,
  userAgent: caller.userAgent,
  requestId: caller.requestId,
});

/** Something that the server does by itself. */
export const systemOrigin = (part: string): Origin => ({
  actor: { type: 'System', id: null, label: part },
  onBehalfOfId: null,
  ipAddress: null,
  userAgent: null,
  requestId: null,
});

/** How a person is called in the log: by address where there is one. */
export const nameOf = (user: Pick<UserView, 'email' | 'username' | 'phone' | 'displayName'> | null): string | null =>
  user === null ? null : (user.email ?? user.username ?? user.phone ?? user.displayName);

/** A user, for the log. */
export const userReference = (user: Parameters<typeof nameOf>[0] & { readonly id: UserId }) =>
  ({ type: 'User', id: user.id, label: nameOf(user) }) as const;
