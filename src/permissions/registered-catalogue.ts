import type { ApiKeyId } from '../ids.ts';
import { adminDefinition, builtInCatalogue, permissionDefinitions } from './catalogue.ts';
import type {
  AttributeType,
  Catalogue,
  ImpersonationUse,
  OwnerRule,
  PermissionDefinition,
  PermissionKey,
} from './catalogue-types.ts';

/** A verb that an application declares for its resource. */
export interface RegisteredAction {
  readonly action: string;
  readonly title: string;
  readonly description: string;
  readonly protected: boolean;
  readonly grantableToApiKey: boolean;
  readonly whileImpersonating: ImpersonationUse;
  readonly dependsOn: readonly PermissionKey[];
}

/** An attribute of the application's rows that constraints can name. */
export interface RegisteredAttribute {
  readonly name: string;
  readonly type: AttributeType;
  readonly title: string;
}

/** A resource as an application declared it. */
export interface ResourceDeclaration {
  /** `namespace.name`. */
  readonly name: string;
  readonly namespace: string;
  readonly title: string;
  readonly version: number;
  readonly actions: readonly RegisteredAction[];
  readonly attributes: readonly RegisteredAttribute[];
  readonly ownerRule: OwnerRule | null;
  /** The key that registered it; null when it is gone, or when no key did. */
  readonly registeredById: ApiKeyId | null;
}

const definitionOf = (resource: string, verb: RegisteredAction): PermissionDefinition => ({
  key: `${verb.action}:${resource}`,
  action: verb.action,
  resource,
  title: verb.title,
  description: verb.description,
  protected: verb.protected,
  requiredAssurance: verb.protected ? 'AAL2' : 'AAL1',
  impliedByAdmin: !verb.protected,
  grantableToApiKey: verb.grantableToApiKey,
  whileImpersonating: verb.protected ? 'NEVER' : verb.whileImpersonating,
  dependsOn: verb.dependsOn,
  // Which rows lie where is for the application to say, in each question.
  withinOrganizations: true,
});

/** The built-in table with the resources of applications added. Nothing that is registered can shadow something built in. */
export class RegisteredCatalogue implements Catalogue {
  readonly definitions: readonly PermissionDefinition[];
  readonly resources: ReadonlyMap<string, ResourceDeclaration>;
  readonly #byKey: ReadonlyMap<string, PermissionDefinition>;
  readonly #attributes: ReadonlyMap<string, AttributeType>;

  constructor(declarations: Iterable<ResourceDeclaration>) {
    const resources = [...declarations].filter((one) => one.name.includes('.'));
    const own = resources.flatMap(({ name, actions }) => actions.map((verb) => definitionOf(name, verb)));
    this.definitions = [...permissionDefinitions, ...own];
    this.resources = new Map(resources.map((one) => [one.name, one]));
    this.#byKey = new Map([adminDefinition, ...this.definitions].map((one) => [one.key, one]));
    this.#attributes = new Map(
      resources.flatMap((one) => one.attributes.map(({ name, type }) => [`${one.name} ${name}`, type] as const)),
    );
  }

  find(key: string): PermissionDefinition | undefined {
    return this.#byKey.get(key);
  }

  attributeType(resource: string, attribute: string): AttributeType | undefined {
    return this.#attributes.get(`${resource} ${attribute}`);
  }

  ownerRule(resource: string): OwnerRule | null {
    return this.resources.get(resource)?.ownerRule ?? null;
  }
}

/** Whether the resource belongs to Gatehouse itself. */
export const isBuiltInResource = (resource: string): boolean =>
  builtInCatalogue.definitions.some((definition) => definition.resource === resource);
