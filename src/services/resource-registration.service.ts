import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import { groupColumns, type GroupRow, type GroupView, groupViewOf } from '../entities/group.queries.ts';
import {
  claimNamespace,
  namespacesClaimedBy,
  registeredResourceColumns,
  type RegisteredResourceRow,
  resourceDeclarationOf,
  storeResource,
} from '../entities/registered-resource.queries.ts';
import { type Problem, reject, rejectAny } from '../errors.ts';
import type { Happening, Recorder } from '../events/recorder.ts';
import type { ApiKeyId, GroupId, UserId } from '../ids.ts';
import { RegisteredCatalogue, type ResourceDeclaration } from '../permissions/registered-catalogue.ts';
import { can } from '../permissions/rules.ts';
import type { AccessGuard } from './access-guard.ts';
import { originOf, type SignedInCaller } from './caller.ts';
import type { GroupDirectory } from './group-directory.ts';
import {
  dependencyProblems,
  kebabOf,
  namespaceProblem,
  type ReadResource,
  readResource,
  type ResourceInput,
} from './resource-declaration.ts';
import { type AskedGroup, planSystemGroups, readSystemGroups, seedSystemGroups } from './system-groups.ts';

const MAXIMUM_RESOURCES = 100;
/** Of one catalogue: what `permissionCatalog` lists in one answer. */
const MAXIMUM_PERMISSIONS = 2000;

export interface RegistrationInput {
  readonly namespace?: string | null | undefined;
  readonly resources: readonly ResourceInput[];
}

export interface Registration {
  readonly resources: readonly ResourceDeclaration[];
  readonly systemGroups: readonly GroupView[];
}

/** Takes the declarations of applications into the catalogue of permissions, for every replica from the next request on. */
export class ResourceRegistrationService {
  readonly #database: Database;
  readonly #guard: AccessGuard;
  readonly #directory: GroupDirectory;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    guard: AccessGuard;
    directory: GroupDirectory;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#guard = parts.guard;
    this.#directory = parts.directory;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Declares resources with their verbs, attributes and groups. The namespace belongs to whoever registers in it first: the owner of
   * the calling key, or the person signed in. Repeating a declaration changes nothing; grants of what is declared no more stay where
   * they are and give nothing. Errors: INVALID_RESOURCE, RESERVED_NAME, RESOURCE_OWNED_BY_ANOTHER, TOO_MANY_ITEMS, UNKNOWN_PERMISSION,
   * EXCEEDS_OWN_PERMISSIONS for a group with grants on anything but the application's own resources, NAME_IN_USE, and those of texts
   * and grants.
   */
  async register(caller: SignedInCaller, input: RegistrationInput): Promise<Registration> {
    if (input.resources.length > MAXIMUM_RESOURCES) return reject('TOO_MANY_ITEMS', { field: ['resources'] });
    if (input.resources.length === 0) return reject('REQUIRED', { field: ['resources'] });
    return this.#database.transaction(async (em) => {
      await this.#guard.lock(em, caller, can('register:resources'));
      const namespace = await this.#namespace(em, caller, input.namespace ?? null);
      const read = input.resources.map((one, index) => readResource(one, namespace, ['resources', String(index)]));
      const resources = read.map(({ resource }) => resource);
      rejectAny([...read.flatMap(({ problems }) => problems), ...namesakes(resources)]);
      const catalogue = this.#catalogueWith(resources, namespace);
      const { groups, problems } = readSystemGroups(askedGroups(input), namespace, catalogue);
      const known = (permission: string): boolean => catalogue.find(permission) !== undefined;
      rejectAny([
        ...input.resources.flatMap((one, index) => dependencyProblems(one, known, ['resources', String(index)])),
        ...problems,
      ]);
      const plan = await planSystemGroups(em, groups, namespace);
      rejectAny(plan.problems);
      await this.#write(em, caller, { namespace, resources, catalogue, plan });
      return this.#answer(
        em,
        resources,
        groups.map(({ id }) => id),
      );
    });
  }

  /** The namespace that is meant, which is the caller's own or nobody's yet. */
  async #namespace(em: EntityManager, caller: SignedInCaller, asked: string | null): Promise<string> {
    const ownerId = caller.principal.userId;
    const namespace = asked ?? (await claimedBy(em, ownerId)) ?? nameFor(caller);
    if (namespace === '') return reject('REQUIRED', { field: ['namespace'] });
    const problem = namespaceProblem(namespace);
    if (problem !== null) rejectAny([problem]);
    const [row] = await sql<{ owner_id: UserId | null }>(
      em,
      'select owner_id from resource_namespaces where namespace = $1',
      [namespace],
    );
    if (row !== undefined && row.owner_id !== ownerId) {
      return reject('RESOURCE_OWNED_BY_ANOTHER', { field: ['namespace'] });
    }
    return namespace;
  }

  /** The catalogue as it will be. Refuses with TOO_MANY_ITEMS when that is too large to be listed. */
  #catalogueWith(resources: readonly ReadResource[], namespace: string): RegisteredCatalogue {
    const present = this.#directory.catalogue.resources;
    const declared = resources.map((one): ResourceDeclaration => ({
      ...one,
      namespace,
      version: 0,
      registeredById: null,
    }));
    const catalogue = new RegisteredCatalogue([
      ...[...present.values()].filter(({ name }) => !resources.some((one) => one.name === name)),
      ...declared,
    ]);
    if (catalogue.definitions.length > MAXIMUM_PERMISSIONS) reject('TOO_MANY_ITEMS', { field: ['resources'] });
    return catalogue;
  }

  /** Writes what differs from what is stored; nothing at all when nothing does. */
  async #write(
    em: EntityManager,
    caller: SignedInCaller,
    facts: {
      readonly namespace: string;
      readonly resources: readonly ReadResource[];
      readonly catalogue: RegisteredCatalogue;
      readonly plan: Awaited<ReturnType<typeof planSystemGroups>>;
    },
  ): Promise<void> {
    const { namespace, plan } = facts;
    const present = this.#directory.catalogue.resources;
    const changed = facts.resources.filter((one) => contentOf(one) !== contentOf(present.get(one.name)));
    if (changed.length === 0 && plan.changed.length === 0) return;
    const now = this.#clock.now();
    const epoch = await this.#guard.nextEpoch(em);
    const createdById = caller.principal.userId;
    await sql(em, claimNamespace, [namespace, createdById, now.toISOString()]);
    for (const one of changed) await store(em, one, { namespace, epoch, now, keyId: caller.apiKey?.id ?? null });
    const seeded = await seedSystemGroups(em, plan.changed, plan.present, { namespace, createdById, now, epoch });
    await this.#recorder.record(em, originOf(caller), [registered(namespace, changed, seeded), ...seeded]);
  }

  async #answer(
    em: EntityManager,
    resources: readonly ReadResource[],
    groupIds: readonly GroupId[],
  ): Promise<Registration> {
    const names = resources.map(({ name }) => name);
    const rows = await sql<RegisteredResourceRow>(
      em,
      `select ${registeredResourceColumns} from registered_resources r where r.name = any($1::text[])`,
      [names],
    );
    const declared = new Map(rows.map((row) => [row.name, resourceDeclarationOf(row)]));
    const groups = await sql<GroupRow>(em, `select ${groupColumns} from groups g where g.id = any($1::uuid[])`, [
      groupIds,
    ]);
    const byId = new Map(groups.map((row) => [row.id, groupViewOf(row)]));
    return {
      resources: names.flatMap((name) => declared.get(name) ?? []),
      systemGroups: groupIds.flatMap((id) => byId.get(id) ?? []),
    };
  }
}

/** The one namespace that somebody has claimed; null for none. Refuses with REQUIRED when there are several. */
const claimedBy = async (em: EntityManager, ownerId: UserId): Promise<string | null> => {
  const rows = await sql<{ namespace: string }>(em, namespacesClaimedBy, [ownerId]);
  if (rows.length > 1) {
    return reject('REQUIRED', { message: 'Several namespaces are yours: name one.', field: ['namespace'] });
  }
  return rows[0]?.namespace ?? null;
};

const nameFor = ({ apiKey, account }: SignedInCaller): string =>
  kebabOf(apiKey?.name ?? '') || kebabOf(account.displayName);

const namesakes = (resources: readonly ReadResource[]): readonly Problem[] =>
  resources.flatMap(({ name }, index): readonly Problem[] =>
    resources.slice(0, index).some((other) => other.name === name)
      ? [
          {
            code: 'INVALID_RESOURCE',
            message: 'Declare each resource once.',
            field: ['resources', String(index), 'name'],
          },
        ]
      : [],
  );

const askedGroups = ({ resources }: RegistrationInput): readonly AskedGroup[] =>
  resources.flatMap(({ systemGroups }, resource) =>
    systemGroups.map((input, index) => ({
      input,
      at: ['resources', String(resource), 'systemGroups', String(index)],
    })),
  );

type Content = Pick<ResourceDeclaration, 'title' | 'actions' | 'attributes' | 'ownerRule'>;

/** Equal for declarations that say the same with their verbs and attributes in another order. */
const contentOf = (declared: Content | undefined): string => {
  if (declared === undefined) return '';
  const { title, actions, attributes, ownerRule } = declared;
  const verbs = actions.map((one) =>
    JSON.stringify([
      one.action,
      one.title,
      one.description,
      one.protected,
      one.grantableToApiKey,
      one.whileImpersonating,
      one.dependsOn.toSorted((a, b) => (a < b ? -1 : 1)),
    ]),
  );
  const names = attributes.map((one) => JSON.stringify([one.name, one.type, one.title]));
  return JSON.stringify([title, verbs.toSorted(), names.toSorted(), ownerRule?.attribute, ownerRule?.subject]);
};

const store = async (
  em: EntityManager,
  resource: ReadResource,
  { namespace, epoch, now, keyId }: { namespace: string; epoch: string; now: Date; keyId: ApiKeyId | null },
): Promise<void> => {
  await sql(em, storeResource, [
    resource.name,
    namespace,
    resource.title,
    JSON.stringify(resource.actions),
    JSON.stringify(resource.attributes),
    resource.ownerRule === null ? null : JSON.stringify(resource.ownerRule),
    keyId,
    epoch,
    now.toISOString(),
  ]);
};

const registered = (namespace: string, resources: readonly ReadResource[], seeded: readonly Happening[]): Happening => {
  const facts = {
    namespace,
    resources: resources.map(({ name }) => name),
    systemGroups: seeded.flatMap(({ target }) => target?.id ?? []),
  };
  return {
    action: 'resources.registered',
    target: { type: 'Resource', id: namespace, label: namespace },
    metadata: facts,
    event: { type: 'ResourcesRegistered', payload: facts },
  };
};
