import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { escapeHtml } from './html.ts';

/** Nothing but the stylesheet of the account pages and the icon; no script, no form, no frame. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Browsers ask for it beside every page that names none. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="7" fill="#3b5bdb" />
  <path d="M7 26V8h3v2.5h3V8h6v2.5h3V8h3v18h-6v-5.5a3 3 0 0 0-6 0V26z" fill="#fff" />
</svg>
`;

const page = (
  name: string,
  { title, text }: { readonly title: string; readonly text: string },
): string => `<!doctype html>
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
      <h1>${title}</h1>
      <p>${text}</p>
    </main>
  </body>
</html>
`;

const FRONT = {
  title: 'Accounts',
  text: 'This service signs people in for other applications. Open the application that you want to use.',
};
const NOT_FOUND = {
  title: 'Page not found',
  text: 'There is nothing at this address. If a link in a mail led here, copy the whole of it, or ask for a new one.',
};

const sendPage = (reply: FastifyReply, html: string): FastifyReply =>
  reply.type('text/html; charset=utf-8').header('content-security-policy', contentSecurityPolicy).send(html);

/**
 * What stands at `/`, where the account pages lead on to unless `LOGIN_URL` says otherwise: the playground where it is served, else a
 * page that names the service, the same for everybody, and links nowhere.
 */
export const frontPage: FastifyPluginAsync<{ readonly config: Config }> = async (app, { config }) => {
  const html = page(escapeHtml(config.mail.companyName), FRONT);
  app.get('/favicon.ico', async (_request, reply) =>
    reply.type('image/svg+xml').header('cache-control', 'public, max-age=86400').send(ICON),
  );
  app.get('/', async (_request, reply) => {
    if (config.server.playground) return reply.redirect('/playground');
    return sendPage(reply.header('cache-control', 'public, max-age=300'), html);
  });
};

const wantsPage = ({ method, headers }: FastifyRequest): boolean =>
  (method === 'GET' || method === 'HEAD') && headers.accept?.includes('text/html') === true;

/** For `setNotFoundHandler`: a page for people who followed a wrong address, `otherwise` for programs. */
export const notFoundPage = (
  { mail }: Config,
  otherwise: (request: FastifyRequest, reply: FastifyReply) => void,
): ((request: FastifyRequest, reply: FastifyReply) => void) => {
  const html = page(escapeHtml(mail.companyName), NOT_FOUND);
  return (request, reply) => (wantsPage(request) ? void sendPage(reply.code(404), html) : otherwise(request, reply));
};

/** A person followed the address of the API: browsers say that they want a page, and programs that read GraphQL do not. */
const isVisitOfApi = (request: FastifyRequest): boolean =>
  request.method === 'GET' && request.url === '/graphql' && wantsPage(request);

/** Sends people who open `/graphql` in a browser to the playground, where it is served; without it they would read a refusal in JSON. */
export const showPlayground = (app: FastifyInstance, config: Config): void => {
  if (!config.server.playground) return;
  app.addHook('onRequest', async (request, reply) =>
    isVisitOfApi(request) ? reply.redirect('/playground') : undefined,
  );
};
