import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { assignmentsColumn, type AssignmentsRow } from '../entities/assignment.queries.ts';
import {
  organizationColumns,
  type OrganizationRow,
  type OrganizationView,
  organizationViewOf,
} from '../entities/organization.queries.ts';
import { visibleOrganizations } from '../entities/organization.visibility.ts';
import type { SessionView } from '../entities/session.queries.ts';
import { Failure, Rejection } from '../errors.ts';
import type { Recorder } from '../events/recorder.ts';
import { type OrganizationId, parseId } from '../ids.ts';
import { nameOf, originOf, type SignedInCaller } from './caller.ts';
import type { SessionService } from './session.service.ts';
import type { Impersonator } from './session-facts.ts';
import type { SessionTokenIssuer, SessionTokens } from './session-tokens.ts';
import { targetNotFound } from './target-ids.ts';

export interface SwitchedOrganization {
  readonly organization: OrganizationView | null;
  /** A new access token; null with a cookie session. */
  readonly tokens: SessionTokens | null;
}

type SessionRow = AssignmentsRow & { readonly epoch: string };

/** The organization that a session acts in: what its tokens say holds there, beside what holds everywhere. */
export class ActiveOrganizationService {
  readonly #database: Database;
  readonly #sessions: SessionService;
  readonly #issuer: SessionTokenIssuer;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    sessions: SessionService;
    issuer: SessionTokenIssuer;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#sessions = parts.sessions;
    this.#issuer = parts.issuer;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Makes an organization the active one of the session, one of which the caller is a member or that they may see; null = none. It
   * gives no right that the caller does not have without it. Errors: TARGET_NOT_FOUND; throws UNAUTHENTICATED without a session that
   * goes on.
   */
  async switch(caller: SignedInCaller, id: string | null): Promise<SwitchedOrganization> {
    const { session } = caller;
    if (session === null) throw new Failure('UNAUTHENTICATED');
    const { organization, row, impersonator } = await this.#database.transaction(async (em) => {
      const found = id === null ? null : await this.#find(em, caller, id);
      const stored = await store(em, session, found);
      await this.#record(em, caller, session, found);
      return { organization: found, row: stored, impersonator: await impersonatorOf(em, caller) };
    });
    if (session.delivery === 'COOKIE') return { organization, tokens: null };
    const subject = await this.#sessions.subjectOf(
      {
        ...session,
        organizationLineage: organization?.lineage ?? null,
        email: caller.account.email,
        attributes: caller.account.attributes,
        issuedAt: this.#clock.now(),
      },
      { ...row, impersonator },
    );
    return { organization, tokens: await this.#issuer.accessOnly(subject) };
  }

  async #find(em: EntityManager, { principal }: SignedInCaller, id: string): Promise<OrganizationView> {
    const visible = visibleOrganizations({ principal, now: this.#clock.now() }, 2);
    const [row] = await sql<OrganizationRow>(
      em,
      `select ${organizationColumns} from organizations o where o.id = $1 and ${visible.condition} for key share of o`,
      [parseId<OrganizationId>(id), ...visible.values],
    );
    if (row === undefined) throw new Rejection([targetNotFound('organizationId', id)]);
    return organizationViewOf(row);
  }

  async #record(
    em: EntityManager,
    caller: SignedInCaller,
    session: SessionView,
    organization: OrganizationView | null,
  ): Promise<void> {
    const before = caller.principal.organizationId;
    const after = organization?.id ?? null;
    if (before === after) return;
    await this.#recorder.record(em, originOf(caller), [
      {
        action: 'session.organization-switched',
        target: { type: 'Session', id: session.id, label: nameOf(caller.account) },
        changes: [{ field: 'organizationId', before, after }],
        metadata: { organizationName: organization?.name ?? null },
      },
    ]);
  }
}

/** Throws UNAUTHENTICATED when the session ended meanwhile. */
const store = async (
  em: EntityManager,
  session: SessionView,
  organization: OrganizationView | null,
): Promise<SessionRow> => {
  const [row] = await sql<SessionRow>(
    em,
    `update sessions s set organization_id = $2 from users u
     where s.id = $1 and u.id = s.user_id and s.ended_at is null
     returning ${assignmentsColumn}, (select epoch::text from permission_epoch) as epoch`,
    [session.id, organization?.id ?? null],
  );
  if (row === undefined) throw new Failure('UNAUTHENTICATED');
  return row;
};

const impersonatorOf = async (em: EntityManager, { principal }: SignedInCaller): Promise<Impersonator | null> => {
  if (principal.actorId === null) return null;
  const [row] = await sql<AssignmentsRow>(em, `select ${assignmentsColumn} from users u where u.id = $1`, [
    principal.actorId,
  ]);
  return { assignments: row?.assignments ?? [], mode: principal.impersonationMode };
};
