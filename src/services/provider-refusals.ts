import type { Database } from '../database/database.ts';
import { reject } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type Caller, originOf } from './caller.ts';

/** What a provider's token was presented for. */
export type Purpose = 'session.started' | 'identity.linked';

interface Refusal {
  readonly issuer: string;
  readonly reason: string;
  readonly purpose: Purpose;
}

interface Parts {
  readonly database: Database;
  readonly recorder: Recorder;
}

/** The reason is kept for administrators; the caller never learns it. Nothing of the token is written. */
export const recordRefusal = async (
  { database, recorder }: Parts,
  caller: Caller,
  { issuer, reason, purpose }: Refusal,
): Promise<void> => {
  await recorder.recordAlone(database, originOf(caller), [
    {
      action: purpose,
      result: 'FAILURE',
      metadata: purpose === 'session.started' ? { method: 'EXTERNAL_PROVIDER', issuer, reason } : { issuer, reason },
    },
  ]);
};

/** Answers SUBJECT_TOKEN_INVALID, whatever was wrong with the token. */
export const refuseToken = async (parts: Parts, caller: Caller, refusal: Refusal): Promise<never> => {
  await recordRefusal(parts, caller, refusal);
  return reject('SUBJECT_TOKEN_INVALID', { field: ['subjectToken'] });
};
