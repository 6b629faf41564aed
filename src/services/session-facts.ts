import type { EntityManager } from '@mikro-orm/postgresql';
import type { Secret } from '../crypto/secret.ts';
import type { Assignment } from '../entities/assignment.queries.ts';
import type { Session } from '../entities/session.entity.ts';
import type { SessionId, UserId } from '../ids.ts';
import type { ImpersonationMode, SessionEndReason } from '../vocabulary.ts';
import type { SessionTokens } from './session-tokens.ts';

/** What the client tells about itself; names are shown in the list of sessions. */
export interface ClientFacts {
  readonly clientName: string | null;
  readonly deviceName: string | null;
  /** The secret that an earlier sign-in gave this device; whatever does not fit is nobody's. */
  readonly deviceToken: Secret<string> | null;
}

/** The secret by which a device is recognised from now on. */
export interface DeviceSecret {
  readonly token: Secret<string>;
  readonly expiresAt: Date;
}

export interface StartedSession {
  readonly session: Session;
  readonly tokens: SessionTokens;
  /** The clear value of the session cookie; null with BODY delivery. */
  readonly cookie: { readonly token: Secret<string>; readonly expiresAt: Date } | null;
  /** The clear value of the device cookie; null with BODY delivery and for a device that has its secret already. */
  readonly deviceCookie: DeviceSecret | null;
  /** Until when a needed second factor may still be missing; null = nothing is missing. */
  readonly mfaGraceUntil: Date | null;
}

/** Who acts in an impersonated session: what they have, and how far they may go. */
export interface Impersonator {
  readonly assignments: readonly Assignment[];
  readonly mode: ImpersonationMode;
}

/** What ends sessions; the service of sessions does. */
export interface EndsSessions {
  endAll(
    em: EntityManager,
    which: { sessionIds: readonly SessionId[] } | { userIds: readonly UserId[]; except?: SessionId | null },
    reason: SessionEndReason,
  ): Promise<readonly SessionId[]>;
}
