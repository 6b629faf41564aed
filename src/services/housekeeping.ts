import { type Clock, secondsAfter } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { forgetApprovals, forgetPastImpersonations } from '../entities/access-history.queries.ts';
import { deletePublished } from '../entities/outbox.queries.ts';
import type { BackgroundWork, Rounds } from '../telemetry/background-work.ts';
import { ensureAuditPartitions } from './audit-partitions.ts';
import { type AuditRetention, keptSince } from './audit-retention.ts';
import { deleteExpiredExports } from './export.service.ts';
import type { HeldLease, LeaseService } from './lease.service.ts';
import { forgetExpiredContent, OLD_MESSAGE } from '../messages/message-queue.ts';
import { closeOverdueImpersonations, type OverdueParts } from './overdue-impersonations.ts';
import { forgetWebhookRemains } from '../webhooks/webhook-retention.ts';
import { endExpiredSessions } from './refresh.service.ts';
import { retireSigningKeys } from './signing-key-changes.ts';

const INTERVAL_MS = 5 * 60 * 1000;
/** Longer than a part of a round takes, shorter than the interval. */
const LEASE_SECONDS = 4 * 60;
/** Rows of one statement: small enough that it never holds locks for long. */
const BATCH = 1000;
const MAXIMUM_BATCHES = 100;
/** Enrolments that nobody confirmed in time; for a day their owners are still told so. */
const ABANDONED_ENROLLMENT = `type = 'TOTP_PENDING' and expires_at <= $1::timestamptz - interval '1 day'`;
/** Questions to authenticators that nobody answered in time. Anybody can have one asked, so they do not pile up for a month. */
const UNANSWERED_QUESTION = `kind in ('PASSKEY_REGISTRATION', 'PASSKEY_ASSERTION') and expires_at <= $1::timestamptz`;
/** Codes: nobody can use them any more, and for a day they still count towards what an address is sent. */
const OLD_CODE = `expires_at <= $1::timestamptz - interval '1 day'`;
/** Redirect sign-ins that are over, and ID tokens that no clock of any replica takes any more. */
const OVER_PROVIDER_SIGN_IN = `kind = 'PROVIDER_SIGN_IN' and expires_at <= $1::timestamptz - interval '1 day'`;
/** Links that nobody can redeem any more; what became of them is in the audit log. */
const OVER_ACTION_LINK = `expires_at <= $1::timestamptz - interval '1 day'`;

const LEASE = 'housekeeping';
const FAILED = 'housekeeping failed and will be tried again';

/** Tables of which rows are removed by their age alone. */
type Cleaned =
  | 'users'
  | 'verifications'
  | 'action_links'
  | 'idempotency_keys'
  | 'one_time_tokens'
  | 'sessions'
  | 'credentials'
  | 'devices'
  | 'messages';

/** What grows old: expired sessions, devices, tokens, codes, action links, abandoned sign-ups, idempotency keys, retired signing keys, published events; and partitions for the months to come. */
export class Housekeeping {
  readonly #database: Database;
  readonly #leases: LeaseService;
  readonly #auditRetention: AuditRetention;
  readonly #clock: Clock;
  readonly #deviceRetentionSeconds: number;
  readonly #pendingSeconds: number;
  readonly #eventRetentionSeconds: number;
  readonly #webhookRetentionSeconds: number;
  readonly #auditRetentionMonths: number;
  readonly #impersonations: OverdueParts;
  readonly #rounds: Rounds;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #stopping = false;

  constructor(
    parts: OverdueParts & {
      leases: LeaseService;
      auditRetention: AuditRetention;
      config: Config;
      background: BackgroundWork;
    },
  ) {
    this.#database = parts.database;
    this.#leases = parts.leases;
    this.#auditRetention = parts.auditRetention;
    this.#clock = parts.clock;
    this.#deviceRetentionSeconds = parts.config.devices.retentionSeconds;
    this.#pendingSeconds = parts.config.signUp.pendingTtlSeconds;
    this.#eventRetentionSeconds = parts.config.events.retentionSeconds;
    this.#webhookRetentionSeconds = parts.config.webhooks.retentionSeconds;
    this.#auditRetentionMonths = parts.config.audit.retentionMonths;
    this.#impersonations = parts;
    this.#rounds = parts.background.rounds('housekeeping', FAILED);
  }

  /** Begins to work every five minutes, in one replica at a time. */
  start(): void {
    this.#stopping = false;
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
    this.#tick();
  }

  /** Stops, and waits for the statement under way; the rest of the round is left for the next. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /**
   * One round; does nothing while another replica is at it. Gives whether all of it worked. A part that fails keeps no other back: one
   * table that became too large for its time would let all of them grow. The lease is prolonged before each part; where that is not
   * possible, the round is over.
   */
  async run(): Promise<boolean> {
    const failed: string[] = [];
    let reason: unknown = null;
    let lease: HeldLease | null = null;
    let isWhole = true;
    for (const [part, work] of Object.entries(this.#parts())) {
      const prolonged: HeldLease | null = this.#stopping ? null : await this.#leases.take(LEASE, LEASE_SECONDS);
      isWhole = prolonged !== null;
      if (!isWhole) break;
      lease = prolonged;
      try {
        await work(this.#clock.now());
      } catch (error) {
        failed.push(part);
        reason ??= error;
      }
    }
    if (failed.length > 0) this.#rounds.failed(reason, { parts: failed });
    else this.#rounds.worked();
    if (lease !== null) await this.#leases.release(lease);
    return isWhole && failed.length === 0;
  }

  /** What is done, in this order. */
  #parts(): Readonly<Record<string, (now: Date) => Promise<unknown>>> {
    const removing = (table: Cleaned, condition: string) => (now: Date) =>
      this.#inBatches(() => this.#delete(table, condition, now));
    return {
      auditPartitions: (now) => ensureAuditPartitions(this.#database, now),
      signingKeys: (now) => retireSigningKeys(this.#database, now),
      expiredSessions: (now) => this.#inBatches(() => endExpiredSessions(this.#database, now, BATCH)),
      impersonations: () => this.#inBatches(() => closeOverdueImpersonations(this.#impersonations, BATCH)),
      idempotencyKeys: removing('idempotency_keys', 'expires_at <= $1'),
      unansweredQuestions: removing('one_time_tokens', UNANSWERED_QUESTION),
      oneTimeTokens: removing('one_time_tokens', `expires_at <= $1::timestamptz - interval '30 days'`),
      providerSignIns: removing('one_time_tokens', OVER_PROVIDER_SIGN_IN),
      endedSessions: removing('sessions', `ended_at <= $1::timestamptz - interval '90 days'`),
      messageContents: (now) => this.#inBatches(() => forgetExpiredContent(this.#database, now, BATCH)),
      messages: removing('messages', OLD_MESSAGE),
      enrollments: removing('credentials', ABANDONED_ENROLLMENT),
      devices: (now) => removing('devices', 'last_seen_at <= $1')(secondsAfter(now, -this.#deviceRetentionSeconds)),
      codes: removing('verifications', OLD_CODE),
      actionLinks: removing('action_links', OVER_ACTION_LINK),
      signUps: (now) =>
        removing('users', `status = 'PENDING' and created_at <= $1`)(secondsAfter(now, -this.#pendingSeconds)),
      exports: (now) => this.#inBatches(() => deleteExpiredExports(this.#database, now, BATCH)),
      events: (now) => this.#inBatches(() => this.#deletePublished(now)),
      webhookDeliveries: (now) =>
        this.#inBatches(() =>
          forgetWebhookRemains(this.#database, secondsAfter(now, -this.#webhookRetentionSeconds), BATCH),
        ),
      approvals: (now) => this.#inBatches(() => this.#forgetHistory(forgetApprovals, now)),
      pastImpersonations: (now) => this.#inBatches(() => this.#forgetHistory(forgetPastImpersonations, now)),
      auditRetention: () => this.#auditRetention.run(),
    };
  }

  async #delete(table: Cleaned, condition: string, at: Date): Promise<number> {
    const rows = await this.#database.query(
      // The condition twice: a row that somebody else held meanwhile is looked at again, but not found again.
      `delete from ${table} where ctid = any(array(select ctid from ${table} where ${condition} limit ${BATCH}))
       and (${condition}) returning 1 as gone`,
      [at.toISOString()],
    );
    return rows.length;
  }

  async #deletePublished(now: Date): Promise<number> {
    const until = secondsAfter(now, -this.#eventRetentionSeconds);
    const rows = await this.#database.query(deletePublished, [now.toISOString(), until.toISOString(), BATCH]);
    return rows.length;
  }

  async #forgetHistory(statement: string, now: Date): Promise<number> {
    const until = keptSince(now, this.#auditRetentionMonths);
    return until === null ? 0 : (await this.#database.query(statement, [until.toISOString(), BATCH])).length;
  }

  #tick(): void {
    this.#running ??= this.run()
      .then(() => undefined)
      .catch((error: unknown) => this.#rounds.failed(error))
      .finally(() => {
        this.#running = null;
      });
  }

  async #inBatches(work: () => Promise<number>): Promise<void> {
    for (let batch = 0; batch < MAXIMUM_BATCHES && !this.#stopping; batch += 1) {
      if ((await work()) < BATCH) return;
    }
  }
}
