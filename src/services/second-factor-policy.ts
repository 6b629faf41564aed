import { instant, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { EffectiveGrants } from '../permissions/effective-grants.ts';
import type { AssuranceLevel } from '../vocabulary.ts';

type Settings = Pick<Config['mfa'], 'enforce' | 'enforcedSince' | 'graceSeconds' | 'required'>;

/** The facts of an account that the policy looks at. */
interface Account {
  readonly mfaEnabledAt: Date | null;
  readonly createdAt: Date;
}

/**
 * From when on a second factor is expected of an account that has none; null when it has one, or when none is ever asked for.
 * The grace begins when the account was made, or when second factors began to be asked for if that was later.
 */
export const secondFactorDueAt = (account: Account, settings: Settings): Date | null => {
  if (account.mfaEnabledAt !== null || !settings.enforce) return null;
  const since = settings.enforcedSince === null ? null : instant(settings.enforcedSince);
  const begin = since !== null && since > account.createdAt ? since : account.createdAt;
  return secondsAfter(begin, settings.graceSeconds);
};

/** Something is held whose use asks for two factors; what applications declare counts, too. */
const holdsStrong = (grants: EffectiveGrants): boolean =>
  grants.catalogue.definitions.some(
    ({ requiredAssurance, key }) => requiredAssurance === 'AAL2' && grants.holdsAny(key),
  );

/**
 * What a person is told: until when the second factor that their permissions, or the settings, ask for may still be missing.
 * An instant that is past says that it is overdue; null: nothing is missing.
 */
export const missingFactorDueAt = (
  facts: {
    readonly secondFactorDueAt: Date | null;
    readonly grants: EffectiveGrants;
    readonly assuranceLevel: AssuranceLevel;
  },
  settings: Settings,
): Date | null => {
  if (facts.assuranceLevel === 'AAL2') return null;
  const concerned = settings.required === 'everyone' || holdsStrong(facts.grants);
  return concerned ? facts.secondFactorDueAt : null;
};
