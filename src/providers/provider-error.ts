/** Why a provider's token was not taken; kept in the audit log, never told to the caller. */
export type TokenFault =
  | 'ALGORITHM'
  | 'AUDIENCE'
  | 'CLAIMS'
  | 'EXPIRED'
  | 'INACTIVE'
  | 'ISSUER'
  | 'KIND'
  | 'KEY'
  | 'MALFORMED'
  | 'NONCE'
  | 'NOT_YET'
  | 'NOT_TAKEN'
  | 'REPLAYED'
  | 'SIGNATURE'
  | 'SUBJECT';

/** A token that is not taken. Holds nothing of the token. */
export class SubjectTokenError extends Error {
  override readonly name = 'SubjectTokenError';
  readonly fault: TokenFault;

  constructor(fault: TokenFault) {
    super(`The provider's token was refused: ${fault}.`);
    this.fault = fault;
  }
}

/** What went wrong on the way to another server. */
export type OutboundFault =
  | 'ADDRESS_REFUSED'
  | 'ANSWER_MALFORMED'
  | 'NOT_REACHED'
  | 'REDIRECTED'
  | 'STATUS'
  | 'TIMED_OUT'
  | 'TOO_LARGE'
  | 'UNRESOLVED';

/** Another server did not answer as it should. Holds its host, never what was sent or what came back. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly fault: OutboundFault;
  readonly host: string;
  /** The word of the operating system or of TLS for it, as ECONNREFUSED; null where there is none. */
  readonly reason: string | null;

  constructor(fault: OutboundFault, host: string, reason: string | null = null) {
    super(`The call to ${host} failed: ${fault}.`);
    this.fault = fault;
    this.host = host;
    this.reason = reason;
  }
}
