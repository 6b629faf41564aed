import { createToken } from '../../../src/crypto/opaque-token.ts';
import { ApiKey } from '../../../src/entities/api-key.entity.ts';
import type { ApiKeyId, UserId } from '../../../src/ids.ts';
import { type Grant, grantOf } from '../../../src/permissions/grants.ts';
import type { PermissionName } from '../../../src/permissions/catalogue.ts';
import type { TestApp } from '../../support/test-app.ts';
import { TestClient } from '../../support/test-client.ts';

/** A key of somebody's that carries these permissions, made directly, with a client that uses it. */
export const makeKey = async (
  app: TestApp,
  ownerId: UserId,
  permissions: readonly PermissionName[],
): Promise<{ readonly id: ApiKeyId; readonly client: TestClient }> => {
  const { token, selector, secretHash } = createToken('apiKey');
  const grants: readonly Grant[] = permissions.map((name) => grantOf(name));
  const key = Object.assign(new ApiKey(), {
    ownerId,
    name: 'Robot',
    selector,
    secretHash,
    grants,
    createdAt: app.clock.now(),
  });
  await app.database.transaction(async (em) => {
    em.persist(key);
    await em.flush();
  });
  return { id: key.id, client: new TestClient(`${app.url}/graphql`, { authorization: `Bearer ${token.reveal()}` }) };
};
