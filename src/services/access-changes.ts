import type { EntityManager } from '@mikro-orm/postgresql';
import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { type TransactionFrame, withinFrame, type Work } from '../database/transaction-frame.ts';
import { type Problem, Rejection } from '../errors.ts';
import { withNotes } from '../events/change-notes.ts';
import type { PermissionName } from '../permissions/catalogue.ts';
import type { AccessPreview, AccessPreviewer, Affected, Trial } from './access-preview.ts';
import type { ApprovalRequestService } from './approval-request.service.ts';
import type { SignedInCaller } from './caller.ts';
import { approved, asking, requireSecondPerson, SecondPersonNeeded, tried } from './second-person.ts';
import { readText } from './text.ts';

/** The mutations that change access: each can be tried, and waits for a second person where the settings say so. */
export type AccessChangeName =
  | 'createUser'
  | 'updateUser'
  | 'lockUsers'
  | 'unlockUsers'
  | 'disableUsers'
  | 'enableUsers'
  | 'deleteUsers'
  | 'createGroup'
  | 'updateGroup'
  | 'setGroupPermissions'
  | 'deleteGroup'
  | 'addGroupMembers'
  | 'removeGroupMembers'
  | 'registerResources'
  | 'createOrganization'
  | 'updateOrganization'
  | 'moveOrganization'
  | 'deleteOrganization'
  | 'addOrganizationMembers'
  | 'removeOrganizationMembers'
  | 'inviteToOrganization'
  | 'createServiceAccount'
  | 'eraseUser'
  | 'resetUserMfa'
  | 'rotateSigningKey';

/** How one of them is carried out. */
export interface AccessChange<Input> {
  /** Whose access it can concern; users that it makes are found without. */
  readonly affected: (input: Input) => Affected;
  /** Set where the mutation itself is the use of a protected permission. */
  readonly permission?: PermissionName;
  /** Where the version of what it changes stands: a request made for one version is not carried out on another. */
  readonly versioned?: 'groups' | 'users' | 'organizations';
  /** Checks, changes, and gives the payload. Everything that it writes is one transaction. */
  readonly carryOut: (caller: SignedInCaller, input: Input) => Promise<object>;
}

export type AccessChangeTable = { readonly [Name in AccessChangeName]: AccessChange<never> };

/** How a change is to be made. */
interface ChangeOptions {
  readonly dryRun?: boolean | null | undefined;
  readonly breakGlassReason?: string | null | undefined;
}

const BREAK_GLASS = { field: ['breakGlassReason'], maximum: 500 } as const;

/** Carries the transaction of a try out of what is tried, so that nothing of it remains. */
class Undone extends Error {
  override readonly name = 'Undone';
  readonly trial: Trial;

  constructor(trial: Trial) {
    super('The change was only tried.');
    this.trial = trial;
  }
}

/** Makes changes of access: at once, as a try that tells what it would do, or as a request that waits for a second person. */
export class AccessChanges {
  readonly #table: AccessChangeTable;
  readonly #database: Database;
  readonly #previewer: AccessPreviewer;
  readonly #requests: ApprovalRequestService;
  readonly #settings: Config['approvals'];

  constructor(
    table: AccessChangeTable,
    parts: { database: Database; previewer: AccessPreviewer; approvalRequests: ApprovalRequestService; config: Config },
  ) {
    this.#table = table;
    this.#database = parts.database;
    this.#previewer = parts.previewer;
    this.#requests = parts.approvalRequests;
    this.#settings = parts.config.approvals;
  }

  /**
   * Carries the mutation out and gives its payload; with `dryRun` only `preview`, and nothing changes. Errors: those of the mutation;
   * APPROVAL_REQUIRED with `pendingRequest`; DISABLED_BY_SETTING for a break-glass reason that the settings do not allow.
   */
  async run(caller: SignedInCaller, name: AccessChangeName, input: object): Promise<object> {
    const { dryRun, breakGlassReason, ...own } = input as ChangeOptions;
    const skipped = this.#breakGlass(breakGlassReason);
    if (dryRun === true) return { preview: await this.#try(caller, name, own, { skipsRule: skipped !== null }) };
    const work = (): Promise<object> => this.#carryOut(caller, name, own);
    if (skipped !== null) return withNotes({ breakGlassReason: skipped }, () => approved(work));
    try {
      return await asking(work);
    } catch (error) {
      if (!(error instanceof SecondPersonNeeded)) throw error;
      return this.#file(caller, name, own, error.permission);
    }
  }

  /** Carries out what was approved, in the frame and with the notes of whoever calls. */
  carryOutApproved(caller: SignedInCaller, name: string, input: object): Promise<object> {
    if (!this.#isKnown(name)) throw new Rejection([{ code: 'REQUEST_OUTDATED', field: ['id'] }]);
    return approved(() => this.#carryOut(caller, name, input));
  }

  #isKnown(name: string): name is AccessChangeName {
    return Object.hasOwn(this.#table, name);
  }

  #changeOf(name: AccessChangeName): AccessChange<object> {
    // Each entry takes the input of its own mutation, which the schema has checked.
    return this.#table[name] as unknown as AccessChange<object>;
  }

  async #carryOut(caller: SignedInCaller, name: AccessChangeName, input: object): Promise<object> {
    const { permission, carryOut } = this.#changeOf(name);
    if (permission !== undefined && this.#settings.twoPersonRule === 'protected') requireSecondPerson(permission);
    return carryOut(caller, input);
  }

  #breakGlass(reason: string | null | undefined): string | null {
    if (reason === null || reason === undefined) return null;
    const { field } = BREAK_GLASS;
    if (!this.#settings.breakGlass) throw new Rejection([{ code: 'DISABLED_BY_SETTING', field }]);
    const read = readText(reason, BREAK_GLASS);
    if ('problem' in read) throw new Rejection([read.problem]);
    return read.text;
  }

  /** What the change would do. Denials are thrown; outcomes are verdicts, the second person's consent among them unless it is skipped. */
  async #try(
    caller: SignedInCaller,
    name: AccessChangeName,
    input: object,
    { skipsRule }: { readonly skipsRule: boolean } = { skipsRule: false },
  ): Promise<AccessPreview> {
    const asked = new Set<string>();
    const frame = this.#undoing(caller, this.#changeOf(name).affected(input));
    try {
      await tried(asked, () => withinFrame(frame, () => this.#carryOut(caller, name, input)));
    } catch (error) {
      if (error instanceof Undone) {
        const preview = await this.#previewer.tell(error.trial);
        return skipsRule ? preview : withApproval(preview, asked);
      }
      if (error instanceof Rejection) return { changes: [], affectedCount: 0, verdicts: error.problems };
      throw error;
    }
    return { changes: [], affectedCount: 0, verdicts: [] };
  }

  #undoing(caller: SignedInCaller, affected: Affected): TransactionFrame {
    const previewer = this.#previewer;
    const attempted = <T>(em: EntityManager, work: Work<T>): Promise<Trial> =>
      previewer.try(em, caller, affected, async () => {
        try {
          await work(em);
          return [];
        } catch (error) {
          if (error instanceof Rejection) return error.problems;
          throw error;
        }
      });
    return {
      transaction: async (begin, work) => {
        await begin(async (em) => {
          throw new Undone(await attempted(em, work));
        });
        throw new Error('A try was kept.');
      },
    };
  }

  /** Whoever asks for what cannot be done is told so now, not when somebody approves it. */
  async #file(caller: SignedInCaller, name: AccessChangeName, input: object, permission: string): Promise<never> {
    const preview = await this.#try(caller, name, input);
    const others = preview.verdicts.filter(({ code }) => code !== 'APPROVAL_REQUIRED');
    if (others.length > 0) throw new Rejection(others);
    const { versioned } = this.#changeOf(name);
    const pendingRequest = await this.#requests.file(caller, {
      mutation: name,
      permission,
      input: { ...input, ...(await this.#versionOf(versioned, input)) },
      preview,
    });
    throw new Rejection([{ code: 'APPROVAL_REQUIRED' }], { pendingRequest });
  }

  async #versionOf(table: AccessChange<object>['versioned'], input: object): Promise<object> {
    if (table === undefined || !('id' in input) || ('expectedVersion' in input && input.expectedVersion != null))
      return {};
    const [row] = await this.#database.query<{ version: number }>(`select version from ${table} where id::text = $1`, [
      String(input.id).toLowerCase(),
    ]);
    return row === undefined ? {} : { expectedVersion: row.version };
  }
}

const withApproval = (preview: AccessPreview, asked: ReadonlySet<string>): AccessPreview => {
  const verdict: Problem = { code: 'APPROVAL_REQUIRED' };
  return asked.size === 0 ? preview : { ...preview, verdicts: [...preview.verdicts, verdict] };
};
