import type { PermissionConstraintInput, PermissionInput, ResourceInput } from '../../../generated/client/graphql.ts';

/*
 * A cloud-cost application as a subgraph of its own would register it: what it buys commits money, so the verbs that spend are
 * protected; most verbs come in pairs, for own rows and for any; and what each default group may do depends on the state of the row.
 */

export const PURCHASER_GROUP_ID = '00000000-0000-5000-8000-000000000007';
export const USERS_GROUP_ID = '00000000-0000-5000-8000-0000000000a1';
export const READERS_GROUP_ID = '00000000-0000-5000-8000-0000000000a2';

export const FREE_CANCEL_SECONDS = 7 * 24 * 3600;

const inState = (...values: readonly string[]): PermissionConstraintInput => ({
  kind: 'IN',
  attribute: 'state',
  values: [...values],
});
const withinFreeCancel: PermissionConstraintInput = {
  kind: 'WITHIN',
  attribute: 'boughtAt',
  withinSeconds: FREE_CANCEL_SECONDS,
};

const grant = (permission: string, ...constraints: readonly PermissionConstraintInput[]): PermissionInput => {
  const [action = '', resource = ''] = permission.split(':');
  return { action, resource: `cudly.${resource}`, constraints: [...constraints] };
};

const plain = (name: string, title: string, ...actions: readonly string[]): ResourceInput => ({
  name,
  title,
  actions: [...actions],
});

const views = ['recommendations', 'plans', 'purchases', 'commitments', 'history', 'config', 'accounts'].map((name) =>
  grant(`view:${name}`),
);

const limits = [
  { name: 'account', type: 'STRING' as const },
  { name: 'provider', type: 'STRING' as const },
  { name: 'service', type: 'STRING' as const },
  { name: 'region', type: 'STRING' as const },
  { name: 'amount', type: 'NUMBER' as const, title: 'Amount in US dollars' },
  { name: 'state', type: 'STRING' as const },
];

/** Planned and running purchases: own are those that one created. */
const purchases: ResourceInput = {
  name: 'purchases',
  title: 'Purchases',
  actions: [
    'view',
    'create',
    'update-own',
    'update-any',
    'delete',
    'approve',
    'approve-own',
    'cancel-own',
    'cancel-any',
    'retry-own',
  ],
  protectedActions: ['execute', 'execute-own', 'execute-any', 'approve-any', 'retry-any'],
  actionDetails: [
    {
      action: 'execute',
      title: 'Execute purchases',
      description: 'Spends money.',
      dependsOn: ['view:cudly.purchases'],
    },
  ],
  attributes: [...limits, { name: 'createdBy', type: 'STRING' }],
  ownerRule: { attribute: 'createdBy', subject: 'USER' },
  systemGroups: [
    {
      id: PURCHASER_GROUP_ID,
      name: 'Purchaser',
      description: 'May spend money.',
      permissions: ['execute', 'approve-any', 'retry-any'].map((action) => grant(`${action}:purchases`)),
    },
    {
      id: USERS_GROUP_ID,
      name: 'Purchase users',
      permissions: [
        ...views,
        grant('update-own:purchases', inState('scheduled')),
        grant('cancel-own:purchases', inState('pending', 'notified')),
        grant('approve-own:purchases', inState('pending')),
        grant('retry-own:purchases', inState('failed')),
        grant('revoke-own:commitments', inState('completed'), withinFreeCancel),
      ],
    },
    { id: READERS_GROUP_ID, name: 'Purchase readers', permissions: views },
  ],
};

/** What was bought. It predates creators, so own is what lies in an account of one's own: another rule, another resource. */
const commitments: ResourceInput = {
  name: 'commitments',
  title: 'Commitments',
  actions: ['view', 'revoke-own', 'revoke-any'],
  attributes: [...limits, { name: 'boughtAt', type: 'DATETIME' }],
  ownerRule: { attribute: 'account', subject: 'ORGANIZATION' },
};

/** Cannot be undone: a resource of its own, every verb that changes something protected. */
const exchange: ResourceInput = {
  name: 'ri-exchange',
  title: 'Exchange of reserved instances',
  actions: ['view'],
  protectedActions: ['execute'],
};

export const catalogue: readonly ResourceInput[] = [
  plain('recommendations', 'Recommendations', 'view'),
  plain('plans', 'Plans', 'view', 'create', 'update', 'delete'),
  commitments,
  plain('history', 'History', 'view'),
  plain('config', 'Configuration', 'view', 'update'),
  plain('accounts', 'Accounts', 'view', 'create', 'update', 'delete'),
  exchange,
  purchases,
];

export { grant, inState, withinFreeCancel };
