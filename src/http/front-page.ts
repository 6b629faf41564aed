import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { escapeHtml } from './html.ts';

/** Nothing but the stylesheet of the account pages; no script, no form, no frame. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = (name: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex" />
    <title>${name}</title>
    <link rel="stylesheet" href="/account/assets/account.css" />
  </head>
  <body>
    <main>
      <p class="company">${name}</p>
      <h1>Accounts</h1>
      <p>This service signs people in for other applications. Open the application that you want to use.</p>
    </main>
  </body>
</html>
`;

/**
 * What stands at `/`, where the account pages lead on to unless `LOGIN_URL` says otherwise: the playground where it is served, else a
 * page that names the service, the same for everybody, and links nowhere.
 */
export const frontPage: FastifyPluginAsync<{ readonly config: Config }> = async (app, { config }) => {
  const html = page(escapeHtml(config.mail.companyName));
  app.get('/', async (_request, reply) => {
    if (config.server.playground) return reply.redirect('/playground');
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', contentSecurityPolicy)
      .header('cache-control', 'public, max-age=300')
      .send(html);
  });
};

/** A person followed the address of the API: browsers say that they want a page, and programs that read GraphQL do not. */
const isVisitOfApi = ({ method, url, headers }: FastifyRequest): boolean =>
  method === 'GET' && url === '/graphql' && headers.accept?.includes('text/html') === true;

/** Sends people who open `/graphql` in a browser to the playground, where it is served; without it they would read a refusal in JSON. */
export const showPlayground = (app: FastifyInstance, config: Config): void => {
  if (!config.server.playground) return;
  app.addHook('onRequest', async (request, reply) =>
    isVisitOfApi(request) ? reply.redirect('/playground') : undefined,
  );
};
