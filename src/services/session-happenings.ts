import type { Happening } from '../events/recorder.ts';
import type { ProvedFactor } from '../factors.ts';
import type { SessionId, UserId } from '../ids.ts';
import type { SessionEndReason, SignInMethod } from '../vocabulary.ts';
import { nameOf, userReference } from './caller.ts';

/** A session that began, for the log and the outbox. */
export const sessionStarted = (
  id: string,
  user: Parameters<typeof nameOf>[0] & { readonly id: UserId },
  {
    signInMethod: method,
    issuer = null,
    factors,
  }: {
    readonly signInMethod: SignInMethod;
    readonly issuer?: string | null;
    readonly factors: readonly ProvedFactor[];
  },
  deviceTrusted: boolean,
): Happening => ({
  action: 'session.started',
  actor: userReference(user),
  target: { type: 'Session', id, label: nameOf(user) },
  metadata: {
    method,
    ...(issuer === null ? {} : { issuer }),
    ...(factors.length > 1 ? { factors: factors.map((one) => one.method) } : {}),
    ...(deviceTrusted ? { deviceTrusted } : {}),
  },
  event: { type: 'SessionStarted', payload: { sessionId: id, userId: user.id, method } },
});

/** A session that ended, for the log and the outbox. */
export const sessionEnded = (
  id: SessionId,
  user: Parameters<typeof nameOf>[0] & { readonly id: UserId },
  reason: SessionEndReason,
): Happening => ({
  action: 'session.ended',
  target: { type: 'Session', id, label: nameOf(user) },
  metadata: { reason, userId: user.id },
  event: { type: 'SessionRevoked', payload: { sessionId: id, userId: user.id, reason } },
});
