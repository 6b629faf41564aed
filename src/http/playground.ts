import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { errorCatalogue, type FailureCode } from '../errors.ts';
import { installationDirectory } from '../installation.ts';

export interface PlaygroundOptions {
  /** Folder of the built playground; by default `dist/playground` of the installation this file belongs to. */
  readonly directory?: string;
}

/**
 * The page talks to its own origin only. Styles are inline because the editor measures and colours its lines that way; its
 * fonts and icons come as `data:`. Workers obey the policy of their own response, so every file carries it.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Names of files below `assets/` hold a hash of their content. */
const cacheControl = (path: string): string =>
  /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';

const defaultDirectory = (): string => join(installationDirectory(), 'dist', 'playground');

const refuse = (reply: FastifyReply, code: FailureCode, message: string): FastifyReply =>
  reply
    .code(errorCatalogue[code].status)
    .header('cache-control', 'no-store')
    .send({ errors: [{ message, extensions: { code } }] });

/**
 * Serves the built GraphiQL at `/playground`. Answers 404 NOT_FOUND for files that are not there and 503
 * SERVICE_UNAVAILABLE for everything while the build is missing.
 */
export const playgroundPlugin: FastifyPluginAsync<PlaygroundOptions> = async (
  app,
  { directory = defaultDirectory() },
) => {
  const index = join(directory, 'index.html');
  await app.register(
    async (scope) => {
      await scope.register(fastifyStatic, {
        root: directory,
        serve: false,
        suppressWarning: true, // a missing folder is answered below
        preCompressed: true,
        cacheControl: false,
        dotfiles: 'ignore',
        setHeaders: (reply, path) => {
          reply.header('cache-control', cacheControl(path));
        },
      });
      scope.addHook('onRequest', async (_request, reply) => {
        reply.header('content-security-policy', contentSecurityPolicy);
        reply.header('x-content-type-options', 'nosniff');
        reply.header('referrer-policy', 'no-referrer');
        if (existsSync(index)) return undefined;
        return refuse(
          reply,
          'SERVICE_UNAVAILABLE',
          'The playground is not built. Run `npm run build` and load this page again.',
        );
      });
      scope.setNotFoundHandler((_request, reply) => refuse(reply, 'NOT_FOUND', 'The playground has no such file.'));
      scope.get('/', async (_request, reply) => reply.sendFile('index.html'));
      scope.get<{ Params: { '*': string } }>('/*', async (request, reply) => reply.sendFile(request.params['*']));
    },
    { prefix: '/playground' },
  );
};
