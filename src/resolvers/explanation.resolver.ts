import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { SubjectInput } from '../schema/decision.schema.ts';
import {
  ExplainOperationArgs,
  ExplainPermissionArgs,
  OperationExplanationType,
  OperationPermissionsType,
  PermissionExplanationType,
} from '../schema/explanation.schema.ts';
import { signedInCaller } from '../services/caller.ts';
import type { ExplanationService } from '../services/explanation.service.ts';
import type { AskingCaller } from '../services/permission-subject.ts';

@Resolver()
export class ExplanationResolver {
  readonly #explanations: ExplanationService;

  constructor(parts: { explanations: ExplanationService }) {
    this.#explanations = parts.explanations;
  }

  @Query(() => PermissionExplanationType, {
    nullable: true,
    description: 'Why somebody may or may not do something. About oneself; others require `view:groups`.',
  })
  explainPermission(@Args(() => ExplainPermissionArgs) args: ExplainPermissionArgs, @Ctx() context: Context) {
    const { userId = null, apiKeyId = null, rowId = null, action, resource, attributes, organizationId } = args;
    const inquiry = { userId, apiKeyId, rowId, action, resource, attributes, organizationId };
    return this.#explanations.permission(asking(context), inquiry);
  }

  @Query(() => OperationExplanationType, {
    nullable: true,
    description:
      'What the rules say of each field of a document, without running it. About oneself; others require `view:groups`.',
  })
  explainOperation(@Args(() => ExplainOperationArgs) args: ExplainOperationArgs, @Ctx() context: Context) {
    const { document, variables = null, operationName = null, as = null } = args;
    return this.#explanations.operation(asking(context), { document, variables, operationName, as });
  }

  @Query(() => String, {
    nullable: true,
    description: 'The SDL, cut down to what somebody can use. About oneself; others require `view:groups`.',
  })
  schemaFor(
    @Arg('as', () => SubjectInput, { nullable: true, description: 'For whom; absent = the caller.' })
    as: SubjectInput | null | undefined,
    @Ctx() context: Context,
  ): Promise<string> {
    return this.#explanations.schema(asking(context), as ?? null);
  }

  @Query(() => OperationPermissionsType, {
    nullable: true,
    description: 'The smallest set of grants that documents need, for an API key.',
  })
  permissionsForOperations(
    @Arg('documents', () => [String], {
      description: 'GraphQL documents, 1 to 100, of at most 20,000 characters each.',
    })
    documents: readonly string[],
  ) {
    return this.#explanations.documents(documents);
  }
}

const asking = ({ caller, assignments }: Context): AskingCaller => ({ ...signedInCaller(caller), assignments });
