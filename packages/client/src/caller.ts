/** How strongly the identity of a caller is proved (claim `acr`). */
export type AssuranceLevel = 'AAL1' | 'AAL2';

/** Who is calling, as an access token of Gatehouse says (RFC 9068). Facts of at most the token's age, 15 minutes by default. */
export interface Caller {
  /** Whose rights are used; while impersonating, the target. */
  readonly userId: string;
  readonly sessionId: string;
  /** Who really acts (RFC 8693, claim `act`); null unless impersonating. */
  readonly actorId: string | null;
  /** Active organization. */
  readonly organizationId: string | null;
  readonly email: string | null;
  /** Names of groups that hold everywhere or in the active organization. Ask for decisions instead of reading them, where you can. */
  readonly groups: readonly string[];
  /** Permissions held without constraint, where the server writes them into its tokens; else empty. */
  readonly scopes: readonly string[];
  readonly assuranceLevel: AssuranceLevel;
  /** When the identity was last proved (claim `auth_time`). */
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
  /** Changes whenever the caller's permissions may have changed (claim `pv`). */
  readonly permissionVersion: string;
  /** The token itself, to ask Gatehouse as the caller. Never log it. */
  readonly token: string;
}

/** Why a token was refused. `message` holds nothing of the token. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly reason: 'expired' | 'invalid' | 'keys-unavailable';

  constructor(reason: TokenRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
