import type { EntityManager } from '@mikro-orm/postgresql';
import type { Config } from '../config/config.ts';
import { identityProviders } from '../config/identity-providers.ts';
import { sql } from '../database/sql.ts';
import { heldInSession } from '../entities/own-account.queries.ts';
import { Failure, reject } from '../errors.ts';
import type { UserId } from '../ids.ts';
import type { SignedInCaller } from './caller.ts';

/** The lasting ways in which somebody can sign in. Mailed codes and links are none: they hang on an address that can be lost. */
interface WaysIn {
  readonly password: boolean;
  readonly passkeys: number;
  readonly identities: number;
}

const WAYS_IN = `
select exists (select from credentials c where c.user_id = $1 and c.type = 'PASSWORD') as password,
  (select count(*)::int from credentials c where c.user_id = $1 and c.type = 'PASSKEY') as passkeys,
  (select count(*)::int from external_identities e where e.user_id = $1 and e.issuer = any($2::text[])) as identities`;

/**
 * Makes other changes of the caller's ways in wait until this transaction ends. Call it before the change: a statement sees
 * what was committed when it began, so that whoever waited for the lock counts rightly in the statement after it only. Throws
 * UNAUTHENTICATED when the session was ended, or the account shut out, since the request was let in: whoever throws somebody out of
 * an account does not have them leave a new way in behind.
 */
export const lockWaysIn = async (em: EntityManager, { principal }: SignedInCaller, now: Date): Promise<void> => {
  const { userId, sessionId } = principal;
  const held = await sql(em, heldInSession, [userId, now.toISOString(), sessionId]);
  if (held.length === 0) throw new Failure('UNAUTHENTICATED');
};

/** What there is now, the changes of this transaction included. Exact after `lockWaysIn`. */
const waysIn = async (em: EntityManager, userId: UserId, issuers: readonly string[]): Promise<WaysIn> => {
  const [row] = await sql<WaysIn>(em, WAYS_IN, [userId, issuers]);
  return row ?? { password: false, passkeys: 0, identities: 0 };
};

/** What opens something under the settings: an issuer that they no longer name, or a password where nobody signs in by one, does not. */
const openedBy = ({ providers, signIn }: WaySettings) => ({
  issuers: identityProviders(providers).map(({ issuer }) => issuer),
  passwords: signIn.methods.includes('PASSWORD'),
});

type WaySettings = Pick<Config, 'providers' | 'signIn'>;

/**
 * Looks at what a removal leaves behind, in its transaction and after it; `lockWaysIn` came first, so that of two removals at
 * once the second sees the first. Error: LAST_SIGN_IN_METHOD, which undoes the removal.
 */
export const keepAWayIn = async (em: EntityManager, userId: UserId, settings: WaySettings): Promise<void> => {
  const { issuers, passwords } = openedBy(settings);
  const { password, passkeys, identities } = await waysIn(em, userId, issuers);
  if (!(password && passwords) && passkeys + identities === 0) reject('LAST_SIGN_IN_METHOD', { field: ['id'] });
};
