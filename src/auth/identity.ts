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
  const { ipAddress, userAgent, requestId } = from;
  const caller: Caller = {
    principal: authenticated?.principal ?? null,
    account: authenticated?.account ?? null,
    session: authenticated?.session ?? null,
    apiKey: authenticated?.apiKey ?? null,
    impersonatorLabel: authenticated?.impersonatorLabel ?? null,
    ipAddress,
    userAgent,
    requestId,
  };
  const assignments = authenticated?.assignments ?? [];
  const loaders = authenticated === null ? null : makeLoaders(signedInCaller(caller), assignments);
  return { principal: caller.principal, caller, assignments, loaders };
};
