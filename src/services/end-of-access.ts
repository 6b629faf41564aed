import type { SessionEndReason } from '../vocabulary.ts';

/** How the session or API key that somebody connected with was over. */
export interface EndOfAccess {
  readonly reason: SessionEndReason;
  readonly endedAt: Date;
}
