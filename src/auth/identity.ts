import type { Identity } from '../context.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import type { Loaders } from '../loaders/loaders.ts';
import { type Caller, type SignedInCaller, signedInCaller } from '../services/caller.ts';
import type { Authenticated } from '../services/session-authenticator.ts';

export type MakeLoaders = (caller: SignedInCaller, assignments: readonly Assignment[]) => Loaders;

/** The identity behind a session or key, or nobody's. */
export const identityOf = (
  authenticated: Authenticated | null,
  from: Pick<Caller, 'ipAddress' | 'userAgent' | 'requestId'>,
  makeLoaders: MakeLoaders,
): Identity => {
  const place = { ipAddress: from.ipAddress, userAgent: from.userAgent, requestId: from.requestId };
  if (authenticated === null) {
    const caller = { principal: null, account: null, session: null, apiKey: null, impersonatorLabel: null, ...place };
    return { principal: null, caller, assignments: [], loaders: null };
  }
  const { assignments, ...who } = authenticated;
  const caller: Caller = { ...who, ...place };
  return { principal: who.principal, caller, assignments, loaders: makeLoaders(signedInCaller(caller), assignments) };
};
