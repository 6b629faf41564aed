import type { Clock } from '../clock.ts';
import type { TailedRow } from '../entities/audit-tail.queries.ts';
import type { AuditConditions, AuditEventView } from '../entities/audit.queries.ts';
import { visibleAuditEvents } from '../entities/audit.visibility.ts';
import type { UserView } from '../entities/user.queries.ts';
import { Failure } from '../errors.ts';
import { userChangeKinds } from '../events/user-change-kinds.ts';
import { parseId, type UserId } from '../ids.ts';
import { reachOf } from '../permissions/may.ts';
import type { Principal } from '../principal.ts';
import type { UserChangeKind } from '../vocabulary.ts';
import { type AuditFilter, readAuditFilter } from './audit-filter.ts';
import { auditEventFor } from './audit-match.ts';
import type { AuditTail, TailReader } from './audit-tail.ts';
import type { SignedInCaller } from './caller.ts';
import { EventQueue } from './event-queue.ts';
import type { UserReader } from './user-reader.ts';

/** Events that wait for one subscriber; with more it is too slow. */
const MAXIMUM_WAITING = 1000;
/** As many as a page has. */
const MAXIMUM_WATCHED = 100;

/** An audit event before it was decided whether the subscriber may see it. */
export interface AuditOccurrence {
  readonly row: TailedRow;
  readonly wanted: AuditConditions;
}

/** A change of a watched user before it was decided whether the subscriber may know of it. */
export interface UserOccurrence {
  readonly userId: UserId;
  readonly change: UserChangeKind;
  readonly watched: WatchedUsers;
}

/** A change of a user, as the subscriber may see it. */
export interface UserChangeView {
  readonly userId: UserId;
  readonly change: UserChangeKind;
  /** null when deleted. */
  readonly user: UserView | null;
}

/** By user that the subscriber saw when last looked: with which rights. */
type WatchedUsers = Map<UserId, string>;

/**
 * What subscribers are told. Each event is decided on when it is delivered, with what the subscriber may do at that moment: the same
 * rules as those of the lists, so that a stream shows nothing that a query hides.
 */
export class LiveEvents {
  readonly #tail: AuditTail;
  readonly #users: UserReader;
  readonly #clock: Clock;

  constructor(parts: { auditTail: AuditTail; userReader: UserReader; clock: Clock }) {
    this.#tail = parts.auditTail;
    this.#users = parts.userReader;
    this.#clock = parts.clock;
  }

  /** Audit events from now on. Whoever sees only those about themselves now is told of no others later. Throws as the filter of the list. */
  async auditEvents(caller: SignedInCaller, filter: AuditFilter | null): Promise<EventQueue<AuditOccurrence>> {
    const wanted = readAuditFilter(filter);
    const reach = visibleAuditEvents({ principal: caller.principal, now: this.#clock.now() });
    return this.#follow<AuditOccurrence>(reach === 'ALL' ? null : [reach], (row, push) => {
      // With the widest reach: what the subscriber may see of it is asked at delivery.
      if (auditEventFor(row, wanted, 'ALL') !== null) push({ row, wanted });
    });
  }

  /** The event as the caller may see it now; null when they may not. */
  auditEventFor({ principal }: SignedInCaller, { row, wanted }: AuditOccurrence): AuditEventView | null {
    return auditEventFor(row, wanted, visibleAuditEvents({ principal, now: this.#clock.now() }));
  }

  /**
   * Changes of these users from now on; of those that do not exist or are hidden, nothing is ever told. Throws BAD_USER_INPUT for more
   * than 100.
   */
  async userChanges(caller: SignedInCaller, ids: readonly string[]): Promise<EventQueue<UserOccurrence>> {
    if (ids.length > MAXIMUM_WATCHED) {
      throw new Failure('BAD_USER_INPUT', `At most ${MAXIMUM_WATCHED} users.`, {
        limit: 'ids',
        maximum: MAXIMUM_WATCHED,
      });
    }
    const wanted = [...new Set(ids.map((text) => parseId<UserId>(text)).filter((id) => id !== null))];
    const watched: WatchedUsers = new Map();
    const queue = await this.#follow<UserOccurrence>(wanted, (row, push) => {
      const change = row.result === 'SUCCESS' ? userChangeKinds[row.action] : undefined;
      const userId = wanted.find((id) => id === (row.target_type === 'User' ? row.target_id : row.actor_id));
      if (change !== undefined && userId !== undefined) push({ userId, change, watched });
    });
    // After the beginning, so that no change lies between what was seen here and the first event.
    for (const user of await this.#users.byIds(caller, wanted)) {
      if (user !== null) watched.set(user.id, caller.principal.permissionVersion);
    }
    return queue;
  }

  /** The change as the caller may know of it now; null when they may not. One statement, none for somebody who is gone. */
  async userChangeFor(
    caller: SignedInCaller,
    { userId, change, watched }: UserOccurrence,
    load: (id: UserId) => Promise<UserView | null>,
  ): Promise<UserChangeView | null> {
    if (change === 'DELETED') {
      return this.#sawUntilNow(caller.principal, watched.get(userId)) ? { userId, change, user: null } : null;
    }
    const user = await load(userId);
    if (user === null) {
      // Deleted by now, of which the next event tells, or out of reach, of which none does.
      if (change === 'ACCESS_CHANGED') watched.delete(userId);
      return null;
    }
    watched.set(userId, caller.principal.permissionVersion);
    return { userId, change, user };
  }

  /**
   * Whoever is deleted belongs to no organization any more by which a reach could be asked for. So whoever sees only some organizations is told
   * only where they saw the user with the very rights that they have now.
   */
  #sawUntilNow(principal: Principal, seenWith: string | undefined): boolean {
    if (seenWith === undefined) return false;
    return reachOf(principal, 'view:users', this.#clock.now()) === 'ALL' || seenWith === principal.permissionVersion;
  }

  async #follow<Event>(
    about: TailReader['about'],
    told: (row: TailedRow, push: (event: Event) => void) => void,
  ): Promise<EventQueue<Event>> {
    let leave: (() => void) | null = null;
    const queue = new EventQueue<Event>({ limit: MAXIMUM_WAITING, onEnd: () => leave?.() });
    leave = await this.#tail.follow({ about, told: (row) => told(row, (event) => queue.push(event)) });
    return queue;
  }
}
