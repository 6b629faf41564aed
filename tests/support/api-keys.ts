import { CreateApiKeyDocument, type CreateApiKeyInput } from '../../generated/client/graphql.ts';
import type { ApiKeyId, GroupId, UserId } from '../../src/ids.ts';
import { newId, parseId } from '../../src/ids.ts';
import { createToken } from '../../src/crypto/opaque-token.ts';
import { insertServiceAccount } from '../../src/entities/service-account.queries.ts';
import { MEMBERS_GROUP_ID } from '../../src/permissions/seeded-groups.ts';
import type { TestApp } from './test-app.ts';
import { TestClient } from './test-client.ts';

/** A program with a key. */
export class KeyHolder extends TestClient {
  readonly keyId: ApiKeyId;
  readonly secret: string;

  constructor(url: string, { keyId, secret }: { readonly keyId: ApiKeyId; readonly secret: string }) {
    super(url, { authorization: `Bearer ${secret}` });
    this.keyId = keyId;
    this.secret = secret;
  }
}

let made = 0;

/** Makes a key over HTTP, as the actor; with everything that its owner may, where nothing else is said. */
export const makeKey = async (
  app: TestApp,
  actor: TestClient,
  input: Partial<CreateApiKeyInput> = {},
): Promise<KeyHolder> => {
  const named = input.permissions != null || input.documents != null;
  const scopes = named ? {} : { allMyPermissions: true };
  const answer = await actor.send(CreateApiKeyDocument, { input: { name: `Key ${(made += 1)}`, ...scopes, ...input } });
  const { apiKey, secret, errors } = answer.data?.createApiKey ?? {};
  const keyId = parseId<ApiKeyId>(apiKey?.id ?? '');
  if (keyId === null || secret == null) {
    throw new Error(`No key was made: ${JSON.stringify([errors, answer.errors])}`);
  }
  return new KeyHolder(`${app.url}/graphql`, { keyId, secret });
};

/** The same program calling another replica. */
export const callingAt = (app: TestApp, { keyId, secret }: KeyHolder): KeyHolder =>
  new KeyHolder(`${app.url}/graphql`, { keyId, secret });

/** Makes a service account directly, in these groups (Members when none are named). */
export const makeService = async (app: TestApp, groupIds: readonly GroupId[] = [MEMBERS_GROUP_ID]): Promise<UserId> => {
  const id = newId<UserId>();
  await app.database.query(insertServiceAccount, [
    id,
    `Service ${(made += 1)}`,
    app.clock.now().toISOString(),
    groupIds.map(() => newId()),
    groupIds,
    null,
    null,
    groupIds.map(() => null),
  ]);
  return id;
};

/** Writes a key of somebody directly; nobody has its secret. */
export const addApiKey = async (app: TestApp, ownerId: UserId): Promise<ApiKeyId> => {
  const id = newId<ApiKeyId>();
  const { selector, secretHash } = createToken('apiKey');
  await app.database.query(
    `insert into api_keys (id, version, owner_id, name, selector, secret_hash, all_my_permissions, created_at)
     values ($1, 1, $2, 'Key', $3, $4, true, $5)`,
    [id, ownerId, selector, secretHash, app.clock.now().toISOString()],
  );
  return id;
};
