import { prepared } from '../database/prepared.ts';
import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { personalCommitment } from '../crypto/audit-hash.ts';
import { sql, type StatementRunner } from '../database/sql.ts';
import type { AuditChange } from '../entities/audit-event.entity.ts';
import { newId } from '../ids.ts';
import type { AuditResult } from '../vocabulary.ts';
import { presentNotes } from './change-notes.ts';
import { type EventOf, type EventType, eventTypes } from './event-types.ts';

/** Somebody or something as it is now; the label is kept, so that the log reads well after it is gone. */
export interface Reference {
  readonly type:
    | 'ActionLink'
    | 'ApiKey'
    | 'ApprovalRequest'
    | 'AuditEvent'
    | 'ExportJob'
    | 'ExternalIdentity'
    | 'Group'
    | 'Impersonation'
    | 'Invitation'
    | 'Message'
    | 'Organization'
    | 'OrganizationDomain'
    | 'Resource'
    | 'Session'
    | 'SigningKey'
    | 'System'
    | 'TrustedDocument'
    | 'User'
    | 'Webhook';
  readonly id: string | null;
  readonly label: string | null;
}

/** What happened, once: a line of the audit log and, for those outside who must know, an event. */
export interface Happening {
  /** From the audit catalogue, `<concept>.<past tense>`. */
  readonly action: string;
  readonly result?: AuditResult;
  /** Who did it when that is not the caller (a sign-in knows only at its end). */
  readonly actor?: Reference;
  readonly target?: Reference;
  readonly changes?: readonly AuditChange[];
  /** More by action, without secrets and without personal values. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly event?: EventOf<EventType>;
}

/** Who caused it, and from where. */
export interface Origin {
  readonly actor: Reference | null;
  readonly onBehalfOfId: string | null;
  /** The impersonation in which it was done; absent or null outside of one. Stands in the metadata of each line. */
  readonly impersonationId?: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/**
 * Part of a statement: writes what happened, as `Recorder.values` gives it; with a `guard`, another part of the same statement,
 * only if that has a row. For hot paths that are one statement; all others call `Recorder.record`.
 */
export const recorded = (guard?: string): string => `entry as (
  select * from jsonb_to_recordset($1::jsonb) as e(
    id uuid, action text, result text, actor_type text, actor_id uuid, on_behalf_of_id uuid, target_type text,
    target_id text, request_id text, metadata jsonb, commitment text, salt text, personal jsonb,
    event_id uuid, event_type text, event_version smallint, aggregate_type text, aggregate_id text, payload jsonb)
  ${guard === undefined ? '' : `where exists (select from ${guard})`}
), logged as (
  insert into audit_events (at, id, action, result, actor_type, actor_id, on_behalf_of_id, target_type, target_id,
    request_id, metadata, personal_commitment)
  select $2::timestamptz, id, action, result, actor_type, actor_id, on_behalf_of_id, target_type, target_id,
    request_id, metadata, decode(commitment, 'hex') from entry
), personal as (
  insert into audit_personal_values (at, event_id, salt, values)
  select $2::timestamptz, id, decode(salt, 'hex'), personal from entry
), published as (
  insert into outbox_events (id, type, type_version, aggregate_type, aggregate_id, payload, occurred_at)
  select event_id, event_type, event_version, aggregate_type, aggregate_id, payload, $2::timestamptz
  from entry where event_type is not null
)`;

const RECORD = prepared(`with ${recorded()} select`);

/**
 * Writes what happened into the audit log and the outbox, in the transaction that caused it and as one statement: a change
 * without its line, or a line without its change, cannot exist.
 */
export class Recorder {
  readonly #clock: Clock;
  readonly #count: (happening: Happening) => void;

  /** @param count called with everything that is written, before its transaction ends. */
  constructor(clock: Clock, count: (happening: Happening) => void = () => undefined) {
    this.#clock = clock;
    this.#count = count;
  }

  async record(em: EntityManager, origin: Origin, happenings: readonly Happening[]): Promise<void> {
    if (happenings.length > 0) await sql(em, RECORD, this.values(origin, happenings));
  }

  /** Writes what happened without any change: a refusal. One statement, in no transaction of others. */
  async recordAlone(database: StatementRunner, origin: Origin, happenings: readonly Happening[]): Promise<void> {
    await database.query(RECORD, this.values(origin, happenings));
  }

  /** The values of `recorded`. */
  values(origin: Origin, happenings: readonly Happening[]): readonly [rows: string, at: string] {
    for (const happening of happenings) this.#count(happening);
    const rows = happenings.map((happening) => rowOf(origin, happening));
    return [JSON.stringify(rows), this.#clock.now().toISOString()];
  }
}

const NOBODY = { type: null, id: null, label: null };

/** The personal values with a salted commitment to them: they can be erased later without breaking the row's hash. */
const personalPart = (
  origin: Origin,
  happening: Happening,
  labels: { actor: string | null; target: string | null },
) => {
  const personal = {
    actorLabel: labels.actor,
    targetLabel: labels.target,
    ipAddress: origin.ipAddress,
    userAgent: origin.userAgent,
    changes: (happening.changes ?? []).map(({ field, before, after }) => ({ field, before, after })),
  };
  const salt = randomBytes(16).toString('hex');
  return { salt, personal, commitment: personalCommitment(salt, personal) };
};

const eventPart = ({ event, target }: Happening): Record<string, unknown> =>
  event === undefined
    ? {}
    : {
        event_id: newId(),
        event_type: event.type,
        event_version: eventTypes[event.type].version,
        aggregate_type: target?.type ?? 'System',
        aggregate_id: target?.id ?? 'system',
        payload: event.payload,
      };

const impersonationOf = ({ impersonationId = null }: Origin): Readonly<Record<string, string>> =>
  impersonationId === null ? {} : { impersonationId };

const rowOf = (origin: Origin, happening: Happening): Record<string, unknown> => {
  const actor = happening.actor ?? origin.actor ?? NOBODY;
  const target = happening.target ?? NOBODY;
  return {
    id: newId(),
    action: happening.action,
    result: happening.result ?? 'SUCCESS',
    actor_type: actor.type,
    actor_id: actor.id,
    on_behalf_of_id: origin.onBehalfOfId,
    target_type: target.type,
    target_id: target.id,
    request_id: origin.requestId,
    metadata: { ...happening.metadata, ...presentNotes(), ...impersonationOf(origin) },
    ...personalPart(origin, happening, { actor: actor.label, target: target.label }),
    ...eventPart(happening),
  };
};
