import { builtInCatalogue, permissionDefinitions } from '../src/permissions/catalogue.ts';
import { decide, type DecisionQuestion, type DecisionSubject } from '../src/permissions/decision.ts';
import type { Grant } from '../src/permissions/grants.ts';
import { EffectiveGrants } from '../src/permissions/effective-grants.ts';
import { judge } from '../src/permissions/judge.ts';
import { and, can, freshly, notImpersonating, or, self, viaSession } from '../src/permissions/rules.ts';
import type { Principal } from '../src/principal.ts';
import type { SessionId, UserId } from '../src/ids.ts';

/** Decisions per second of one core for a holder of 50 grants: `npx tsx bench/grants.ts`. */
const DECISIONS = 3_000_000;
const ROUNDS = 5;

const grants: readonly Grant[] = permissionDefinitions.slice(0, 50).map(({ action, resource }, index) => ({
  action,
  resource,
  constraints: index % 2 === 0 ? [] : [{ kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL1' }],
}));
const effective = EffectiveGrants.of(grants);
const keys = permissionDefinitions.map(({ key }) => key);
const now = new Date('2026-01-31T09:30:00Z');
const userId = '01890000-0000-7000-8000-000000000001' as UserId;
const principal: Principal = {
  kind: 'person',
  via: 'session',
  userId,
  sessionId: '01890000-0000-7000-8000-000000000002' as SessionId,
  apiKeyId: null,
  actorId: null,
  impersonationId: null,
  impersonationMode: null,
  organizationId: null,
  assuranceLevel: 'AAL1',
  authenticatedAt: now,
  secondFactorDueAt: null,
  grants: effective,
  permissionVersion: '1',
  ipAddress: '127.0.0.1',
};
const circumstances = { now, ipAddress: '127.0.0.1', assuranceLevel: 'AAL1' } as const;
const simple = can('view:users');
const strict = and(can('delete:users'), viaSession, notImpersonating, freshly(10));
const own = or(can('view:stats'), self('id'));

const subject: DecisionSubject = {
  active: true,
  userId,
  organizationIds: [],
  grants: effective,
  ownerGrants: null,
  impersonationMode: null,
  now,
  ipAddress: '127.0.0.1',
  assuranceLevel: 'AAL1',
  canRaise: true,
  stepUpFor: () => null,
};
const questions = permissionDefinitions
  .slice(0, 50)
  .map(({ action, resource }): DecisionQuestion => ({ action, resource, lineage: [], attributes: {} }));
const questionAt = (index: number): DecisionQuestion => questions[index % questions.length] as DecisionQuestion;

const measure = (name: string, allows: (index: number) => boolean): void => {
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    let allowed = 0;
    for (let index = 0; index < DECISIONS; index += 1) allowed += allows(index) ? 1 : 0;
    if (allowed === 0) throw new Error(`${name} allowed nothing`);
    return DECISIONS / (performance.now() - start) / 1000;
  }).toSorted((a, b) => a - b);
  console.log(`${name.padEnd(34)} ${(rates[Math.floor(ROUNDS / 2)] ?? 0).toFixed(1)} million decisions/s`);
};

const keyAt = (index: number): (typeof keys)[number] => keys[index % keys.length] ?? 'view:users';

measure('holds, 50 grants, half constrained', (index) => effective.holds(keyAt(index), circumstances));
measure('permits, the same', (index) => effective.permits(keyAt(index), circumstances));
measure('judge can', () => judge(simple, { principal, now }).allowed);
measure('judge can, session, fresh', () => judge(strict, { principal, now }).allowed);
measure('judge can or self', () => judge(own, { principal, now, args: { id: userId } }).allowed);
measure('decide, 50 grants', (index) => decide(questionAt(index), subject, builtInCatalogue).allowed);
