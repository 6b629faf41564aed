import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import type { ExportJobView } from '../entities/export.queries.ts';
import {
  EraseUserInput,
  EraseUserPayload,
  ExportAuditEventsInput,
  ExportAuditEventsPayload,
  ExportJobType,
  ExportUserDataInput,
  ExportUserDataPayload,
} from '../schema/export.schema.ts';
import { UrlScalar } from '../schema/scalars.ts';
import type { AccessChanges } from '../services/access-changes.ts';
import { signedInCaller } from '../services/caller.ts';
import type { ExportService } from '../services/export.service.ts';
import { accessOutcome, outcome } from './outcome.ts';

@Resolver(() => ExportJobType)
export class ExportResolver {
  readonly #exports: ExportService;
  readonly #changes: AccessChanges;

  constructor(parts: { exports: ExportService; accessChanges: AccessChanges }) {
    this.#exports = parts.exports;
    this.#changes = parts.accessChanges;
  }

  @Query(() => ExportJobType, { nullable: true, description: 'An export that the caller asked for.' })
  exportJob(
    @Arg('id', () => ID, { description: 'Export.' }) id: string,
    @Ctx() { caller }: Context,
  ): Promise<object | null> {
    return this.#exports.find(signedInCaller(caller), id);
  }

  @Mutation(() => ExportAuditEventsPayload, {
    nullable: true,
    description: 'Writes audit events to a file in the background.',
  })
  exportAuditEvents(
    @Arg('input', () => ExportAuditEventsInput, { description: 'Input of exportAuditEvents.' })
    { filter, format, idempotencyKey }: ExportAuditEventsInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ exportJob: null }, async () => ({
      exportJob: await this.#exports.ofAuditEvents(signedInCaller(caller), {
        filter: filter ?? null,
        format,
        idempotencyKey: idempotencyKey ?? null,
      }),
    }));
  }

  @Mutation(() => ExportUserDataPayload, { nullable: true, description: 'Collects all data of one person.' })
  exportUserData(
    @Arg('input', () => ExportUserDataInput, { description: 'Input of exportUserData.' })
    { userId, reason, idempotencyKey }: ExportUserDataInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ exportJob: null }, async () => ({
      exportJob: await this.#exports.ofUserData(signedInCaller(caller), {
        userId,
        reason,
        idempotencyKey: idempotencyKey ?? null,
      }),
    }));
  }

  @Mutation(() => EraseUserPayload, {
    nullable: true,
    description: 'Deletes a person and their personal values everywhere.',
  })
  eraseUser(
    @Arg('input', () => EraseUserInput, { description: 'Input of eraseUser.' }) input: EraseUserInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return accessOutcome({ erasedUserId: null }, () => this.#changes.run(signedInCaller(caller), 'eraseUser', input));
  }

  @FieldResolver(() => UrlScalar, {
    nullable: true,
    description: 'Address of the file, for the same session only; null before DONE and after `expiresAt`.',
  })
  downloadUrl(@Root() job: ExportJobView, @Ctx() { caller }: Context): string | null {
    return this.#exports.urlOf(signedInCaller(caller), job);
  }

  @FieldResolver(() => ExportJobType, { nullable: true, description: 'The failed job that this one repeats.' })
  previous(@Root() job: ExportJobView, @Ctx() { caller }: Context): Promise<object | null> | null {
    return job.previousId === null ? null : this.#exports.find(signedInCaller(caller), job.previousId);
  }
}
