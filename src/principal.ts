import type { ApiKeyId, ImpersonationId, OrganizationId, SessionId, UserId } from './ids.ts';
import type { EffectiveGrants } from './permissions/effective-grants.ts';
import type { AssuranceLevel, ImpersonationMode } from './vocabulary.ts';

/** What is known of every caller, however the request was authenticated. */
interface Caller {
  /** Whose rights are used: the person signed in, the target of an impersonation, the owner of an API key. */
  readonly userId: UserId;
  /** Active organization. */
  readonly organizationId: OrganizationId | null;
  /** Of the session; an API key has AAL1. */
  readonly assuranceLevel: AssuranceLevel;
  /** When the identity was last proved: signing in or a step-up. For an API key, when it was made. */
  readonly authenticatedAt: Date;
  /**
   * From when on a second factor is expected of the account, which has none; before, a fresh session stands in for it. null:
   * it has one, or none is asked for.
   */
  readonly secondFactorDueAt: Date | null;
  /** United over the groups, narrowed by key or impersonation. */
  readonly grants: EffectiveGrants;
  /** Changes whenever the grants may have changed. */
  readonly permissionVersion: string;
  readonly ipAddress: string | null;
  /** Set where administrators' operations are not served on the way that the request came: `grants` hold none of them. */
  readonly administrationElsewhere?: true;
}

interface NoImpersonation {
  readonly actorId: null;
  readonly impersonationId: null;
  readonly impersonationMode: null;
}

interface Impersonation {
  /** Who really acts. */
  readonly actorId: UserId;
  readonly impersonationId: ImpersonationId;
  readonly impersonationMode: ImpersonationMode;
}

interface Session {
  readonly kind: 'person';
  readonly via: 'session';
  readonly sessionId: SessionId;
  readonly apiKeyId: null;
}

interface ApiKey extends NoImpersonation {
  readonly kind: 'person' | 'service';
  readonly via: 'apiKey';
  readonly sessionId: null;
  readonly apiKeyId: ApiKeyId;
}

/** A person in a session of their own or of somebody they act as. */
export type SessionPrincipal = Caller & Session & (NoImpersonation | Impersonation);

/** A person or service account by API key; services have no sessions. */
export type ApiKeyPrincipal = Caller & ApiKey;

/** Who is calling, and with which grants. Made once per request; `null` stands for somebody who is not signed in. */
export type Principal = SessionPrincipal | ApiKeyPrincipal;
