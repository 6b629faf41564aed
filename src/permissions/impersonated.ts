import type { ImpersonationMode } from '../vocabulary.ts';
import type { Catalogue, PermissionDefinition } from './catalogue-types.ts';
import { type Grant, intersect } from './grants.ts';
import { EffectiveGrants } from './effective-grants.ts';

/** Whether a permission works for somebody who acts as its holder; a protected one never does. */
export const isUsableWhileImpersonating = (
  { whileImpersonating, protected: isProtected }: PermissionDefinition,
  mode: ImpersonationMode,
): boolean => !isProtected && (whileImpersonating === 'ALWAYS' || (whileImpersonating === 'ACT' && mode === 'ACT'));

const usableIn = (catalogue: Catalogue, mode: ImpersonationMode): readonly Grant[] =>
  catalogue.definitions
    .filter((definition) => isUsableWhileImpersonating(definition, mode))
    .map(({ action, resource }) => ({ action, resource, constraints: [] }));

const narrow = (target: EffectiveGrants, actor: EffectiveGrants, mode: ImpersonationMode): EffectiveGrants =>
  EffectiveGrants.of(
    intersect(target.list, actor.list, target.catalogue),
    target.catalogue,
    target.places.map(({ lineage, grants }) => ({
      lineage,
      grants: intersect(grants.list, actor.at(lineage), target.catalogue),
    })),
  ).narrowedTo(usableIn(target.catalogue, mode));

const known = new WeakMap<EffectiveGrants, WeakMap<EffectiveGrants, Map<ImpersonationMode, EffectiveGrants>>>();

/**
 * What somebody may do who acts as somebody else (RFC 8693 section 1.1: impersonation with the actor on record): what the target
 * holds, as far as the mode and the catalogue let it be used, and never more than the actor holds in the same place. An impersonation
 * begins only where the actor holds all that the target does, so this is exactly what the target may do; if the target is given more
 * meanwhile, or the actor loses something, the difference is nobody's. Wildcards are written out, for they cover what must not be used.
 */
export const impersonatedGrants = (
  target: EffectiveGrants,
  actor: EffectiveGrants,
  mode: ImpersonationMode,
): EffectiveGrants => {
  const byActor = known.get(target) ?? new WeakMap<EffectiveGrants, Map<ImpersonationMode, EffectiveGrants>>();
  known.set(target, byActor);
  const byMode = byActor.get(actor) ?? new Map<ImpersonationMode, EffectiveGrants>();
  byActor.set(actor, byMode);
  const narrowed = byMode.get(mode) ?? narrow(target, actor, mode);
  byMode.set(mode, narrowed);
  return narrowed;
};
