import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.ts';
import { Failure } from '../../errors.ts';
import { installationDirectory } from '../../installation.ts';
import { renderAccountPage } from './account-page.ts';
import { pageLocaleOf, pageNames } from './page-texts.ts';

/**
 * Nothing but the page's own script, stylesheet, icon and calls to its own origin; forms are sent by the script alone, and no other
 * site can frame the page.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Where the build puts what the browser loads: scripts/build-templates.mjs. */
const directory = (): string => join(installationDirectory(), 'dist', 'templates', 'account');

/** A file that the pages load, with an address that changes with its content. */
const assetOf = (name: string, type: string) => {
  const content = readFileSync(join(directory(), name));
  const version = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  return { path: `/account/assets/${name}`, address: `assets/${name}?v=${version}`, content, type };
};

const langOf = (request: FastifyRequest): unknown => {
  const { query } = request;
  return typeof query === 'object' && query !== null && Object.hasOwn(query, 'lang')
    ? Reflect.get(query, 'lang')
    : null;
};

/**
 * The pages that links in mails lead to: `/account/invite`, `/account/reset`, `/account/sign-in`, `/account/email-change`. The
 * token stands in the fragment, which no server sees; the page takes it from there and calls the API when its person presses the
 * button. So programs that follow links in mails use nothing up.
 */
export const accountPages: FastifyPluginAsync<{ readonly config: Config }> = async (app, { config }) => {
  if (!existsSync(directory())) {
    app.get('/account/*', async () => {
      throw new Failure('SERVICE_UNAVAILABLE', 'The account pages are not built. Run `npm run build`.');
    });
    return;
  }
  const script = assetOf('account.js', 'text/javascript; charset=utf-8');
  const stylesheet = assetOf('account.css', 'text/css; charset=utf-8');
  const { companyName, loginUrl } = config.mail;

  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('content-security-policy', contentSecurityPolicy);
  });

  for (const page of pageNames) {
    app.get(`/account/${page}`, async (request, reply) => {
      const locale = pageLocaleOf(langOf(request), request.headers['accept-language']);
      const addresses = { script: script.address, stylesheet: stylesheet.address };
      return reply
        .type('text/html; charset=utf-8')
        .header('content-language', locale)
        .header('vary', 'accept-language')
        .send(renderAccountPage({ page, locale, companyName, loginUrl, ...addresses }));
    });
  }

  for (const { path, content, type } of [script, stylesheet]) {
    app.get(path, async (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(content),
    );
  }
};
