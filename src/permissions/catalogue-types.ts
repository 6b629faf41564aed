import type { AssuranceLevel } from '../vocabulary.ts';

/** Whether a permission works while somebody acts as its holder: not at all, in mode ACT only, or in both modes. */
export const ImpersonationUse = { NEVER: 'NEVER', ACT: 'ACT', ALWAYS: 'ALWAYS' } as const;
export type ImpersonationUse = keyof typeof ImpersonationUse;

/** What the values of a declared attribute are; decides which constraints can name it. */
export const AttributeType = { STRING: 'STRING', NUMBER: 'NUMBER', BOOLEAN: 'BOOLEAN', DATETIME: 'DATETIME' } as const;
export type AttributeType = keyof typeof AttributeType;

/** What the attribute of an owner names. */
export const OwnerSubject = { USER: 'USER', ORGANIZATION: 'ORGANIZATION' } as const;
export type OwnerSubject = keyof typeof OwnerSubject;

/** What "own" means for the rows of a resource: an attribute names the owner. A row without a value belongs to nobody. */
export interface OwnerRule {
  readonly attribute: string;
  readonly subject: OwnerSubject;
}

/** Any permission as `action:resource`, built in or registered by an application at run time. */
export type PermissionKey = `${string}:${string}`;

/** One line of the built-in table. */
export interface PermissionEntry {
  readonly title: string;
  readonly description: string;
  /** Covered by nothing but itself: neither by `admin:*` nor by `action:*`. */
  readonly protected?: true;
  /** Level that its use needs, beyond being signed in; a rule that names the permission must also ask for it. */
  readonly requiredAssurance?: 'AAL2';
  readonly grantableToApiKey: boolean;
  readonly whileImpersonating: ImpersonationUse;
  /** Permissions that it is of little use without. */
  readonly dependsOn?: readonly PermissionKey[];
}

/** An entry of the catalogue with everything said. */
export interface PermissionDefinition {
  readonly key: PermissionKey;
  readonly action: string;
  readonly resource: string;
  readonly title: string;
  readonly description: string;
  readonly protected: boolean;
  readonly requiredAssurance: AssuranceLevel;
  readonly impliedByAdmin: boolean;
  readonly grantableToApiKey: boolean;
  readonly whileImpersonating: ImpersonationUse;
  readonly dependsOn: readonly PermissionKey[];
  /**
   * Its rows lie in organizations, so that it can hold within some of them only. Otherwise only a grant that holds everywhere gives
   * it: who administers one organization must not change what belongs to all.
   */
  readonly withinOrganizations: boolean;
}

/**
 * What is known about permissions: the built-in table, or that table with the resources of applications added.
 * A permission that the catalogue does not know is covered by no grant.
 */
export interface Catalogue {
  readonly definitions: readonly PermissionDefinition[];
  /** The entry of `action:resource`, `admin:*` included. */
  find(key: string): PermissionDefinition | undefined;
  /** Type of an attribute that constraints on the resource may name; undefined when it is not declared. */
  attributeType(resource: string, attribute: string): AttributeType | undefined;
  /** What "own" means for rows of the resource; null when its application does not say: then no verb asks for it. */
  ownerRule(resource: string): OwnerRule | null;
}
