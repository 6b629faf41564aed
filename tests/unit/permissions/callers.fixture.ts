import type { ApiKeyId, ImpersonationId, SessionId, UserId } from '../../../src/ids.ts';
import type { PermissionName } from '../../../src/permissions/catalogue.ts';
import { type Grant, grantOf } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import type { ApiKeyPrincipal, SessionPrincipal } from '../../../src/principal.ts';
import type { ImpersonationMode } from '../../../src/vocabulary.ts';

/** The moment in which every case takes place. */
export const NOW = new Date('2026-01-26T10:00:00Z');

export const ALICE = '01890000-0000-7000-8000-00000000000a' as UserId;
export const BOB = '01890000-0000-7000-8000-00000000000b' as UserId;

type Held = readonly (PermissionName | Grant)[];

const grantsOf = (held: Held): EffectiveGrants =>
  EffectiveGrants.of(held.map((one) => (typeof one === 'string' ? grantOf(one) : one)));

const common = {
  userId: ALICE,
  organizationId: null,
  assuranceLevel: 'AAL1',
  authenticatedAt: new Date('2026-01-26T09:55:00Z'),
  secondFactorDueAt: null,
  permissionVersion: '1',
  ipAddress: '10.1.2.3',
} as const;

/** Alice, signed in five minutes ago. */
export const person = (...held: Held): SessionPrincipal => ({
  ...common,
  kind: 'person',
  via: 'session',
  sessionId: '01890000-0000-7000-8000-0000000000f1' as SessionId,
  apiKeyId: null,
  actorId: null,
  impersonationId: null,
  impersonationMode: null,
  grants: grantsOf(held),
});

/** Alice, signed in a day ago. */
export const stale = (...held: Held): SessionPrincipal => ({
  ...person(...held),
  authenticatedAt: new Date('2026-01-25T10:00:00Z'),
});

/** Alice with two factors. */
export const strong = (...held: Held): SessionPrincipal => ({ ...person(...held), assuranceLevel: 'AAL2' });

/** Bob acting as Alice. */
export const impersonated = (mode: ImpersonationMode, ...held: Held): SessionPrincipal => ({
  ...person(...held),
  actorId: BOB,
  impersonationId: '01890000-0000-7000-8000-0000000000f3' as ImpersonationId,
  impersonationMode: mode,
});

/** A key of Alice's. */
export const key = (...held: Held): ApiKeyPrincipal => ({
  ...common,
  kind: 'person',
  via: 'apiKey',
  sessionId: null,
  apiKeyId: '01890000-0000-7000-8000-0000000000f2' as ApiKeyId,
  actorId: null,
  impersonationId: null,
  impersonationMode: null,
  grants: grantsOf(held),
});

/** A service account by its key. */
export const service = (...held: Held): ApiKeyPrincipal => ({ ...key(...held), kind: 'service' });
