import type { UserView } from '../entities/user.queries.ts';
import type { Secret } from '../crypto/secret.ts';
import type { ProvedFactor } from '../factors.ts';
import type { DeviceId } from '../ids.ts';
import type { IdentifierKind, MfaMethod, SignInMethod, TokenDelivery } from '../vocabulary.ts';
import type { ClientFacts, StartedSession } from './session-facts.ts';

/** What the next step of a sign-in needs. */
export interface SignInChallenge {
  readonly token: string;
  readonly methods: readonly MfaMethod[];
  readonly passkeyOptions: object | null;
  readonly expiresAt: Date;
}

/** What a proved first factor leads to: a session, or what must happen first. */
export type SignInOutcome =
  | { readonly step: 'COMPLETE'; readonly user: UserView; readonly started: StartedSession }
  | { readonly step: 'MFA_REQUIRED' | 'PASSWORD_CHANGE_REQUIRED'; readonly challenge: SignInChallenge };

/** A password just checked, whose hash has other parameters than today's. */
export interface Rehash {
  readonly credentialId: string;
  readonly oldHash: string;
  readonly newHash: string;
}

/** The values of `replacedPasswordHash`: nothing happens without one. */
export const rehashValues = (rehash: Rehash | null, now: Date): readonly unknown[] => [
  rehash?.credentialId ?? null,
  rehash?.newHash ?? null,
  now.toISOString(),
  rehash?.oldHash ?? null,
];

/** An address by which a first factor was proved: what was sent there signs in for as long as it is the account's. */
export interface FactorAddress {
  readonly kind: IdentifierKind;
  /** Normalised. */
  readonly value: string;
}

/** A first factor that was proved, and how the session is wanted. */
export interface SignInFacts {
  readonly signInMethod: SignInMethod;
  /** What was checked so far; the assurance of the session follows from it alone. */
  readonly factors: readonly ProvedFactor[];
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
  /** The OpenID Connect issuer that vouched for the person; for the log. */
  readonly issuer?: string | null;
  /** TOTP or recovery code given at once, to save the second step. */
  readonly mfaCode?: Secret<string> | null;
  /** The second factor is not asked for on this device from now on, where the settings allow it. */
  readonly trustDevice?: boolean;
  /** Version of the password that was checked: a sign-in under way does not outlive a change of it. */
  readonly passwordVersion?: number | null;
  /** Where the factor came by: a sign-in under way does not outlive a change of the address. */
  readonly address?: FactorAddress | null;
  /** The try was counted before the password was looked at; it is taken back when the sign-in needs another step. */
  readonly counted?: boolean;
  /** The device that presented its secret in an earlier step. */
  readonly deviceId?: DeviceId | null;
  /** The right password, hashed anew; stored whatever step comes next. */
  readonly rehash?: Rehash | null;
}

/** What a challenge stores, so that later steps take nothing of it from the client again. */
export const contextOf = (facts: SignInFacts): Readonly<Record<string, unknown>> => ({
  signInMethod: facts.signInMethod,
  factors: facts.factors,
  delivery: facts.delivery,
  clientName: facts.client.clientName,
  deviceName: facts.client.deviceName,
  ...(facts.issuer == null ? {} : { issuer: facts.issuer }),
  ...(facts.address == null ? {} : { address: facts.address }),
});

/** Reads what `contextOf` stored. */
export const storedFacts = (
  context: Readonly<Record<string, unknown>>,
): SignInFacts & { readonly passkeyChallenge: string | null } => ({
  passwordVersion: typeof context['passwordVersion'] === 'number' ? context['passwordVersion'] : null,
  signInMethod: context['signInMethod'] as SignInMethod,
  factors: context['factors'] as readonly ProvedFactor[],
  delivery: context['delivery'] === 'BODY' ? 'BODY' : 'COOKIE',
  client: {
    clientName: textOrNull(context['clientName']),
    deviceName: textOrNull(context['deviceName']),
    deviceToken: null,
  },
  issuer: textOrNull(context['issuer']),
  address: (context['address'] ?? null) as FactorAddress | null,
  deviceId: textOrNull(context['deviceId']) as DeviceId | null,
  passkeyChallenge: textOrNull(context['passkeyChallenge']),
});

/** The address that a link was mailed to, as its token keeps it; null for one that was made for none. */
export const mailedTo = ({ address }: Readonly<Record<string, unknown>>): FactorAddress | null =>
  typeof address === 'string' ? { kind: 'EMAIL', value: address } : null;

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
