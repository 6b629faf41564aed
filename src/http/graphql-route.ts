import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { Context } from '../context.ts';
import { contextFactory } from './context-factory.ts';
import { pageDocuments } from './account-pages/page-documents.ts';
import { boundDocumentsPlugin } from './bound-documents-plugin.ts';
import { csrfPlugin } from './csrf-plugin.ts';
import { createErrorFormatting } from './errors/format-error.ts';
import type { ReportError } from './errors/error-reporter.ts';
import { refusalHeaders } from './errors/refusal-headers.ts';
import { costPlugin } from './limits/cost-plugin.ts';
import { documentLimits, MAXIMUM_ERRORS, oneOfEach } from './limits/document-limits.ts';
import { defaultGraphqlLimits, parseLimits } from './limits/graphql-limits.ts';
import { listReadsPlugin } from './list-reads-plugin.ts';
import { OperationLog } from './operation-log.ts';
import { Admission } from './subscriptions/admission.ts';
import { requestsOnly } from './subscriptions/requests-only-plugin.ts';
import {
  type AdmittedContext,
  admittedDocumentPlugin,
  askedDocumentOf,
  DocumentAdmission,
} from './trusted-documents.ts';
import type { RoutedParts, ServerParts } from './server-parts.ts';

/** `/graphql`, by requests and over WebSocket. */
export const graphqlRoute = async (app: FastifyInstance, parts: RoutedParts, report: ReportError): Promise<void> => {
  const { config } = parts;
  const formatting = createErrorFormatting({ report, fieldSuggestions: config.server.fieldSuggestions });
  const limits = { ...defaultGraphqlLimits, ...config.limits };
  const apollo = new ApolloServer<Context & { csrfMissing: boolean } & AdmittedContext>({
    schema: parts.schema,
    introspection: config.server.introspection,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    csrfPrevention: true,
    stopOnTerminationSignals: false,
    parseOptions: parseLimits(limits),
    validationOptions: { maxErrors: MAXIMUM_ERRORS },
    validationRules: [documentLimits({ limits, credentialFields: parts.credentialFields })],
    formatError: formatting.formatError,
    logger: parts.logger,
    plugins: [
      admittedDocumentPlugin(),
      formatting.plugin,
      parts.metrics.plugin(operationLogOf(parts)),
      csrfPlugin(parts.isPublicMutation),
      requestsOnly(),
      boundDocumentsPlugin(),
      listReadsPlugin(),
      oneOfEach(),
      costPlugin({ maximumCost: limits.maximumCost, costs: parts.costs }),
      fastifyApolloDrainPlugin(app),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
    ],
  });
  await apollo.start();
  const makeContext = contextFactory(parts);
  const documents = new DocumentAdmission({ ...parts, ownDocuments: Object.values(pageDocuments) });
  if (config.subscriptions.enabled) {
    // Only where it is served: the library of the protocol is not loaded elsewhere.
    const { SocketServer } = await import('./subscriptions/socket-server.ts');
    const admission = new Admission({ ...parts, limits, introspection: config.server.introspection });
    new SocketServer({ ...parts, registry: parts.metrics.registry, formatting, admission, documents }).attach(app);
  }
  await app.register(fastifyApollo(apollo), {
    path: '/graphql',
    context: async (request, reply) => {
      try {
        const admittedText = await documents.admit(askedDocumentOf(request));
        return { ...(await makeContext(request, reply)), admittedText };
      } catch (error) {
        throw formatting.refusal(error, { requestId: request.id, headers: refusalHeaders(error) });
      }
    },
  });
};

const operationLogOf = ({ config, logger, schema }: ServerParts): OperationLog | null =>
  config.log.bodies === 'none' ? null : new OperationLog({ logger, schema, bodies: config.log.bodies });
