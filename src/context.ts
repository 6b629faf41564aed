import type { Secret } from './crypto/secret.ts';
import type { Assignment } from './entities/assignment.queries.ts';
import { Failure } from './errors.ts';
import type { Loaders } from './loaders/loaders.ts';
import type { Principal } from './principal.ts';
import type { Caller } from './services/caller.ts';

/** What the resolvers of one request share. */
export interface Context {
  readonly principal: Principal | null;
  readonly caller: Caller;
  readonly assignments: readonly Assignment[];
  /** null for callers who are not signed in. */
  readonly loaders: Loaders | null;
  readonly requestId: string;
  readonly csrfToken: string | null;
  /** The session cookie of the answer. */
  readonly cookie: SessionCookie;
  /** The cookie that recognises the device. */
  readonly deviceCookie: DeviceCookie;
  /** The cost plugin leaves its figures here. */
  cost?: { readonly requested: number; readonly maximum: number };
}

export interface SessionCookie {
  set(token: Secret<string>, expiresAt: Date): void;
  clear(): void;
}

export interface DeviceCookie {
  /** What the request brought; null when it brought none. */
  readonly presented: string | null;
  set(token: Secret<string>, expiresAt: Date): void;
}

/** The loaders of a signed-in caller; fields that reach this without one are refused like any other. */
export const loadersOf = (context: Context): Loaders => {
  if (context.loaders === null) throw new Failure('UNAUTHENTICATED');
  return context.loaders;
};
