import type { Context } from '../context.ts';
import { Secret } from '../crypto/secret.ts';
import type { SignInClientInput } from '../schema/sign-in.schema.ts';
import type { SignInOutcome } from '../services/sign-in-facts.ts';
import type { ClientFacts, StartedSession } from '../services/session-facts.ts';
import type { VerificationOutcome } from '../services/sign-up.service.ts';
import { readClient } from '../services/text.ts';

/** The payload of a sign-in that failed; goes with `errors`. */
export const FAILED = { step: 'FAILED', user: null, tokens: null, challenge: null } as const;

/** What the client tells about itself, the secret of its device included: from the input, or from the device cookie. */
export const clientOf = (context: Context, input: SignInClientInput | null | undefined): ClientFacts => {
  const token = input?.deviceToken ?? context.deviceCookie.presented;
  return {
    ...readClient({ clientName: input?.clientName ?? null, deviceName: input?.deviceName ?? null }),
    deviceToken: token === null ? null : new Secret(token),
  };
};

/** Puts the session and the secret of a new device into their cookies, for a cookie client; gives what stands in the answer. */
const handOver = (context: Context, started: StartedSession): object => {
  const { session, cookie, deviceCookie } = started;
  context.began = session.id;
  if (cookie !== null) context.cookie.set(cookie.token, cookie.expiresAt);
  if (deviceCookie !== null) context.deviceCookie.set(deviceCookie.token, deviceCookie.expiresAt);
  return started.tokens;
};

/** The payload of a sign-in step that went well. */
export const signInAnswer = (context: Context, result: SignInOutcome | VerificationOutcome): object => {
  const { step } = result;
  if (step === 'COMPLETE') {
    const { user, started } = result;
    return { step, user, tokens: handOver(context, started), challenge: null, mfaGraceUntil: started.mfaGraceUntil };
  }
  return step === 'VERIFICATION_REQUIRED'
    ? { step, user: null, tokens: null, challenge: null, verification: result.verification }
    : { step, user: null, tokens: null, challenge: result.challenge };
};

/** An optional secret of an input. */
export const secretOf = (text: string | null | undefined): Secret<string> | null =>
  text === null || text === undefined ? null : new Secret(text);
