import type { Catalogue, ImpersonationUse, PermissionDefinition, PermissionEntry } from './catalogue-types.ts';

interface EntryOptions extends Pick<PermissionEntry, 'protected' | 'requiredAssurance' | 'dependsOn'> {
  /** Whether an API key can hold it. */
  readonly key: boolean;
  readonly impersonating: ImpersonationUse;
}

const entry = (title: string, description: string, { key, impersonating, ...rest }: EntryOptions): PermissionEntry => ({
  title,
  description,
  grantableToApiKey: key,
  whileImpersonating: impersonating,
  ...rest,
});

const seen = { key: true, impersonating: 'ALWAYS' } as const;
const acted = { key: true, impersonating: 'ACT' } as const;
const keyOnly = { key: true, impersonating: 'NEVER' } as const;
const personal = { key: false, impersonating: 'NEVER' } as const;
const guarded = { ...personal, protected: true, requiredAssurance: 'AAL2' } as const;

const users = { dependsOn: ['view:users'] } as const;
const groups = { dependsOn: ['view:groups'] } as const;
const organizations = { dependsOn: ['view:organizations'] } as const;
const webhooks = { dependsOn: ['view:webhooks'] } as const;

/**
 * Every permission that Gatehouse itself knows: resource, then action. The type `PermissionName`, the catalogue query,
 * docs/permissions.md and the validation of grants derive from this table.
 */
const table = {
  users: {
    view: entry('View users', 'Read users in scope, their groups and their status.', seen),
    create: entry(
      'Create users',
      'Invite or create users, always into Members, into other groups as `assign:groups` allows.',
      { ...acted, ...users },
    ),
    update: entry('Update users', 'Change names and identifiers of users; demand a new password.', {
      ...acted,
      ...users,
    }),
    lock: entry('Lock users', 'Lock and unlock users, with a reason.', { ...acted, ...users }),
    disable: entry('Disable users', 'Disable and enable users, with a reason.', { ...acted, ...users }),
    delete: entry('Delete users', 'Delete users for good.', { ...personal, ...users }),
    'reset-mfa': entry('Reset second factors', "Remove another person's second factors, with a reason.", {
      ...guarded,
      ...users,
    }),
    erase: entry('Erase personal data', 'Delete a person and their personal values everywhere.', {
      ...guarded,
      ...users,
    }),
    export: entry('Export personal data', 'Take out all data of a person.', { ...guarded, ...users }),
    import: entry('Import users', 'Bring users in, in bulk.', { ...guarded, key: true, ...users }),
    impersonate: entry('Impersonate users', 'Act as somebody who holds nothing that the actor lacks.', {
      ...guarded,
      ...users,
    }),
    'impersonate-admin': entry('Impersonate administrators', 'Act as administrators, too.', {
      ...guarded,
      dependsOn: ['impersonate:users'],
    }),
  },
  impersonations: {
    view: entry('View impersonations', 'Read who acted as whom, when and why.', seen),
    end: entry('End impersonations', 'End the impersonation of another person.', {
      ...keyOnly,
      dependsOn: ['view:impersonations'],
    }),
  },
  groups: {
    view: entry(
      'View groups',
      'Read groups, their members and the catalogue; have the rights of others explained.',
      seen,
    ),
    create: entry('Create groups', 'Make groups.', { ...acted, ...groups }),
    update: entry('Update groups', 'Change name, description and reach of groups that the system does not manage.', {
      ...acted,
      ...groups,
    }),
    delete: entry('Delete groups', 'Delete groups that the system does not manage.', { ...acted, ...groups }),
    grant: entry('Grant permissions', 'Change the grants of a group, at most to what the caller holds.', {
      ...personal,
      ...groups,
    }),
    'grant-protected': entry(
      'Grant protected permissions',
      'Put protected permissions into groups, or people into groups that hold them.',
      { ...guarded, dependsOn: ['grant:groups', 'assign:groups'] },
    ),
    assign: entry('Assign members', 'Add and remove members of groups whose grants the caller holds.', {
      ...keyOnly,
      dependsOn: ['view:groups', 'view:users'],
    }),
  },
  'api-keys': {
    'create-own': entry('Create own API keys', 'Make API keys for oneself.', personal),
    view: entry('View API keys', "Read others' API keys; never their secrets.", seen),
    revoke: entry('Revoke API keys', "Revoke others' API keys.", { ...keyOnly, dependsOn: ['view:api-keys'] }),
    create: entry('Create API keys for others', 'Make API keys for service accounts.', {
      ...personal,
      dependsOn: ['view:api-keys'],
    }),
  },
  'service-accounts': {
    create: entry('Create service accounts', 'Make service accounts.', {
      ...personal,
      dependsOn: ['view:users', 'create:api-keys'],
    }),
  },
  sessions: {
    view: entry('View sessions', "Read others' sessions and devices.", seen),
    revoke: entry('Revoke sessions', "End others' sessions and forget their devices.", {
      ...acted,
      dependsOn: ['view:sessions'],
    }),
  },
  organizations: {
    view: entry('View organizations', 'Read the tree of organizations and its members.', seen),
    create: entry('Create organizations', 'Make organizations.', { ...acted, ...organizations }),
    update: entry('Update organizations', 'Change organizations and their domains.', { ...acted, ...organizations }),
    assign: entry('Assign to organizations', 'Add, invite and remove members of organizations.', {
      ...acted,
      dependsOn: ['view:organizations', 'view:users'],
    }),
    move: entry('Move organizations', 'Move a subtree to another parent.', { ...personal, ...organizations }),
    delete: entry('Delete organizations', 'Delete a subtree.', { ...guarded, ...organizations }),
  },
  audit: {
    view: entry('View the audit log', 'Read the audit log.', seen),
    export: entry('Export the audit log', 'Take the audit log away.', {
      ...keyOnly,
      protected: true,
      dependsOn: ['view:audit'],
    }),
  },
  stats: {
    view: entry('View statistics', 'Read statistics.', seen),
  },
  resources: {
    register: entry(
      'Register resources',
      "Declare an application's resources, and make action links for them.",
      keyOnly,
    ),
  },
  documents: {
    view: entry('View trusted documents', 'Read the trusted documents.', keyOnly),
    register: entry('Register trusted documents', 'Add trusted documents.', {
      ...keyOnly,
      dependsOn: ['view:documents'],
    }),
  },
  mail: {
    view: entry('View mail', 'Read mail deliveries.', acted),
    retry: entry('Retry mail', 'Send a failed mail again.', { ...acted, dependsOn: ['view:mail'] }),
  },
  webhooks: {
    view: entry('View webhooks', 'Read webhooks and their deliveries; never their secrets.', keyOnly),
    create: entry('Create webhooks', 'Make webhooks.', { ...keyOnly, ...webhooks }),
    update: entry('Update webhooks', 'Change and test webhooks, rotate their secrets.', { ...keyOnly, ...webhooks }),
    delete: entry('Delete webhooks', 'Delete webhooks.', { ...keyOnly, ...webhooks }),
    replay: entry('Replay webhooks', 'Deliver past events again.', { ...keyOnly, ...webhooks }),
  },
  'signing-keys': {
    rotate: entry('Rotate signing keys', 'Put a new signing key to work.', guarded),
  },
  approvals: {
    view: entry('View approvals', 'Read changes that wait for a second person.', personal),
  },
  requests: {
    approve: entry('Approve requests', "Approve or reject others' requests; never one's own.", {
      ...guarded,
      dependsOn: ['view:approvals'],
    }),
  },
  health: {
    view: entry('View health', 'Read detailed health, the outbox and the caches.', seen),
  },
} as const satisfies Record<string, Record<string, PermissionEntry>>;

/** Names for people of the resources that Gatehouse itself knows. */
export const resourceTitles: { readonly [R in BuiltInResource]: string } = {
  users: 'Users',
  impersonations: 'Impersonations',
  groups: 'Groups',
  'api-keys': 'API keys',
  'service-accounts': 'Service accounts',
  sessions: 'Sessions',
  organizations: 'Organizations',
  audit: 'Audit log',
  stats: 'Statistics',
  resources: 'Registered resources',
  documents: 'Trusted documents',
  mail: 'Mail',
  webhooks: 'Webhooks',
  'signing-keys': 'Signing keys',
  approvals: 'Approvals',
  requests: 'Approval requests',
  health: 'Health',
};

type Table = typeof table;
export type BuiltInResource = keyof Table;
type ConcretePermission = { [R in BuiltInResource]: `${keyof Table[R] & string}:${R}` }[BuiltInResource];

/** Every built-in permission, and `admin:*`; a text that names none does not compile. */
export type PermissionName = ConcretePermission | 'admin:*';

/** Resources whose rows lie in organizations, or that tell of such rows. */
const LIE_IN_ORGANIZATIONS: ReadonlySet<string> = new Set<BuiltInResource>([
  'users',
  'impersonations',
  'api-keys',
  'service-accounts',
  'sessions',
  'organizations',
  'mail',
  'stats',
]);

/**
 * Exceptions: definitions of groups belong to all, but are seen by whoever puts people of an organization into them; what is imported
 * belongs to no organization yet.
 */
const EXCEPTIONS: Readonly<Record<string, boolean>> = {
  'view:groups': true,
  'assign:groups': true,
  'import:users': false,
} satisfies { readonly [P in PermissionName]?: boolean };

const define = (action: string, resource: string, line: PermissionEntry): PermissionDefinition => ({
  key: `${action}:${resource}`,
  action,
  resource,
  title: line.title,
  description: line.description,
  protected: line.protected ?? false,
  requiredAssurance: line.requiredAssurance ?? 'AAL1',
  impliedByAdmin: line.protected !== true,
  grantableToApiKey: line.grantableToApiKey,
  whileImpersonating: line.whileImpersonating,
  dependsOn: line.dependsOn ?? [],
  withinOrganizations: EXCEPTIONS[`${action}:${resource}`] ?? LIE_IN_ORGANIZATIONS.has(resource),
});

/** Every concrete built-in permission, in the order of the table; `admin:*` is not among them. */
export const permissionDefinitions: readonly PermissionDefinition[] = Object.entries(table).flatMap(
  ([resource, actions]) =>
    Object.entries<PermissionEntry>(actions).map(([action, line]) => define(action, resource, line)),
);

/** `admin:*`: every unprotected permission, now and later. */
export const adminDefinition: PermissionDefinition = define(
  'admin',
  '*',
  entry('Administer everything', 'Everything that is not protected, now and later.', seen),
);

const byKey = new Map(
  [...permissionDefinitions, adminDefinition].map((definition) => [definition.key as string, definition]),
);

/** The built-in entry of an action on a resource, `admin` on `*` included; undefined when there is none. */
export const findPermission = (action: string, resource: string): PermissionDefinition | undefined =>
  byKey.get(`${action}:${resource}`);

export const isPermissionName = (text: string): text is PermissionName => byKey.has(text);

/** The built-in table alone. Its resources declare no attributes, so their grants take no constraints about rows. */
export const builtInCatalogue: Catalogue = {
  definitions: permissionDefinitions,
  find: (key) => byKey.get(key),
  attributeType: () => undefined,
  ownerRule: () => null,
};
