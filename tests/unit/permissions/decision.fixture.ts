import type { OrganizationId, UserId } from '../../../src/ids.ts';
import type { DecisionQuestion, DecisionSubject } from '../../../src/permissions/decision.ts';
import type { Grant } from '../../../src/permissions/grants.ts';
import { EffectiveGrants } from '../../../src/permissions/effective-grants.ts';
import { type RegisteredAction, RegisteredCatalogue } from '../../../src/permissions/registered-catalogue.ts';
import { NOW } from './callers.fixture.ts';

export const anna = '01890000-0000-7000-8000-00000000000a' as UserId;
export const reseller = '01890000-0000-7000-8000-0000000000a2' as OrganizationId;
export const customer = '01890000-0000-7000-8000-0000000000a3' as OrganizationId;
export const other = '01890000-0000-7000-8000-0000000000b1' as OrganizationId;

const verb = (action: string, more: Partial<RegisteredAction> = {}): RegisteredAction => ({
  action,
  title: action,
  description: action,
  protected: false,
  grantableToApiKey: true,
  whileImpersonating: 'ACT',
  dependsOn: [],
  ...more,
});

export const catalogue = new RegisteredCatalogue([
  {
    name: 'shop.orders',
    namespace: 'shop',
    title: 'Orders',
    version: 1,
    actions: [
      verb('view', { whileImpersonating: 'ALWAYS' }),
      verb('cancel'),
      verb('cancel-own'),
      verb('update-own'),
      verb('ship', { grantableToApiKey: false }),
      verb('execute', { protected: true }),
    ],
    attributes: [
      { name: 'creator', type: 'STRING', title: 'creator' },
      { name: 'state', type: 'STRING', title: 'state' },
      { name: 'amount', type: 'NUMBER', title: 'amount' },
    ],
    ownerRule: { attribute: 'creator', subject: 'USER' },
    registeredById: null,
  },
  {
    name: 'shop.contracts',
    namespace: 'shop',
    title: 'Contracts',
    version: 1,
    actions: [verb('revoke-own')],
    attributes: [{ name: 'account', type: 'STRING', title: 'account' }],
    ownerRule: { attribute: 'account', subject: 'ORGANIZATION' },
    registeredById: null,
  },
]);

export const grant = (key: string, constraints: Grant['constraints'] = []): Grant => {
  const [action = '', resource = ''] = key.split(':');
  return { action, resource: resource === '*' ? '*' : `shop.${resource}`, constraints };
};

export const subjectWith = (grants: readonly Grant[], more: Partial<DecisionSubject> = {}): DecisionSubject => ({
  active: true,
  userId: anna,
  organizationIds: [reseller],
  grants: EffectiveGrants.of(grants, catalogue),
  ownerGrants: null,
  impersonationMode: null,
  now: NOW,
  ipAddress: '10.0.0.1',
  assuranceLevel: 'AAL1',
  canRaise: true,
  stepUpFor: () => null,
  ...more,
});

export const ask = (
  key: string,
  attributes: DecisionQuestion['attributes'] = {},
  lineage: DecisionQuestion['lineage'] = [],
): DecisionQuestion => {
  const [action = '', resource = ''] = key.split(':');
  return { action, resource: `shop.${resource}`, attributes, lineage };
};

export const mine = { creator: anna };
export const pendingOnly = { kind: 'IN', attribute: 'state', values: ['pending'] } as const;
export const strongOnly = { kind: 'MINIMUM_ASSURANCE', minimumAssurance: 'AAL2' } as const;
export const heldAt = (lineage: readonly OrganizationId[], ...grants: readonly Grant[]): EffectiveGrants =>
  EffectiveGrants.of([], catalogue, [{ lineage, grants }]);
