import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { Rejection } from '../errors.ts';
import type { SessionId, UserId } from '../ids.ts';
import type { FoundToken, OneTimeTokenService } from './one-time-token.service.ts';

type ChallengeKind = 'PASSKEY_REGISTRATION' | 'PASSKEY_ASSERTION';

/** A question that waits for its answer, as its client is told. */
export interface PendingQuestion<Options> {
  readonly options: Options;
  readonly challengeToken: string;
  /** End of the challenge. */
  readonly expiresAt: Date;
}

/** Whom a question is for; ANYBODY: whoever has a passkey for this site; NOBODY: a name that has none, which must not show. */
export type Addressee = UserId | 'ANYBODY' | 'NOBODY';

/** A challenge that was answered and is used up. */
interface TakenChallenge {
  readonly addressee: Addressee;
  /** What the authenticator must have signed, base64url. */
  readonly challenge: string;
}

/** The memory of passkey ceremonies: each challenge is a stored row that is used up by its first answer, right or wrong. */
export class PasskeyChallenges {
  readonly #database: Database;
  readonly #tokens: OneTimeTokenService;
  readonly #clock: Clock;
  readonly #seconds: number;

  constructor(parts: { database: Database; oneTimeTokens: OneTimeTokenService; clock: Clock; config: Config }) {
    this.#database = parts.database;
    this.#tokens = parts.oneTimeTokens;
    this.#clock = parts.clock;
    this.#seconds = parts.config.webauthn.challengeSeconds;
  }

  /**
   * Stores a challenge with what it is bound to. A new registration ends the person's older ones; a new sign-in ends none, or
   * whoever knows a name could keep its owner from signing in.
   */
  async issue(
    kind: ChallengeKind,
    facts: { readonly addressee: Addressee; readonly challenge: string; readonly sessionId?: SessionId },
  ): Promise<Omit<PendingQuestion<never>, 'options'>> {
    const expiresAt = secondsAfter(this.#clock.now(), this.#seconds);
    const { addressee, ...context } = facts;
    const userId = addressee === 'ANYBODY' || addressee === 'NOBODY' ? null : addressee;
    const row = {
      kind,
      userId,
      expiresAt,
      context: addressee === 'NOBODY' ? { ...context, isForNobody: true } : context,
    };
    const replacesOlder = kind === 'PASSKEY_REGISTRATION';
    const issued = await this.#database.transaction((em) => this.#tokens.issue(em, row, replacesOlder));
    return { challengeToken: issued.token.reveal(), expiresAt: issued.expiresAt };
  }

  /**
   * Uses a challenge up, before its answer is looked at. Null when it is malformed, unknown, of another kind, over, used, or not
   * `mine`: somebody else's challenge is left alone. Of any number of parallel calls one gets it.
   */
  async take(kind: ChallengeKind, text: string, mine: (token: FoundToken) => boolean): Promise<TakenChallenge | null> {
    const token = await this.#tokens.find(this.#database.orm.em.fork(), text, [kind]);
    const challenge = token?.context['challenge'];
    if (token === null || token.state !== 'VALID' || typeof challenge !== 'string' || !mine(token)) return null;
    try {
      await this.#database.transaction((em) => this.#tokens.consume(em, token));
    } catch (error) {
      if (error instanceof Rejection) return null;
      throw error;
    }
    const isForNobody = token.context['isForNobody'] === true;
    return { addressee: token.userId ?? (isForNobody ? 'NOBODY' : 'ANYBODY'), challenge };
  }
}
