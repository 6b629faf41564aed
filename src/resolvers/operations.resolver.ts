import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  HealthCheckType,
  HealthType,
  RotateSigningKeyInput,
  RotateSigningKeyPayload,
  SigningKeyType,
} from '../schema/operations.schema.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import type { HealthService } from '../services/health.service.ts';
import type { SigningKeyService } from '../services/signing-key.service.ts';
import { accessOutcome } from './outcome.ts';

@Resolver(() => HealthType)
export class OperationsResolver {
  readonly #signingKeys: SigningKeyService;
  readonly #health: HealthService;
  readonly #changes: AccessChanges;
  readonly #version: string;

  constructor(parts: {
    signingKeys: SigningKeyService;
    health: HealthService;
    accessChanges: AccessChanges;
    version: string;
  }) {
    this.#signingKeys = parts.signingKeys;
    this.#health = parts.health;
    this.#changes = parts.accessChanges;
    this.#version = parts.version;
  }

  @Query(() => [SigningKeyType], {
    nullable: true,
    description: 'Public keys that verify access tokens, as in `/.well-known/jwks.json`.',
  })
  async signingKeys(): Promise<readonly object[]> {
    return this.#signingKeys.published();
  }

  @Query(() => HealthType, { nullable: true, description: 'Whether the server works.' })
  async health(): Promise<object> {
    return { status: (await this.#health.check()).status };
  }

  @FieldResolver(() => [HealthCheckType], { nullable: true, description: 'Its parts.' })
  async checks(): Promise<readonly object[]> {
    return (await this.#health.check()).checks;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Version of the server.' })
  version(): string {
    return this.#version;
  }

  @Mutation(() => RotateSigningKeyPayload, {
    nullable: true,
    description:
      'Makes another key sign access tokens, as soon as it was published for long enough; the old one verifies for a while.',
  })
  rotateSigningKey(
    @Arg('input', () => RotateSigningKeyInput, { description: 'Input of rotateSigningKey.' })
    input: RotateSigningKeyInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ signingKey: null, retiringKey: null }, () =>
      this.#changes.run(signedInCaller(caller), 'rotateSigningKey', input),
    );
  }
}
