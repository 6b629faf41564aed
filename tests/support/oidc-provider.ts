import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type Configuration, Provider } from 'oidc-provider';
import { CookieJar } from './browser.ts';

/** A person at the provider. */
export interface ProviderPerson {
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly name?: string;
  readonly locale?: string;
  /** In tokens and in userinfo. */
  readonly roles?: readonly string[];
  /** In userinfo alone. */
  readonly departments?: readonly string[];
  /** At the management interface alone. */
  readonly managed?: readonly { readonly id: string; readonly name: string }[];
}

export const OWN_CLIENT = { clientId: 'gatehouse', clientSecret: 'gatehouse-secret-at-the-provider' } as const;
export const MACHINE_CLIENT = { clientId: 'machine', clientSecret: 'machine-secret-at-the-provider' } as const;
export const OTHER_CLIENT = { clientId: 'somebody-else', clientSecret: 'other-secret-at-the-provider' } as const;
/** Audience of JWT access tokens. */
export const API = 'https://api.gatehouse.example';
const CALLBACK = 'http://localhost:4000/auth/external/callback';

/** A real OpenID Connect server on this machine, with people who sign in without being asked anything. */
export interface TestProvider {
  readonly issuer: string;
  readonly people: Map<string, ProviderPerson>;
  /** Who signs in when a browser comes. */
  signingIn: string;
  /** Paths that were asked for, oldest first. */
  readonly requests: string[];
  /** While true every connection is cut, as if the server were gone. */
  away: boolean;
  /** Takes a person through authorization code flow with PKCE, as an application of the same provider would. */
  tokensFor(subject: string, asked?: TokenRequest): Promise<ProviderTokens>;
  close(): Promise<void>;
}

interface TokenRequest {
  readonly client?: { readonly clientId: string; readonly clientSecret: string };
  /** null: an opaque access token, for userinfo. */
  readonly resource?: string | null;
  readonly nonce?: string;
}

interface ProviderTokens {
  readonly accessToken: string;
  readonly idToken: string;
}

const clientOf = (client: { readonly clientId: string; readonly clientSecret: string }, redirectUri: string) => ({
  client_id: client.clientId,
  client_secret: client.clientSecret,
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code'],
  response_types: ['code' as const],
});

const configurationOf = (people: ReadonlyMap<string, ProviderPerson>, keys: readonly JWK[]): Configuration => ({
  jwks: { keys: [...keys] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  clients: [
    clientOf(OWN_CLIENT, CALLBACK),
    clientOf(OTHER_CLIENT, CALLBACK),
    {
      client_id: MACHINE_CLIENT.clientId,
      client_secret: MACHINE_CLIENT.clientSecret,
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
    },
  ],
  scopes: ['openid', 'profile', 'email'],
  ttl: {
    AccessToken: 86_400,
    IdToken: 86_400,
    ClientCredentials: 600,
    Grant: 86_400,
    Interaction: 600,
    Session: 86_400,
  },
  claims: {
    openid: ['sub', 'roles'],
    profile: ['name', 'locale', 'departments'],
    email: ['email', 'email_verified'],
  },
  conformIdTokenClaims: true,
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: async (_context, subject) => {
    const person = people.get(subject);
    if (person === undefined) return undefined;
    return {
      accountId: subject,
      claims: async (use) => ({
        sub: subject,
        roles: person.roles,
        ...(use === 'id_token' ? {} : { departments: person.departments }),
        name: person.name,
        locale: person.locale,
        email: person.email,
        email_verified: person.emailVerified,
      }),
    };
  },
  // As many providers do: access tokens for an interface say who it is about.
  extraTokenClaims: async (_context, token) => {
    const person = 'accountId' in token && token.accountId !== undefined ? people.get(token.accountId) : undefined;
    if (person === undefined) return undefined;
    const { name, locale, email, emailVerified, roles } = person;
    return { name, locale, email, email_verified: emailVerified, roles };
  },
  // Nobody is asked for consent: what an application wants is granted.
  loadExistingGrant: async (context) => {
    const { provider, client, session, params } = context.oidc;
    const given = session?.grantIdFor(client?.clientId ?? '');
    const known = given === undefined ? undefined : await provider.Grant.find(given);
    if (known !== undefined) return known;
    const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
    const scope = params?.['scope'];
    grant.addOIDCScope(typeof scope === 'string' ? scope : 'openid');
    grant.addResourceScope(API, 'api');
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => [],
      getResourceServerInfo: () => ({ scope: 'api', audience: API, accessTokenFormat: 'jwt' }),
      useGrantedResource: () => true,
    },
  },
});

const finishInteraction = async (
  provider: Provider,
  subject: string,
  [request, response]: readonly [IncomingMessage, ServerResponse],
): Promise<void> => {
  await provider.interactionFinished(request, response, { login: { accountId: subject } });
};

/** The management interface: roles of a person, for machines alone. */
const answerManagement = async (
  provider: Provider,
  people: ReadonlyMap<string, ProviderPerson>,
  [request, response]: readonly [IncomingMessage, ServerResponse],
): Promise<void> => {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const known = await provider.ClientCredentials.find(token);
  const subject = decodeURIComponent(/^\/manage\/users\/([^/]+)\/roles$/.exec(request.url ?? '')?.[1] ?? '');
  const person = people.get(subject);
  const status = known?.clientId !== MACHINE_CLIENT.clientId ? 401 : person === undefined ? 404 : 200;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(status === 200 ? JSON.stringify(person?.managed ?? []) : '{}');
};

const startTokens = async (
  issuer: string,
  asked: TokenRequest & { readonly subject: string },
): Promise<ProviderTokens> => {
  const client = asked.client ?? OWN_CLIENT;
  const verifier = randomBytes(32).toString('base64url');
  const resource = asked.resource === undefined ? API : asked.resource;
  const parameters = new URLSearchParams({
    client_id: client.clientId,
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: resource === null ? 'openid profile email' : 'openid profile email api',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(asked.nonce === undefined ? {} : { nonce: asked.nonce }),
    ...(resource === null ? {} : { resource }),
  });
  const jar = new CookieJar();
  const back = await jar.follow(`${issuer}/auth?${parameters.toString()}`, (next) => next.startsWith(CALLBACK));
  const code = new URL(back).searchParams.get('code') ?? '';
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: verifier,
      ...(resource === null ? {} : { resource }),
    }),
  });
  const tokens = (await response.json()) as { access_token?: string; id_token?: string };
  if (tokens.access_token === undefined || tokens.id_token === undefined) {
    throw new Error(`The provider gave no tokens (${back}): ${JSON.stringify(tokens)}`);
  }
  return { accessToken: tokens.access_token, idToken: tokens.id_token };
};

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const keyOf = async (alg: 'RS256' | 'ES256', kid: string): Promise<JWK> => ({
  ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)),
  kid,
  alg,
  use: 'sig',
});

export const startProvider = async (): Promise<TestProvider> => {
  const people = new Map<string, ProviderPerson>();
  const requests: string[] = [];
  const server = createServer();
  const issuer = await listen(server);
  const provider = new Provider(issuer, configurationOf(people, [await keyOf('RS256', 'first')]));
  const answer = provider.callback();
  const state: TestProvider = {
    issuer,
    people,
    requests,
    signingIn: '',
    away: false,
    tokensFor: (subject, asked = {}) => {
      state.signingIn = subject;
      return startTokens(issuer, { ...asked, subject });
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    requests.push(path);
    if (state.away) request.socket.destroy();
    else if (path.startsWith('/interaction/')) void finishInteraction(provider, state.signingIn, [request, response]);
    else if (path.startsWith('/manage/')) void answerManagement(provider, people, [request, response]);
    else void answer(request, response);
  });
  return state;
};
