import type { FastifyPluginAsync } from 'fastify';
import type { RequestAuthenticator } from '../auth/authenticate.ts';
import { Failure } from '../errors.ts';
import { parseAddress } from '../permissions/networks.ts';
import type { TokenIntrospection } from '../services/token-introspection.ts';
import { addressesOf } from './client-address.ts';
import { userAgentOf } from './context-factory.ts';

const FORM = 'application/x-www-form-urlencoded';
const MAXIMUM_BODY_BYTES = 16_384;

interface IntrospectionRoute {
  readonly authenticator: RequestAuthenticator;
  readonly introspection: TokenIntrospection;
}

/** The one value of a parameter; null when it is absent. Throws BAD_USER_INPUT when it is repeated (RFC 6749 section 3.2). */
const parameter = (form: URLSearchParams, name: string): string | null => {
  const [value, ...others] = form.getAll(name);
  if (others.length > 0) throw new Failure('BAD_USER_INPUT', `Give ${name} once.`);
  return value === undefined || value === '' ? null : value;
};

/** Where the token was presented, so that keys bound to networks can be judged (RFC 7662 section 2.1). */
const presentedFrom = (form: URLSearchParams): string | null => {
  const text = parameter(form, 'client_ip');
  if (text === null) return null;
  const address = parseAddress(text);
  if (address === null) throw new Failure('BAD_USER_INPUT', 'client_ip is no address.');
  return address.text;
};

/**
 * `POST /oauth/introspect` (RFC 7662): tells a resource server that calls with an API key whether a token works, by the same functions
 * that let requests in. Everything that does not work, and everything beyond the caller's reach, is `{ "active": false }`.
 */
export const introspectionRoute: FastifyPluginAsync<IntrospectionRoute> = async (
  app,
  { authenticator, introspection },
) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(FORM, { parseAs: 'string', bodyLimit: MAXIMUM_BODY_BYTES }, (_request, body, done) =>
    done(null, new URLSearchParams(body)),
  );

  app.post('/oauth/introspect', async (request, reply) => {
    const { authenticated } = await authenticator.authenticate({
      authorization: request.headers.authorization,
      cookie: undefined,
      csrfHeader: undefined,
      ...addressesOf(request),
      userAgent: userAgentOf(request),
    });
    const asking = introspection.admit(authenticated);
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const token = parameter(form, 'token');
    if (token === null) throw new Failure('BAD_USER_INPUT', 'The parameter token is missing.');
    const inspected = await authenticator.inspect(token, presentedFrom(form));
    const facts = inspected === null ? null : await introspection.tell(asking, inspected);
    return reply.header('cache-control', 'no-store').send(facts ?? { active: false });
  });
};
