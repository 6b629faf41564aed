import { CreateActionLinksDocument } from '../../generated/client/graphql.ts';
import {
  type ApprovalRequestId,
  type ApiKeyId,
  type CredentialId,
  type DeviceId,
  type ImpersonationId,
  newId,
  type GroupId,
  type MessageId,
  type InvitationId,
  type OrganizationDomainId,
  type OrganizationId,
  type SessionId,
  type TrustedDocumentId,
  type UserId,
  type WebhookDeliveryId,
  type WebhookId,
} from '../../src/ids.ts';
import type { PermissionName } from '../../src/permissions/catalogue.ts';
import * as seeded from '../../src/permissions/seeded-groups.ts';
import { createWebhookSecret } from '../../src/webhooks/webhook-secret.ts';
import { type Actor, makeGroup, makePerson, raiseToAal2, signIn } from '../support/cast.ts';
import { addApiKey } from '../support/api-keys.ts';
import { addDevices, addSessions } from '../support/sessions.ts';
import { addFailedMail } from '../support/messages.ts';
import { joinOrganization, makeOrganization } from '../support/organizations.ts';
import { registered, resource } from '../support/resources.ts';
import type { TestApp } from '../support/test-app.ts';
import { testMasterKeys } from '../support/test-config.ts';
import type { TestClient } from '../support/test-client.ts';
import type { Facts } from './permission-matrix.inputs.ts';
import { type CallerName, callerNames } from './permission-matrix.table.ts';

/** The groups of each kind of caller; null: not signed in. */
export const groupsOf: Readonly<Record<CallerName, readonly GroupId[] | null>> = {
  anon: null,
  none: [],
  member: [seeded.MEMBERS_GROUP_ID],
  support: [seeded.SUPPORT_GROUP_ID],
  reader: [seeded.READ_ONLY_GROUP_ID],
  audit: [seeded.AUDITORS_GROUP_ID],
  impers: [seeded.IMPERSONATORS_GROUP_ID],
  keys: [seeded.KEY_MASTERS_GROUP_ID],
  data: [seeded.DATA_OFFICERS_GROUP_ID],
  admin: [seeded.ADMINISTRATORS_GROUP_ID],
  first: [seeded.ADMINISTRATORS_GROUP_ID, seeded.KEY_MASTERS_GROUP_ID],
  stale: [seeded.ADMINISTRATORS_GROUP_ID, seeded.KEY_MASTERS_GROUP_ID],
};

/** Those whose sessions have two factors. */
export const strong: ReadonlySet<CallerName> = new Set(['first', 'stale']);

/** What no seeded group gives, held by these through a group of their own. */
export const further: Readonly<Partial<Record<CallerName, readonly PermissionName[]>>> = {
  first: [
    'export:audit',
    'export:users',
    'erase:users',
    'impersonate:users',
    'reset-mfa:users',
    'delete:organizations',
  ],
  stale: [
    'export:audit',
    'export:users',
    'erase:users',
    'impersonate:users',
    'reset-mfa:users',
    'delete:organizations',
  ],
};

/** How long ago the stale session confirmed its identity: beyond the ten minutes, within the life of its access token. */
export const STALE_SECONDS = 11 * 60;

const emailOf = (name: CallerName): string => `${name}@matrix.example`;

export interface MatrixCaller {
  readonly name: CallerName;
  /** Replaced by the caller anew where an operation ended their sessions. */
  client: TestClient;
  /** Their own id; of somebody who is not signed in, an id that nobody has. */
  readonly id: string;
  /** A key of their own; an id that no key has where they own none. */
  readonly apiKeyId: string;
  /** The caller in another session, for what ends a session. */
  anew(): Promise<TestClient>;
}

const nobody = (app: TestApp): MatrixCaller => ({
  name: 'anon',
  client: app.anonymous(),
  id: newId<UserId>(),
  apiKeyId: newId<ApiKeyId>(),
  anew: async () => app.anonymous(),
});

const callerOf = async (app: TestApp, name: CallerName): Promise<MatrixCaller> => {
  if (groupsOf[name] === null) return nobody(app);
  const begin = async (): Promise<Actor> => {
    const actor = await signIn(app, emailOf(name));
    return strong.has(name) ? raiseToAal2(app, actor) : actor;
  };
  const actor = await begin();
  return { name, client: actor, id: actor.id, apiKeyId: await addApiKey(app, actor.id), anew: begin };
};

/** One caller of each kind, the stale one signed in eleven minutes before the others. */
export const makeCallers = async (app: TestApp): Promise<readonly MatrixCaller[]> => {
  for (const name of callerNames) {
    const seededIds = groupsOf[name];
    if (seededIds === null) continue;
    const permissions = further[name];
    const own = permissions === undefined ? [] : [await makeGroup(app, `Matrix ${name}`, permissions)];
    await makePerson(app, { email: emailOf(name), displayName: name, groupIds: [...seededIds, ...own] });
  }
  await app.database.query('update permission_epoch set first_administrator_at = now()');
  const stale = await callerOf(app, 'stale');
  app.clock.advance(STALE_SECONDS);
  const others = callerNames.filter((name) => name !== 'stale');
  return [...(await Promise.all(others.map((name) => callerOf(app, name)))), stale];
};

/** Rows that every mutation of the matrix could change. */
export const makeTargets = async (app: TestApp, first: TestClient): Promise<Facts> => {
  const groupId = await makeGroup(app, 'Matrix target', ['view:groups']);
  const formerGroupId = await makeGroup(app, 'Matrix former', ['view:groups']);
  const userId = await makePerson(app, {
    email: 'target@matrix.example',
    groupIds: [seeded.MEMBERS_GROUP_ID, formerGroupId],
  });
  await app.database.query(
    `insert into credentials (id, user_id, type, secret, external_id, label, details, created_at, updated_at)
     values ($1, $2, 'PASSKEY', 'key', 'matrix', 'Key', '{}', now(), now())`,
    [newId<CredentialId>(), userId],
  );
  const formerOrganizationId = await makeOrganization(app, { name: 'Matrix former' });
  const organizationId = await makeOrganization(app, { name: 'Matrix target', parentId: formerOrganizationId });
  await joinOrganization(app, userId, formerOrganizationId);
  const memberId = await makePerson(app, {
    email: 'member-target@matrix.example',
    groupIds: [seeded.MEMBERS_GROUP_ID],
  });
  const invitationId = newId<InvitationId>();
  await app.database.query(
    `insert into invitations (id, user_id, organization_id, email, created_at, expires_at)
     values ($1, $2, $3, 'member-target@matrix.example', $4::timestamptz, $4::timestamptz + interval '1 day')`,
    [invitationId, memberId, organizationId, app.clock.now().toISOString()],
  );
  const domainId = newId<OrganizationDomainId>();
  await app.database.query(
    `insert into organization_domains (id, organization_id, domain, proof, created_at) values ($1, $2, 'matrix.example', 'matrix', now())`,
    [domainId, organizationId],
  );
  const [deviceId = ''] = await addDevices(app, userId, 1);
  const [sessionId = ''] = await addSessions(app, userId, 1);
  const impersonationId = newId<ImpersonationId>();
  await app.database.query(
    `insert into impersonations (id, target_id, actor_session_id, mode, reason, started_at, expires_at)
     values ($1, $2, $3, 'READ_ONLY', 'The permission matrix.', $4::timestamptz, $4::timestamptz + interval '1 hour')`,
    [impersonationId, userId, newId<SessionId>(), app.clock.now().toISOString()],
  );
  const mailId = await addFailedMail(app, { recipient: 'target@matrix.example', userId });
  const { data } = await first.run<{ createUser: { user: { id: string } } }>(
    'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }',
    { input: { email: 'invited@matrix.example', displayName: 'I', groupIds: [seeded.MEMBERS_GROUP_ID] } },
  );
  // So that another one may be sent at once.
  await app.database.query(`update messages set state = 'FAILED' where user_id = $1`, [data.createUser.user.id]);
  return {
    userId,
    memberId,
    invitedId: data.createUser.user.id,
    groupId,
    sessionId,
    deviceId,
    impersonationId,
    mailId,
    formerGroupId,
    email: 'new@matrix.example',
    groupName: 'Matrix new',
    organizationId,
    formerOrganizationId,
    domainId,
    invitationId,
    password: 'wrong horse battery staple',
    setupToken: 'unknown',
    overlapSeconds: 3600,
    apiKeyId: await addApiKey(app, userId),
    keyName: 'Matrix',
    ...(await makeThings(app, first)),
    ...(await addWebhook(app)),
    trustedDocumentId: await addTrustedDocument(app),
    trustedText: '{ health { status } }',
    approvableId: await addRequest(app, 'Matrix approved'),
    rejectableId: await addRequest(app, 'Matrix rejected'),
  };
};

/** A request of an administrator's to make a group, which waits for a second person. */
const addRequest = async (app: TestApp, name: string): Promise<string> => {
  const id = newId<ApprovalRequestId>();
  await app.database.query(
    `insert into approval_requests (id, mutation, permission, input, requested_by_id, created_at, expires_at)
     select $1, 'createGroup', 'erase:users', jsonb_build_object('name', $2::text), i.user_id, $4::timestamptz, $4::timestamptz + interval '1 day'
     from identifiers i where i.value = $3`,
    [id, name, emailOf('admin'), app.clock.now().toISOString()],
  );
  return id;
};

/** A webhook to an address that the server refuses to call, and a delivery to it that was given up. */
export const addWebhook = async ({
  database,
  clock,
}: TestApp): Promise<Pick<Facts, 'webhookId' | 'webhookDeliveryId'>> => {
  const webhookId = newId<WebhookId>();
  const webhookDeliveryId = newId<WebhookDeliveryId>();
  const { sealed } = createWebhookSecret(testMasterKeys(), webhookId);
  const now = clock.now().toISOString();
  await database.query(
    `insert into webhooks (id, name, url, event_types, sealed_secret, created_at, updated_at)
     values ($1, 'Matrix', 'https://192.0.2.1/', '{UserRegistered}', $2, $3, $3)`,
    [webhookId, sealed, now],
  );
  await database.query(
    `insert into webhook_deliveries (id, webhook_id, event_id, event_type, kind, body, state, created_at, finished_at)
     values ($1, $2, $1, 'UserRegistered', 'EVENT', '{}', 'DEAD', $3, $3)`,
    [webhookDeliveryId, webhookId, now],
  );
  return { webhookId, webhookDeliveryId };
};

/** A trusted document that nothing runs. */
const addTrustedDocument = async ({ database, clock }: TestApp): Promise<TrustedDocumentId> => {
  const id = newId<TrustedDocumentId>();
  await database.query(
    `insert into trusted_documents (id, hash, text, changed_epoch, registered_at)
     values ($1, repeat('0', 64), '{ health { status } }', 1, $2)`,
    [id, clock.now().toISOString()],
  );
  return id;
};

/** An application of the first administrator, and a link of its. */
const makeThings = async (
  app: TestApp,
  first: TestClient,
): Promise<Pick<Facts, 'namespace' | 'actionToken' | 'later'>> => {
  const namespace = 'matrix';
  const later = new Date(app.clock.now().getTime() + 3_600_000).toISOString();
  await registered(first, resource('things'), namespace);
  const { data } = await first.send(CreateActionLinksDocument, {
    input: {
      action: 'view',
      resource: `${namespace}.things`,
      rowId: '1',
      recipients: ['new@matrix.example'],
      expiresAt: later,
    },
  });
  return { namespace, later, actionToken: data?.createActionLinks?.links[0]?.token ?? '' };
};

/** Facts under which a mutation that passes its rule fails in its payload, so that later rows find the same database. */
export const harmless = (real: Facts): Facts => ({
  ...real,
  userId: newId<UserId>(),
  memberId: newId<UserId>(),
  invitedId: newId<UserId>(),
  groupId: newId<GroupId>(),
  sessionId: newId<SessionId>(),
  deviceId: newId<DeviceId>(),
  impersonationId: newId<ImpersonationId>(),
  mailId: newId<MessageId>(),
  formerGroupId: newId<GroupId>(),
  email: 'target@matrix.example',
  namespace: 'users',
  groupName: 'Support',
  organizationId: newId<OrganizationId>(),
  formerOrganizationId: newId<OrganizationId>(),
  domainId: newId<OrganizationDomainId>(),
  invitationId: newId<InvitationId>(),
  webhookId: newId<WebhookId>(),
  webhookDeliveryId: newId<WebhookDeliveryId>(),
  trustedDocumentId: newId<TrustedDocumentId>(),
  trustedText: 'not a document',
  approvableId: newId<ApprovalRequestId>(),
  rejectableId: newId<ApprovalRequestId>(),
  overlapSeconds: 1,
  apiKeyId: newId<ApiKeyId>(),
  keyName: '',
});
