import type { Clock } from '../clock.ts';
import { parseToken } from '../crypto/opaque-token.ts';
import type { Database } from '../database/database.ts';
import type { UserRow } from '../entities/user.queries.ts';
import { userViewOf } from '../entities/user.queries.ts';
import { ownerOfLink, ownerOfVerification } from '../entities/verification.queries.ts';
import { Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type Caller, originOf, userReference } from './caller.ts';

interface Parts {
  readonly database: Database;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** A code or link that somebody tries. */
interface TriedCode {
  readonly kind: 'verification' | 'mailedSignIn';
  readonly token: string;
  /** What it was tried for. */
  readonly action: 'session.started' | 'sign-up.completed';
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const OWNER = { verification: ownerOfVerification, mailedSignIn: ownerOfLink } as const;

/**
 * Runs the check of a code or link. A refusal leaves a line in the log, about the account that it was for; whether there is one costs
 * nothing more and nothing less.
 */
export const notingRefusal = async <T>(
  { database, recorder, clock }: Parts,
  caller: Caller,
  { kind, token, action, metadata }: TriedCode,
  check: () => Promise<T>,
): Promise<T> => {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    const parsed = parseToken(kind, token);
    const [owner] = await database.query<UserRow>(OWNER[kind], [parsed?.selector ?? null, parsed?.secretHash ?? null]);
    await recorder.recordAlone(database, originOf(caller), [
      {
        action,
        result: 'FAILURE',
        ...(owner === undefined ? {} : { target: userReference(userViewOf(owner, clock.now())) }),
        metadata: { ...metadata, reason: error.problems[0]?.code ?? null },
      },
    ]);
    throw error;
  }
};
