import type { RequestPosition } from '../database/position.ts';
import type { ApiKeyView } from '../entities/api-key.queries.ts';
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
  /** null by API key. */
  readonly session: SessionView | null;
  /** null in a session. */
  readonly apiKey: ApiKeyView | null;
  /** How whoever really acts is called in the log; null unless impersonating. */
  readonly impersonatorLabel: string | null;
  /** To count by and to write down. */
  readonly ipAddress: string;
  /** The same where only some networks are let in; null when it is not known. */
  readonly provenIpAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** How far the primary was when the request was authenticated; null: there is no replica, or nobody is signed in. */
  readonly position: RequestPosition | null;
  /** Administrators' operations are served on the way that the request came. */
  readonly administration: boolean;
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
  ...actorOf(caller),
  impersonationId: caller.principal?.impersonationId ?? null,
  ipAddress: caller.ipAddress,
  userAgent: caller.userAgent,
  requestId: caller.requestId,
});

/** Whoever really acts, and for whom: while impersonating for the target, by API key for its owner. */
const actorOf = ({ principal, account, apiKey, impersonatorLabel }: Caller): Pick<Origin, 'actor' | 'onBehalfOfId'> => {
  if (principal === null) return { actor: null, onBehalfOfId: null };
  const { userId, actorId } = principal;
  if (apiKey !== null) return { actor: { type: 'ApiKey', id: apiKey.id, label: apiKey.name }, onBehalfOfId: userId };
  if (actorId !== null) {
    return { actor: { type: 'User', id: actorId, label: impersonatorLabel }, onBehalfOfId: userId };
  }
  return { actor: { type: 'User', id: userId, label: nameOf(account) }, onBehalfOfId: null };
};

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
