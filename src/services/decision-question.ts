import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { lineageColumn } from '../entities/assignment.queries.ts';
import { organizationsWithin, visibleOrganizations } from '../entities/organization.visibility.ts';
import type { Visibility } from '../entities/user.visibility.ts';
import { type OrganizationId, parseId } from '../ids.ts';
import type { AttributeType } from '../permissions/catalogue-types.ts';
import type { AttributeValue } from '../permissions/constraints.ts';
import type { DecisionQuestion } from '../permissions/decision.ts';
import { reachOf } from '../permissions/may.ts';
import type { SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import type { PermissionSubject } from './permission-subject.ts';

/** A question as a client asks it. */
export interface QuestionInput {
  readonly action: string;
  readonly resource: string;
  readonly organizationId?: string | null | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | null | undefined;
}

const EVERY: Visibility = { condition: 'true', values: [] };

interface LineageRow {
  readonly id: OrganizationId;
  readonly lineage: readonly OrganizationId[];
}

/** Makes of what clients ask what decisions look at. */
export class DecisionQuestions {
  readonly #database: Database;
  readonly #directory: GroupDirectory;
  readonly #clock: Clock;

  constructor(parts: { database: Database; directory: GroupDirectory; clock: Clock }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
  }

  /**
   * The questions in their order. One statement for all organizations that they name, none without. Whoever asks about themselves is
   * answered by what they hold there, wherever the row lies; about others, organizations that the caller may not see are like none.
   */
  async read(
    caller: SignedInCaller,
    inputs: readonly QuestionInput[],
    subject: Pick<PermissionSubject, 'account'>,
  ): Promise<readonly DecisionQuestion[]> {
    const named = inputs.flatMap(({ organizationId }) => (organizationId == null ? [] : [parseId(organizationId)]));
    const isOwn = subject.account?.id === caller.principal.userId;
    const lineages = await this.#lineages(
      named.filter((id): id is OrganizationId => id !== null),
      isOwn ? EVERY : this.#visible(caller),
    );
    return inputs.map(({ action, resource, organizationId, attributes }) => ({
      action,
      resource,
      lineage: organizationId == null ? [] : (lineages.get(organizationId.toLowerCase()) ?? null),
      attributes: this.#attributes(resource, attributes ?? {}),
    }));
  }

  /** Those that the caller may see, and those in the reach of the permission by which others may be asked about. */
  #visible({ principal }: SignedInCaller): Visibility {
    const viewer = { principal, now: this.#clock.now() };
    const seen = visibleOrganizations(viewer, 2);
    const reached = organizationsWithin(reachOf(principal, 'view:groups', viewer.now), 2 + seen.values.length);
    if (seen.condition === 'true' || reached.condition === 'true') return EVERY;
    return {
      condition: `(${seen.condition} or ${reached.condition})`,
      values: [...seen.values, ...reached.values],
    };
  }

  async #lineages(
    ids: readonly OrganizationId[],
    visible: Visibility,
  ): Promise<ReadonlyMap<string, readonly OrganizationId[]>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#database.query<LineageRow>(
      `select o.id, ${lineageColumn('o.id')} as lineage from organizations o
       where o.id = any($1::uuid[]) and ${visible.condition}`,
      [[...new Set(ids)], ...visible.values],
    );
    return new Map(rows.map(({ id, lineage }) => [id, lineage]));
  }

  /** The declared ones, in their declared types; a value of another type is like none, and fails its constraint. */
  #attributes(resource: string, given: Readonly<Record<string, unknown>>): DecisionQuestion['attributes'] {
    const { catalogue } = this.#directory;
    return Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => {
        const type = catalogue.attributeType(resource, name);
        return type === undefined ? [] : [[name, valueOf(type, value)] as const];
      }),
    );
  }
}

const valueOf = (type: AttributeType, value: unknown): AttributeValue => {
  switch (type) {
    case 'STRING':
    case 'DATETIME': // read where it is compared: a text without a time zone is no instant
      return typeof value === 'string' ? value : null;
    case 'NUMBER':
      return typeof value === 'number' ? value : null;
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : null;
  }
  return type satisfies never;
};
