import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  DisableDocumentsInput,
  DisableDocumentsPayload,
  RegisterDocumentsInput,
  RegisterDocumentsPayload,
  TrustedDocumentConnectionType,
  TrustedDocumentsArgs,
} from '../schema/trusted-document.schema.ts';
import { type Caller, originOf, signedInCaller } from '../services/caller.ts';
import type { TrustedDocumentReader } from '../services/trusted-document-reader.ts';
import type { DocumentKeeper, TrustedDocumentService } from '../services/trusted-document.service.ts';
import { outcome } from './outcome.ts';

@Resolver()
export class TrustedDocumentResolver {
  readonly #documents: TrustedDocumentService;
  readonly #reader: TrustedDocumentReader;

  constructor(parts: { trustedDocuments: TrustedDocumentService; trustedDocumentReader: TrustedDocumentReader }) {
    this.#documents = parts.trustedDocuments;
    this.#reader = parts.trustedDocumentReader;
  }

  @Query(() => TrustedDocumentConnectionType, {
    nullable: true,
    description: 'Documents that clients may run by id.',
  })
  trustedDocuments(@Args(() => TrustedDocumentsArgs) args: TrustedDocumentsArgs): Promise<object> {
    return this.#reader.page(args, args.filter ?? null);
  }

  @Mutation(() => RegisterDocumentsPayload, { nullable: true, description: 'Registers documents.' })
  registerDocuments(
    @Arg('input', () => RegisterDocumentsInput, { description: 'Input of registerDocuments.' })
    { documents, clientName = null }: RegisterDocumentsInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ documents: [], newCount: 0 }, () =>
      this.#documents.register(keeperOf(caller), { documents, clientName }),
    );
  }

  @Mutation(() => DisableDocumentsPayload, { nullable: true, description: 'Makes documents unusable.' })
  disableDocuments(
    @Arg('input', () => DisableDocumentsInput, { description: 'Input of disableDocuments.' })
    { ids }: DisableDocumentsInput,
    @Ctx() { caller }: Context,
  ): Promise<object> {
    return outcome({ documents: [] }, async () => ({
      documents: await this.#documents.disable(keeperOf(caller), ids),
    }));
  }
}

const keeperOf = (caller: Caller): DocumentKeeper => {
  const signedIn = signedInCaller(caller);
  return { origin: originOf(signedIn), userId: signedIn.principal.userId };
};
