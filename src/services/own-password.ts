import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { forgetTries } from '../entities/credential.queries.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { originOf, type SignedInCaller, userReference } from './caller.ts';
import { type OwnProof, triesOf } from './own-proof.ts';

interface Parts {
  readonly database: Database;
  readonly proof: OwnProof;
  readonly recorder: Recorder;
}

/**
 * Passes when `currentPassword` is the caller's, or the account has none and the session was confirmed lately. A failure counts
 * as in `OwnProof` and stands in the log under `action`. Errors: CURRENT_PASSWORD_INCORRECT, REQUIRED; throws STEP_UP_REQUIRED.
 */
export const requireOwnPassword = async (
  { database, proof, recorder }: Parts,
  caller: SignedInCaller,
  password: Secret<string> | null,
  action: string,
): Promise<void> => {
  if ((await proof.provedHash(caller, password, 'currentPassword')) !== null) {
    // At once, whatever comes after: who knows the password is not locked out by asking too often.
    await database.query(forgetTries, triesOf(caller));
    return;
  }
  await recorder.recordAlone(database, originOf(caller), [
    { action, result: 'FAILURE', target: userReference(caller.account) },
  ]);
  reject('CURRENT_PASSWORD_INCORRECT', { field: ['currentPassword'] });
};
