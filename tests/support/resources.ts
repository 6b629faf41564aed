import {
  CheckPermissionsDocument,
  type PermissionCheckInput,
  RegisterResourcesDocument,
  type RegisterResourcesMutation,
  type ResourceInput,
  type SubjectInput,
} from '../../generated/client/graphql.ts';
import type { GroupId } from '../../src/ids.ts';
import { type KeyHolder, makeKey } from './api-keys.ts';
import type { Actor } from './cast.ts';
import { holderOf, unique } from './holder.ts';
import type { TestApp } from './test-app.ts';
import type { TestClient } from './test-client.ts';

/** Another subgraph: its key, and whose key that is. */
export interface Application {
  readonly key: KeyHolder;
  readonly owner: Actor & { readonly groupId: GroupId };
}

/** An application whose key is so named; it holds `register:resources` and what else is said. */
export const makeApplication = async (
  app: TestApp,
  name = unique('application'),
  permissions: readonly string[] = [],
): Promise<Application> => {
  const owner = await holderOf(app, ['register:resources', ...permissions]);
  return { owner, key: await makeKey(app, owner, { name }) };
};

type Payload = NonNullable<RegisterResourcesMutation['registerResources']>;

/** Registers and gives the payload; throws when the request is refused altogether. */
export const register = async (
  client: TestClient,
  resources: ResourceInput | readonly ResourceInput[],
  namespace?: string,
): Promise<Payload> => {
  const list = [resources].flat();
  const input = namespace === undefined ? { resources: list } : { namespace, resources: list };
  const { data, errors } = await client.send(RegisterResourcesDocument, { input });
  if (!data?.registerResources) throw new Error(`Not registered: ${JSON.stringify(errors)}`);
  return data.registerResources;
};

/** The same, for a registration that must succeed. */
export const registered = async (...parts: Parameters<typeof register>): Promise<Payload> => {
  const payload = await register(...parts);
  if (payload.errors.length > 0) throw new Error(`Not registered: ${JSON.stringify(payload.errors)}`);
  return payload;
};

/** A plain resource with one verb. */
export const resource = (name: string, more: Partial<ResourceInput> = {}): ResourceInput => ({
  name,
  title: 'Things',
  actions: ['view'],
  ...more,
});

/** The decisions of one request. */
export const decisionsOf = async (
  client: TestClient,
  checks: readonly PermissionCheckInput[],
  subject?: SubjectInput,
) => {
  const { data, errors } = await client.send(CheckPermissionsDocument, {
    checks: [...checks],
    ...(subject === undefined ? {} : { subject }),
  });
  if (!data?.checkPermissions) throw new Error(`No decisions: ${JSON.stringify(errors)}`);
  return data.checkPermissions.decisions;
};

/** The reason of one decision. */
export const reasonOf = async (client: TestClient, check: PermissionCheckInput, subject?: SubjectInput) =>
  (await decisionsOf(client, [check], subject))[0]?.reason;
