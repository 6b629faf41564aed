import { Readable } from 'node:stream';
import type { FastifyPluginAsync } from 'fastify';
import { Failure } from '../errors.ts';
import { signedInCaller } from '../services/caller.ts';
import type { ExportService } from '../services/export.service.ts';
import { mediaTypeOf } from '../services/export-source.ts';
import { type ContextParts, contextFactory } from './context-factory.ts';

interface ExportRoutes extends ContextParts {
  readonly exports: ExportService;
}

/** `/exports/<id>`: the file of an export, for the session that asked for it and nobody else. Never kept by anybody on the way. */
export const exportRoutes: FastifyPluginAsync<ExportRoutes> = async (app, parts) => {
  const contextOf = contextFactory(parts);
  app.get<{ Params: { id: string } }>('/exports/:id', { exposeHeadRoute: false }, async (request, reply) => {
    const { caller } = await contextOf(request, reply);
    if (caller.principal === null) throw new Failure('UNAUTHENTICATED');
    const { job, chunks } = await parts.exports.open(signedInCaller(caller), request.params.id);
    const name = `${job.kind.toLowerCase().replace('_', '-')}-${job.createdAt.toISOString().slice(0, 10)}.${job.format.toLowerCase()}`;
    return reply
      .type(mediaTypeOf(job.format))
      .header('content-length', job.sizeBytes)
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('cache-control', 'no-store')
      .send(Readable.from(chunks(), { objectMode: false }));
  });
};
