import type { EntityManager } from '@mikro-orm/postgresql';
import { type Clock, secondsAfter } from '../clock.ts';
import { createToken, parseToken, sameHash } from '../crypto/opaque-token.ts';
import type { Secret } from '../crypto/secret.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  actionLinkBySelector,
  type ActionLinkRow,
  insertActionLinks,
  ownerOfResource,
  redeemActionLink,
  type ResourceOwnerRow,
} from '../entities/action-link.queries.ts';
import { type Problem, reject, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import { type ActionLinkId, newId } from '../ids.ts';
import type { Decision } from '../permissions/decision.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { IdempotencyService, IdempotentRequest } from './idempotency.service.ts';
import { readIdentifier } from './identifiers.ts';
import { readText } from './text.ts';

const MAXIMUM_RECIPIENTS = 100;
const LONGEST_LIFE_SECONDS = 30 * 24 * 60 * 60;
const ROW_ID = { field: ['rowId'], maximum: 200 } as const;

/** One action on one row of an application. */
interface ActionOnRow {
  readonly action: string;
  readonly resource: string;
  readonly rowId: string;
}

export interface NewActionLinksInput extends ActionOnRow {
  readonly recipients: readonly string[];
  readonly expiresAt: Date;
  readonly idempotencyKey: string | null;
}

export interface RedeemActionLinkInput extends ActionOnRow {
  readonly token: string;
  readonly recipient: string;
}

/** A link as its maker gets it, once. */
export interface IssuedActionLink {
  readonly recipient: string;
  readonly token: Secret<string>;
  readonly expiresAt: Date;
}

export interface RedeemedActionLink extends Decision, ActionOnRow {}

/**
 * Rights of one recipient to one action on one row, once, by possession of a token that the application mails: the recipient needs no
 * account and no session. Applications make and redeem links for resources of their own namespace only.
 */
export class ActionLinkService {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #idempotency: IdempotencyService;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    directory: GroupDirectory;
    idempotency: IdempotencyService;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#idempotency = parts.idempotency;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Makes one link per recipient; a repetition makes none and has no tokens to show. Errors: UNKNOWN_PERMISSION,
   * RESOURCE_OWNED_BY_ANOTHER, REQUIRED, TOO_LONG, TOO_MANY_ITEMS, INVALID_EMAIL, INVALID_VALUE for an address that stands there twice,
   * EXPIRY_IN_PAST, EXPIRY_TOO_FAR.
   */
  async create(
    caller: SignedInCaller,
    input: NewActionLinksInput,
  ): Promise<{ readonly links: readonly IssuedActionLink[]; readonly replayed: boolean }> {
    const { recipients, problems } = readRecipients(input.recipients);
    const row = readText(input.rowId, ROW_ID);
    rejectAny([
      ...this.#unknown(input),
      ...('problem' in row ? [row.problem] : []),
      ...problems,
      ...this.#lifeProblems(input.expiresAt),
    ]);
    const about = { ...input, rowId: 'text' in row ? row.text : '' };
    return this.#database.transaction(async (em) => {
      const request = requestOf(caller, { ...about, recipients });
      if ((await this.#idempotency.claim(em, request)) !== null) return { links: [], replayed: true };
      await requireOwn(em, caller, input.resource);
      const links = await this.#insert(em, caller, { ...about, recipients });
      await this.#idempotency.keep(em, request, { links: links.length });
      return { links, replayed: false };
    });
  }

  /**
   * Uses a link up if it fits; the decision says whether it did. A link that does not fit is not used up, and nobody is told what
   * about it was wrong. Errors: UNKNOWN_PERMISSION, RESOURCE_OWNED_BY_ANOTHER, INVALID_EMAIL, REQUIRED, TOO_LONG.
   */
  async redeem(caller: SignedInCaller, input: RedeemActionLinkInput): Promise<RedeemedActionLink> {
    const read = readIdentifier('EMAIL', input.recipient);
    const row = readText(input.rowId, ROW_ID);
    rejectAny([
      ...this.#unknown(input),
      ...('problem' in row ? [row.problem] : []),
      ...('problem' in read ? [{ ...read.problem, field: ['recipient'] }] : []),
    ]);
    const about = { action: input.action, resource: input.resource, rowId: 'text' in row ? row.text : '' };
    const recipient = 'identifier' in read ? read.identifier.value : '';
    return this.#database.transaction(async (em) => {
      await requireOwn(em, caller, input.resource);
      const link = await find(em, input.token);
      const redeemed = link !== null && (await this.#use(em, caller, link.id, { ...about, recipient }));
      await this.#recorder.record(em, originOf(caller), [
        {
          action: 'action-link.redeemed',
          result: redeemed ? 'SUCCESS' : 'DENIED',
          target: { type: 'ActionLink', id: link?.id ?? null, label: link?.recipient ?? null },
          metadata: about,
        },
      ]);
      return {
        ...about,
        rowId: input.rowId,
        allowed: redeemed,
        reason: redeemed ? 'GRANTED_BY_ACTION_LINK' : 'ACTION_LINK_INVALID',
        missing: [],
        required: null,
      };
    });
  }

  /** One conditional statement: of parallel tries exactly one finds the link unused. */
  async #use(
    em: EntityManager,
    caller: SignedInCaller,
    id: ActionLinkId,
    { action, resource, rowId, recipient }: ActionOnRow & { readonly recipient: string },
  ): Promise<boolean> {
    const used = await sql(em, redeemActionLink, [
      id,
      action,
      resource,
      rowId,
      recipient,
      caller.principal.userId,
      this.#clock.now().toISOString(),
    ]);
    return used.length === 1;
  }

  async #insert(
    em: EntityManager,
    caller: SignedInCaller,
    facts: ActionOnRow & { readonly recipients: readonly string[]; readonly expiresAt: Date },
  ): Promise<readonly IssuedActionLink[]> {
    const { action, resource, rowId, expiresAt } = facts;
    const made = facts.recipients.map((recipient) => ({
      id: newId<ActionLinkId>(),
      recipient,
      ...createToken('actionLink'),
    }));
    await sql(em, insertActionLinks, [
      made.map(({ id }) => id),
      made.map(({ selector }) => selector),
      made.map(({ secretHash }) => secretHash),
      facts.recipients,
      action,
      resource,
      rowId,
      caller.principal.userId,
      this.#clock.now().toISOString(),
      expiresAt.toISOString(),
    ]);
    const happenings = made.map(({ id, recipient }): Happening => ({
      action: 'action-link.created',
      target: { type: 'ActionLink', id, label: recipient },
      metadata: { action, resource, rowId, expiresAt: expiresAt.toISOString() },
    }));
    await this.#recorder.record(em, originOf(caller), happenings);
    return made.map(({ recipient, token }) => ({ recipient, token, expiresAt }));
  }

  #unknown({ action, resource }: ActionOnRow): readonly Problem[] {
    const { catalogue } = this.#directory;
    if (!catalogue.resources.has(resource)) return [{ code: 'UNKNOWN_PERMISSION', field: ['resource'] }];
    const known = catalogue.find(`${action}:${resource}`) !== undefined;
    return known ? [] : [{ code: 'UNKNOWN_PERMISSION', field: ['action'] }];
  }

  #lifeProblems(expiresAt: Date): readonly Problem[] {
    const now = this.#clock.now();
    if (expiresAt <= now) return [{ code: 'EXPIRY_IN_PAST', field: ['expiresAt'] }];
    return expiresAt > secondsAfter(now, LONGEST_LIFE_SECONDS)
      ? [{ code: 'EXPIRY_TOO_FAR', field: ['expiresAt'] }]
      : [];
  }
}

/** Only the owner of the namespace acts for its resources, by whichever key. */
const requireOwn = async (em: EntityManager, caller: SignedInCaller, resource: string): Promise<void> => {
  const [row] = await sql<ResourceOwnerRow>(em, ownerOfResource, [resource]);
  if (row?.owner_id !== caller.principal.userId) reject('RESOURCE_OWNED_BY_ANOTHER', { field: ['resource'] });
};

/** The row of a token, if the secret is right; it is still to be used up. */
const find = async (em: EntityManager, text: string): Promise<ActionLinkRow | null> => {
  const token = parseToken('actionLink', text);
  if (token === null) return null;
  const [row] = await sql<ActionLinkRow>(em, actionLinkBySelector, [token.selector]);
  return row !== undefined && sameHash(row.secret_hash, token.secretHash) ? row : null;
};

const readRecipients = (
  texts: readonly string[],
): { readonly recipients: readonly string[]; readonly problems: readonly Problem[] } => {
  if (texts.length === 0) return { recipients: [], problems: [{ code: 'REQUIRED', field: ['recipients'] }] };
  if (texts.length > MAXIMUM_RECIPIENTS) {
    return { recipients: [], problems: [{ code: 'TOO_MANY_ITEMS', field: ['recipients'] }] };
  }
  const problems: Problem[] = [];
  const recipients: string[] = [];
  for (const [index, text] of texts.entries()) {
    const field = ['recipients', String(index)];
    const read = readIdentifier('EMAIL', text);
    if ('problem' in read) problems.push({ ...read.problem, field });
    else if (recipients.includes(read.identifier.value)) problems.push({ code: 'INVALID_VALUE', field });
    else recipients.push(read.identifier.value);
  }
  return { recipients, problems };
};

const requestOf = (
  caller: SignedInCaller,
  { idempotencyKey, ...input }: NewActionLinksInput,
): IdempotentRequest | null =>
  idempotencyKey === null
    ? null
    : { actorId: caller.principal.userId, mutation: 'createActionLinks', key: idempotencyKey, input };
