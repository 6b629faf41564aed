import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  CreateApiKeyInput,
  CreateApiKeyPayload,
  CreateServiceAccountInput,
  CreateServiceAccountPayload,
  DeleteApiKeyInput,
  DeleteApiKeyPayload,
  RevokeApiKeyInput,
  RevokeApiKeyPayload,
  RotateApiKeyInput,
  RotateApiKeyPayload,
  UpdateApiKeyInput,
  UpdateApiKeyPayload,
} from '../schema/api-key.schema.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import type { ApiKeyChangeService } from '../services/api-key-change.service.ts';
import type { ApiKeyService } from '../services/api-key.service.ts';
import { signedInCaller } from '../services/caller.ts';
import { accessOutcome, outcome } from './outcome.ts';

@Resolver()
export class ApiKeyMutationResolver {
  readonly #access: AccessChanges;
  readonly #apiKeys: ApiKeyService;
  readonly #changes: ApiKeyChangeService;

  constructor(parts: { accessChanges: AccessChanges; apiKeys: ApiKeyService; apiKeyChanges: ApiKeyChangeService }) {
    this.#access = parts.accessChanges;
    this.#apiKeys = parts.apiKeys;
    this.#changes = parts.apiKeyChanges;
  }

  @Mutation(() => CreateServiceAccountPayload, { nullable: true, description: 'Makes a service account.' })
  createServiceAccount(
    @Arg('input', () => CreateServiceAccountInput, { description: 'Input of createServiceAccount.' })
    input: CreateServiceAccountInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ user: null }, () => this.#access.run(signedInCaller(caller), 'createServiceAccount', input));
  }

  @Mutation(() => CreateApiKeyPayload, {
    nullable: true,
    description: 'Makes a key: an own one by `create-own:api-keys`, with an owner by `create:api-keys`.',
  })
  createApiKey(
    @Arg('input', () => CreateApiKeyInput, { description: 'Input of createApiKey.' }) input: CreateApiKeyInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ apiKey: null, secret: null, replayed: false }, async () => {
      const { secret, ...made } = await this.#apiKeys.create(signedInCaller(caller), {
        name: input.name,
        permissions: input.permissions ?? null,
        documents: input.documents ?? null,
        allMyPermissions: input.allMyPermissions ?? null,
        bindToDocuments: input.bindToDocuments ?? null,
        ownerId: input.ownerId ?? null,
        expiresAt: input.expiresAt ?? null,
        networks: input.networks ?? [],
        rateLimitPerMinute: input.rateLimitPerMinute ?? null,
        idempotencyKey: input.idempotencyKey ?? null,
      });
      return { ...made, secret: secret?.reveal() ?? null };
    });
  }

  @Mutation(() => UpdateApiKeyPayload, {
    nullable: true,
    description: "Changes an own key; one of a service account's by `create:api-keys`.",
  })
  updateApiKey(
    @Arg('input', () => UpdateApiKeyInput, { description: 'Input of updateApiKey.' }) input: UpdateApiKeyInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ apiKey: null }, async () => ({
      apiKey: await this.#changes.update(signedInCaller(caller), input),
    }));
  }

  @Mutation(() => RotateApiKeyPayload, {
    nullable: true,
    description:
      "Changes the secret of a key: of an own one by `create-own:api-keys`, of a service account's by `create:api-keys`.",
  })
  rotateApiKey(
    @Arg('input', () => RotateApiKeyInput, { description: 'Input of rotateApiKey.' }) input: RotateApiKeyInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ apiKey: null, secret: null }, async () => {
      const { apiKey, secret } = await this.#changes.rotate(signedInCaller(caller), input);
      return { apiKey, secret: secret.reveal() };
    });
  }

  @Mutation(() => RevokeApiKeyPayload, {
    nullable: true,
    description: "Ends a key at once: an own one from a session, a key by itself, others' by `revoke:api-keys`.",
  })
  revokeApiKey(
    @Arg('input', () => RevokeApiKeyInput, { description: 'Input of revokeApiKey.' }) input: RevokeApiKeyInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ apiKey: null }, async () => ({
      apiKey: await this.#changes.revoke(signedInCaller(caller), { id: input.id, reason: input.reason ?? null }),
    }));
  }

  @Mutation(() => DeleteApiKeyPayload, {
    nullable: true,
    description: 'Ends a key and removes it; who may is as with revokeApiKey.',
  })
  deleteApiKey(
    @Arg('input', () => DeleteApiKeyInput, { description: 'Input of deleteApiKey.' }) input: DeleteApiKeyInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ deletedApiKeyId: null }, async () => ({
      deletedApiKeyId: await this.#changes.delete(signedInCaller(caller), input.id),
    }));
  }
}
