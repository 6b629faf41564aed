import type { Catalogue } from './catalogue-types.ts';
import { covers, type Grant } from './grants.ts';
import type { EffectiveGrants } from './effective-grants.ts';

/** What a key carries of its own. */
export interface KeyScopes {
  /** All that its owner may, also later; then `permissions` is empty. */
  readonly allMyPermissions: boolean;
  readonly permissions: readonly Grant[];
}

/**
 * Of a grant, what an API key can hold. Wildcards become the permissions they stand for: otherwise a question about one that keys
 * cannot hold would still find the wildcard. Nothing for a grant that keys cannot hold.
 */
export const grantableParts = (grant: Grant, catalogue: Catalogue): readonly Grant[] =>
  catalogue.definitions
    .filter((definition) => definition.grantableToApiKey && covers(grant, definition.key, catalogue))
    .map(({ action, resource }) => ({ action, resource, constraints: grant.constraints }));

/** What a key may do: what its owner holds, where they hold it, narrowed to what the key names, and to what keys can hold at all. */
export const grantsOfKey = (scopes: KeyScopes, owned: EffectiveGrants): EffectiveGrants =>
  (scopes.allMyPermissions ? owned : owned.narrowedTo(scopes.permissions)).replaced((grant) =>
    grantableParts(grant, owned.catalogue),
  );
