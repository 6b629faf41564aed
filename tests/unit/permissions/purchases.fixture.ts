import { builtInCatalogue } from '../../../src/permissions/catalogue.ts';
import type { AttributeType, Catalogue, PermissionDefinition } from '../../../src/permissions/catalogue-types.ts';

/** A catalogue with one resource of an application, which declares attributes of every type. */
const attributes: Readonly<Record<string, AttributeType>> = {
  region: 'STRING',
  name: 'STRING',
  amount: 'NUMBER',
  urgent: 'BOOLEAN',
  boughtAt: 'DATETIME',
};

const define = (action: string, isProtected: boolean): PermissionDefinition => ({
  key: `${action}:shop.purchases`,
  action,
  resource: 'shop.purchases',
  title: action,
  description: `${action} purchases`,
  protected: isProtected,
  requiredAssurance: 'AAL1',
  impliedByAdmin: !isProtected,
  grantableToApiKey: true,
  whileImpersonating: 'ACT',
  dependsOn: [],
  withinOrganizations: true,
});

const own = [define('view', false), define('cancel', false), define('execute', true)];

export const purchaseCatalogue: Catalogue = {
  definitions: [...builtInCatalogue.definitions, ...own],
  find: (key) => own.find((definition) => definition.key === key) ?? builtInCatalogue.find(key),
  attributeType: (resource, attribute) =>
    resource === 'shop.purchases' && Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined,
  ownerRule: () => null,
};
