import { type Problem, Rejection, rejectAny } from '../errors.ts';
import { type KeyScopes, grantableParts, grantsOfKey } from '../permissions/api-key-grants.ts';
import type { Catalogue } from '../permissions/catalogue-types.ts';
import { type GrantInput, parseGrants } from '../permissions/grant-input.ts';
import { type Grant, isSubset, permissionKey, protectedAmong } from '../permissions/grants.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import { aal2, and, freshly, notImpersonating, type Rule, viaSession } from '../permissions/rules.ts';
import type { Authority } from './authority.ts';
import type { DocumentPermissions } from './schema-knowledge.ts';

const MAXIMUM_DOCUMENTS = 100;

/** As a protected permission asks for it in a session: a key must not be the way around. */
const STRONG_SESSION: Rule = and(viaSession, notImpersonating, aal2, freshly(10));

/** What a new key is to carry, as a client says it. */
export interface ScopesInput {
  readonly permissions: readonly GrantInput[] | null;
  readonly documents: readonly string[] | null;
  readonly allMyPermissions: boolean | null;
  readonly bindToDocuments: boolean | null;
}

/** What a key carries, and where each of its grants was named, for errors. */
export interface ReadScopes extends KeyScopes {
  readonly documentIds: readonly string[];
  readonly named: 'permissions' | 'documents' | 'allMyPermissions';
}

/** Tells what GraphQL documents need at least. */
export type DocumentReader = (documents: readonly string[]) => DocumentPermissions;

/**
 * Reads what a key is to carry: grants, documents, or all that its owner may. Problems: SCOPES_REQUIRED unless it is exactly one,
 * UNKNOWN_PERMISSION, INVALID_CONSTRAINT, TOO_MANY_PERMISSIONS, TOO_MANY_ITEMS beyond 100 documents, INVALID_VALUE for documents that
 * are none, NOT_GRANTABLE_TO_API_KEY.
 */
export const readScopes = (input: ScopesInput, catalogue: Catalogue, readDocuments: DocumentReader): ReadScopes => {
  const { permissions, documents, allMyPermissions } = input;
  const named = (
    [
      ['permissions', permissions !== null && permissions.length > 0],
      ['documents', documents !== null && documents.length > 0],
      ['allMyPermissions', allMyPermissions === true],
    ] as const
  ).flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  const [only] = named;
  if (only === undefined || named.length > 1) throw new Rejection([{ code: 'SCOPES_REQUIRED' }]);
  if (only !== 'documents' && input.bindToDocuments === true) {
    throw new Rejection([{ code: 'REQUIRED', field: ['documents'] }]);
  }
  if (only === 'allMyPermissions') {
    return { allMyPermissions: true, permissions: [], documentIds: [], named: only };
  }
  if (only === 'documents') return ofDocuments(documents ?? [], input.bindToDocuments === true, readDocuments);
  return { ...readNamed(permissions ?? [], catalogue), named: only };
};

/** Reads named grants, be it none. Problems: as `readScopes`. */
export const readNamed = (inputs: readonly GrantInput[], catalogue: Catalogue): Omit<ReadScopes, 'named'> => {
  const { grants, problems } = parseGrants(inputs, catalogue);
  rejectAny(problems);
  rejectAny(
    grants.flatMap((grant, index): Problem[] =>
      grantableParts(grant, catalogue).length > 0
        ? []
        : [{ code: 'NOT_GRANTABLE_TO_API_KEY', field: ['permissions', String(index)] }],
    ),
  );
  return { allMyPermissions: false, permissions: grants, documentIds: [] };
};

const ofDocuments = (documents: readonly string[], isBound: boolean, readDocuments: DocumentReader): ReadScopes => {
  if (documents.length > MAXIMUM_DOCUMENTS) throw new Rejection([{ code: 'TOO_MANY_ITEMS', field: ['documents'] }]);
  const { permissions, sessionOnly, problems, ids } = readDocuments(documents);
  rejectAny(problems.map((message): Problem => ({ code: 'INVALID_VALUE', message, field: ['documents'] })));
  if (sessionOnly.length > 0) {
    const message = `No API key can use ${sessionOnly.join(', ')}.`;
    throw new Rejection([{ code: 'NOT_GRANTABLE_TO_API_KEY', message, field: ['documents'] }]);
  }
  return {
    allMyPermissions: false,
    permissions,
    documentIds: isBound ? [...new Set(ids)] : [],
    named: 'documents',
  };
};

/**
 * Which of the named grants the owner does not hold anywhere: EXCEEDS_OWN_PERMISSIONS. What documents need is asked for without
 * constraints; the key gets it as its owner holds it.
 */
export const excessOfOwner = (
  { named, permissions }: Pick<ReadScopes, 'named' | 'permissions'>,
  owned: EffectiveGrants,
): readonly Problem[] => {
  const lists = [owned.list, ...owned.places.map(({ lineage }) => owned.at(lineage))];
  const isHeld = (grant: Grant): boolean =>
    named === 'documents'
      ? owned.holdsAny(permissionKey(grant))
      : lists.some((list) => isSubset([grant], list, owned.catalogue));
  return permissions.flatMap((grant, index): Problem[] => {
    if (isHeld(grant)) return [];
    const message = `The owner does not hold ${permissionKey(grant)}.`;
    const field = named === 'documents' ? ['documents'] : ['permissions', String(index)];
    return [{ code: 'EXCEEDS_OWN_PERMISSIONS', message, field }];
  });
};

/** Throws STEP_UP_REQUIRED when such a key carries a protected permission and the session is not confirmed and of two factors. */
export const demandStrength = (authority: Authority, scopes: KeyScopes, owned: EffectiveGrants): void => {
  const { list, places } = grantsOfKey(scopes, owned);
  const all = [list, ...places.map(({ grants }) => grants.list)].flat();
  if (protectedAmong(all, owned.catalogue).length > 0) authority.demand(STRONG_SESSION);
};

/** Nobody gets hold of a key that does what they may not: EXCEEDS_OWN_PERMISSIONS. */
export const excessOfCaller = (
  authority: Authority,
  scopes: KeyScopes,
  owned: EffectiveGrants,
  field: string,
): readonly Problem[] =>
  authority.principal.grants.lacking(grantsOfKey(scopes, owned)).length === 0
    ? []
    : [{ code: 'EXCEEDS_OWN_PERMISSIONS', field: [field] }];
