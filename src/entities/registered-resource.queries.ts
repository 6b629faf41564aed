import type {
  RegisteredAction,
  RegisteredAttribute,
  RegisteredOwnerRule,
  ResourceDeclaration,
} from '../permissions/registered-catalogue.ts';

export interface RegisteredResourceRow {
  readonly name: string;
  readonly namespace: string;
  readonly title: string;
  readonly version: number;
  readonly actions: readonly RegisteredAction[];
  readonly attributes: readonly RegisteredAttribute[];
  readonly owner_rule: RegisteredOwnerRule | null;
}

/** The columns behind `ResourceDeclaration`, of `registered_resources` under the alias `r`. */
export const registeredResourceColumns = `r.name, r.namespace, r.title, r.version, r.actions, r.attributes, r.owner_rule`;

export const resourceDeclarationOf = ({
  owner_rule: ownerRule,
  ...row
}: RegisteredResourceRow): ResourceDeclaration => ({
  ...row,
  ownerRule,
});
