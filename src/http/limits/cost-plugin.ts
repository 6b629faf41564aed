import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { createCostModel, type CostModel, type CostModelSettings } from './cost-model.ts';

/** What the plugin needs of a request's context, and what it leaves there. */
export interface CostContext {
  readonly principal: unknown;
  cost?: { readonly requested: number; readonly maximum: number };
}

export interface CostPluginSettings extends CostModelSettings {
  readonly maximumCost: number;
}

const NO_VARIABLES: Readonly<Record<string, unknown>> = {};

/** The refusal of an operation that costs more than allowed; answered with 400, because nothing was executed. */
export const tooExpensive = (cost: number, maximum: number): GraphQLError =>
  new GraphQLError(`The operation costs ${cost} points; at most ${maximum} are allowed.`, {
    extensions: { code: 'QUERY_TOO_COMPLEX', limit: 'maximumCost', cost, maximum, http: { status: 400 } },
  });

const listenerOf = (model: CostModel, maximum: number): GraphQLRequestListener<CostContext> => ({
  didResolveOperation: async ({ document, operation, request, contextValue }) => {
    // without an operation (unknown operationName) Apollo itself refuses
    if (operation === undefined) return;
    const requested = model.cost({ document, operation, variables: request.variables ?? NO_VARIABLES });
    contextValue.cost = { requested, maximum };
    if (requested > maximum) throw tooExpensive(requested, maximum);
  },
  willSendResponse: async ({ contextValue, response }) => {
    // strangers learn nothing about the prices of an operation that they may not run
    if (contextValue.principal === null || contextValue.cost === undefined || response.body.kind !== 'single') return;
    const result = response.body.singleResult;
    result.extensions = { ...result.extensions, cost: contextValue.cost };
  },
});

/**
 * Refuses operations that cost more than `maximumCost` points before any resolver runs, and tells signed-in callers
 * the cost as `extensions.cost { requested maximum }`. The server's start fails on wrong cost declarations.
 */
export const costPlugin = (settings: CostPluginSettings): ApolloServerPlugin<CostContext> => {
  let listener: Promise<GraphQLRequestListener<CostContext>> | undefined;
  return {
    serverWillStart: async ({ schema }) => {
      listener = Promise.resolve(listenerOf(createCostModel(schema, settings), settings.maximumCost));
    },
    requestDidStart: async () => listener,
  };
};
