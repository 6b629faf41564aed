import type { Secret } from '../crypto/secret.ts';
import type { SubjectTokenType, TokenDelivery } from '../vocabulary.ts';
import type { ClientFacts } from './session-facts.ts';

/** A token of a provider, as somebody presents it. */
export interface PresentedToken {
  readonly issuer: string;
  readonly subjectToken: Secret<string>;
  readonly subjectTokenType: SubjectTokenType;
}

/** How the session of a sign-in is wanted. */
export interface WantedSession {
  readonly delivery: TokenDelivery;
  readonly client: ClientFacts;
}
