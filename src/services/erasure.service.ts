import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  belongings,
  eraseAuditValues,
  forgetImpersonations,
  forgetMessages,
  forgetRequests,
  holdExports,
  naming,
} from '../entities/erasure.queries.ts';
import { withdrawExports } from '../entities/export.queries.ts';
import { userColumns, type UserRow, type UserView, userViewOf } from '../entities/user.queries.ts';
import { reject, Rejection } from '../errors.ts';
import type { Origin, Recorder } from '../events/recorder.ts';
import type { UserId } from '../ids.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import { readText } from './text.ts';
import type { UserStatusService } from './user-status.service.ts';
import { lockTargets, readUserIds } from './user-targets.ts';

interface Parts {
  readonly database: Database;
  readonly guard: AccessGuard;
  readonly directory: GroupDirectory;
  readonly userStatus: UserStatusService;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

const FIELD = { field: ['userId'] };
const WITHDRAWN = 'A person was erased whose data the file could hold; ask for it again.';

/** Deletes people together with everything that names them. */
export class ErasureService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Deletes an account as deleting does, with the same guards, and erases the personal values of the log and whatever else keeps
   * names or addresses of the person; files of exports that could hold them are withdrawn. The chain of the log stays whole. Cannot
   * be undone. Errors: REQUIRED, TOO_LONG, INVALID_VALUE, TARGET_NOT_FOUND, NOT_ON_ONESELF, EXCEEDS_OWN_PERMISSIONS, LAST_ADMIN.
   */
  async erase(caller: SignedInCaller, input: { readonly userId: string; readonly reason: string }): Promise<UserId> {
    const { database } = this.#parts;
    const read = readText(input.reason, { field: ['reason'], maximum: 500 });
    if ('problem' in read) throw new Rejection([read.problem]);
    const ids = readUserIds([input.userId], 'userId');
    return database.transaction(async (em) =>
      this.#erase(em, originOf(caller), { user: await this.#target(em, caller, ids), reason: read.text }),
    );
  }

  /**
   * The same for whoever runs the server, and so could do anything: nobody's permissions are asked for, what the erasure leaves
   * behind is judged all the same. Errors: REQUIRED, TOO_LONG, INVALID_VALUE, TARGET_NOT_FOUND, LAST_ADMIN.
   */
  async eraseByServer(origin: Origin, input: { readonly userId: UserId; readonly reason: string }): Promise<UserId> {
    const { database, guard, clock } = this.#parts;
    const read = readText(input.reason, { field: ['reason'], maximum: 500 });
    if ('problem' in read) throw new Rejection([read.problem]);
    return database.transaction(async (em) => {
      await guard.lockForServer(em);
      await sql(em, holdExports);
      const [row] = await sql<UserRow>(em, `select ${userColumns} from users u where u.id = $1 for update of u`, [
        input.userId,
      ]);
      if (row === undefined) return reject('TARGET_NOT_FOUND', FIELD);
      return this.#erase(em, origin, { user: userViewOf(row, clock.now()), reason: read.text });
    });
  }

  async #erase(em: EntityManager, origin: Origin, { user, reason }: { user: UserView; reason: string }) {
    const identifiers = await sql<{ value: string }>(em, 'select value from identifiers where user_id = $1', [user.id]);
    const addresses = addressesOf(user, identifiers);
    const owned = await sql<{ id: string }>(em, belongings, [user.id, addresses]);
    await this.#forget(em, user, addresses);
    await this.#parts.userStatus.remove(em, origin, [user], {});
    const [counted] = await sql<{ erased: number }>(em, eraseAuditValues, [user.id, owned.map(({ id }) => id)]);
    await this.#record(em, origin, user.id, { reason, erasedEvents: counted?.erased ?? 0 });
    return user.id;
  }

  async #target(em: EntityManager, caller: SignedInCaller, ids: readonly UserId[]): Promise<UserView> {
    const { guard, directory, clock } = this.#parts;
    const authority = await guard.lock(em, caller, can('erase:users'));
    await sql(em, holdExports);
    const viewer = { principal: authority.principal, now: clock.now() };
    const need = { field: 'userId', permission: 'erase:users', account: true } as const;
    const [row] = await lockTargets(em, viewer, ids, need);
    if (row === undefined) return reject('TARGET_NOT_FOUND', FIELD);
    const targetId = row.user_id;
    if (targetId === authority.principal.userId) reject('NOT_ON_ONESELF', { ...FIELD, targetId });
    if (authority.isBelow(directory.grantsOf(row.assignments), { protectedToo: false })) {
      reject('EXCEEDS_OWN_PERMISSIONS', { ...FIELD, targetId });
    }
    return userViewOf(row, viewer.now);
  }

  async #forget(em: EntityManager, user: UserView, addresses: readonly string[]): Promise<void> {
    await sql(em, forgetMessages, [addresses]);
    await sql(em, forgetRequests, [user.id, [user.id, ...addresses].map(naming)]);
    await sql(em, forgetImpersonations, [user.id]);
    await sql(em, withdrawExports, [user.id, this.#parts.clock.now().toISOString(), WITHDRAWN]);
  }

  /** After the erasure: who did it and why stays readable, without a name of whom it was done to. */
  async #record(em: EntityManager, origin: Origin, id: UserId, metadata: Record<string, unknown>) {
    await this.#parts.recorder.record(em, origin, [
      {
        action: 'user.erased',
        target: { type: 'User', id, label: null },
        metadata,
        event: { type: 'UserErased', payload: { userId: id } },
      },
    ]);
  }
}

/** Every text under which the person could be written to, as stored and as shown. */
const addressesOf = (user: UserView, identifiers: readonly { readonly value: string }[]): readonly string[] => [
  ...new Set(
    [user.email, user.phone, user.username, ...identifiers.map(({ value }) => value)].filter((text) => text !== null),
  ),
];
