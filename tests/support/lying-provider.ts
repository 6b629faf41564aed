import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { API, OWN_CLIENT } from './oidc-provider.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface SigningPair {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly alg: string;
  readonly kid: string;
}

export const signingPair = async (alg: string, kid: string): Promise<SigningPair> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }, alg, kid };
};

/** Sends JSON. */
export const json =
  (body: unknown, status = 200): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };

/** An issuer made by hand, which says whatever a test lets it say. */
export interface LyingProvider {
  readonly issuer: string;
  /** The one honest key to begin with. */
  readonly key: SigningPair;
  /** What `/jwks` answers. */
  keys: readonly JWK[];
  /** Changes of the discovery document. */
  metadata: Readonly<Record<string, unknown>>;
  /** Seconds since 1970, for the times of its tokens. */
  now: () => number;
  /** Answers by path, before the usual ones. */
  readonly answers: Map<string, Handler>;
  /** Paths that were asked for. */
  readonly requests: string[];
  /** An access token that is as it should be but for what is given; undefined takes a claim or header away. */
  accessToken(
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
    key?: SigningPair,
  ): Promise<string>;
  /** The same for an ID token. */
  idToken(
    claims?: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
    key?: SigningPair,
  ): Promise<string>;
  close(): Promise<void>;
}

const defined = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

export const startLyingProvider = async (): Promise<LyingProvider> => {
  const key = await signingPair('RS256', 'honest');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sign = (
    claims: Readonly<Record<string, unknown>>,
    header: Readonly<Record<string, unknown>>,
    pair: SigningPair,
  ): Promise<string> =>
    new SignJWT(defined(claims))
      .setProtectedHeader(defined({ alg: pair.alg, kid: pair.kid, ...header }) as { alg: string })
      .sign(pair.privateKey);
  const provider: LyingProvider = {
    issuer,
    key,
    keys: [key.publicJwk],
    metadata: {},
    now: () => Math.floor(Date.now() / 1000),
    answers: new Map(),
    requests: [],
    accessToken: (claims = {}, header = {}, pair = key) =>
      sign(
        { iss: issuer, sub: 'mallory', aud: API, iat: provider.now(), exp: provider.now() + 600, ...claims },
        { typ: 'at+jwt', ...header },
        pair,
      ),
    idToken: (claims = {}, header = {}, pair = key) =>
      sign(
        {
          iss: issuer,
          sub: 'mallory',
          aud: OWN_CLIENT.clientId,
          iat: provider.now(),
          exp: provider.now() + 600,
          ...claims,
        },
        header,
        pair,
      ),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const discovery: Handler = (request, response) =>
    json({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      introspection_endpoint: `${issuer}/introspect`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      ...provider.metadata,
    })(request, response);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    provider.requests.push(path);
    const own = provider.answers.get(path);
    if (own !== undefined) own(request, response);
    else if (path === '/.well-known/openid-configuration') discovery(request, response);
    else if (path === '/jwks') json({ keys: provider.keys })(request, response);
    else json({ error: 'not_found' }, 404)(request, response);
  });
  return provider;
};
