import type { Secret } from './crypto/secret.ts';
import type { Assignment } from './entities/assignment.queries.ts';
import { Failure } from './errors.ts';
import type { SessionId } from './ids.ts';
import type { Loaders } from './loaders/loaders.ts';
import type { Principal } from './principal.ts';
import type { Caller } from './services/caller.ts';
import type { EndOfAccess } from './services/end-of-access.ts';
import type { LiveEvents } from './services/live-events.service.ts';
import type { LiveStats } from './services/live-stats.ts';

/** In whose name something is done, with what is read in that name. */
export interface Identity {
  readonly principal: Principal | null;
  readonly caller: Caller;
  readonly assignments: readonly Assignment[];
  /** null for callers who are not signed in. */
  readonly loaders: Loaders | null;
}

/** What the resolvers of one request share. */
export interface Context extends Identity {
  /** As whom the request was authenticated: what each of its root fields is judged by. */
  readonly own: Identity;
  /** The session that the present mutation began; the fields below it are read in its name. */
  began: SessionId | null;
  readonly requestId: string;
  readonly csrfToken: string | null;
  /** The session cookie of the answer. */
  readonly cookie: SessionCookie;
  /** The cookie that recognises the device. */
  readonly deviceCookie: DeviceCookie;
  /** What a subscription can follow; null for requests, which get one answer. */
  readonly live: LiveSources | null;
  /** The cost plugin leaves its figures here. */
  cost?: { readonly requested: number; readonly maximum: number };
}

/** What is told as it happens, on the connection of a subscriber. */
export interface LiveSources extends Pick<LiveEvents, 'auditEvents' | 'userChanges'> {
  /** Figures as they are computed; see `LiveStats.updates`. */
  statsUpdates: LiveStats['updates'];
  /** The end of the session or key that the subscriber connected with. */
  sessionEnd(): AsyncIterable<EndOfAccess>;
}

/** Whoever sends the request is taken for nobody from now on. */
export const becomeNobody = (context: Context): void => {
  const caller = {
    ...context.caller,
    principal: null,
    account: null,
    session: null,
    apiKey: null,
    impersonatorLabel: null,
    position: null,
  };
  const nobody: Identity = { principal: null, caller, assignments: [], loaders: null };
  Object.assign(context, nobody, { own: nobody, csrfToken: null });
};

/** The fields from here on are read in this name; `context.own` stays what it is. */
export const actAs = (context: Context, identity: Identity): void => {
  const { principal, caller, assignments, loaders } = identity;
  Object.assign(context, { principal, caller, assignments, loaders });
};

export interface SessionCookie {
  set(token: Secret<string>, expiresAt: Date): void;
  clear(): void;
}

export interface DeviceCookie {
  /** What the request brought; null when it brought none. */
  readonly presented: string | null;
  set(token: Secret<string>, expiresAt: Date): void;
}

/** What a subscription follows; where it came as a request nothing can be followed. */
export const liveOf = (context: Context): LiveSources => {
  if (context.live === null) throw new Failure('BAD_USER_INPUT', 'Subscriptions are served at /graphql/ws.');
  return context.live;
};

/** The loaders of a signed-in caller; fields that reach this without one are refused like any other. */
export const loadersOf = (context: Context): Loaders => {
  if (context.loaders === null) throw new Failure('UNAUTHENTICATED');
  return context.loaders;
};
