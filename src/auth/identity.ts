import type { Identity } from '../context.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import type { Loaders } from '../loaders/loaders.ts';
import { withoutAdministration } from '../permissions/administration.ts';
import type { Principal } from '../principal.ts';
import { type Caller, type SignedInCaller, signedInCaller } from '../services/caller.ts';
import type { Authenticated } from '../services/session-authenticator.ts';

/** `isPast`: a change since may have given the caller other assignments. */
export type MakeLoaders = (caller: SignedInCaller, assignments: readonly Assignment[], isPast?: boolean) => Loaders;

/** The same caller where administrators' operations are not served. */
const withoutAdministrators = (principal: Principal): Principal => ({
  ...principal,
  grants: withoutAdministration(principal.grants),
  administrationElsewhere: true,
});

/** The identity behind a session or key, or nobody's. */
export const identityOf = (
  authenticated: Authenticated | null,
  from: Pick<Caller, 'ipAddress' | 'provenIpAddress' | 'userAgent' | 'requestId' | 'administration'>,
  makeLoaders: MakeLoaders,
): Identity => {
  const { ipAddress, provenIpAddress, userAgent, requestId, administration } = from;
  const place = { ipAddress, provenIpAddress, userAgent, requestId, administration };
  if (authenticated === null) {
    const nobody = {
      principal: null,
      account: null,
      session: null,
      apiKey: null,
      impersonatorLabel: null,
      position: null,
    };
    const caller = { ...nobody, ...place };
    return { principal: null, caller, assignments: [], loaders: null };
  }
  const { assignments, ...who } = authenticated;
  const principal = administration ? who.principal : withoutAdministrators(who.principal);
  const caller: Caller = { ...who, principal, ...place };
  return { principal, caller, assignments, loaders: makeLoaders(signedInCaller(caller), assignments) };
};

/** The same identity, with loaders that know nothing from before a change, not even of the caller. */
export const afterChange = ({ principal, caller, assignments }: Identity, makeLoaders: MakeLoaders): Identity => {
  const loaders = caller.principal === null ? null : makeLoaders(signedInCaller(caller), assignments, true);
  return { principal, caller, assignments, loaders };
};
