import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { buildSchema, graphql, GraphQLError } from 'graphql';
import { playgroundPlugin } from '../../src/http/playground.ts';
import { securityHeaders } from '../../src/http/security-headers.ts';

/** The schema as it is, without its federation directives' definitions, which nothing here needs. */
const schema = buildSchema(readFileSync(join(import.meta.dirname, '../../schema.graphql'), 'utf8'), {
  assumeValidSDL: true,
});

const staff = { id: '1', name: 'Administrators', version: 1, permissions: [{ action: 'admin', resource: '*' }] };
const admin = { id: '2', email: 'admin@example.com', displayName: 'Ada Admin', status: 'ACTIVE', groups: [staff] };

/** A server with one account, a cookie session and the token rule of the real one; `log` holds every operation it was sent. */
export class FakeServer {
  readonly password: string;
  readonly log: { readonly operationName: string | null; readonly csrfToken: string | undefined }[] = [];
  #session = 0;

  constructor(password: string) {
    this.password = password;
  }

  /** Value of the `x-csrf-token` header that the present session wants. */
  get csrfToken(): string {
    return `csrf-of-session-${this.#session}`;
  }

  /** Ends the session as seen by the token only, as a sign-in in another window would. */
  renew(reply?: FastifyReply): void {
    this.#session += 1;
    reply?.header('set-cookie', 'gatehouse=session; Path=/; HttpOnly; SameSite=Lax');
  }

  async listen(directory?: string): Promise<{ readonly app: FastifyInstance; readonly url: string }> {
    const app = fastify();
    securityHeaders(app);
    await app.register(playgroundPlugin, directory === undefined ? {} : { directory });
    app.post('/graphql', async (request, reply) => this.#answer(request, reply));
    return { app, url: await app.listen({ port: 0, host: '127.0.0.1' }) };
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { query, variables, operationName } = request.body as {
      readonly query: string;
      readonly variables?: Record<string, unknown>;
      readonly operationName?: string;
    };
    const csrfToken = request.headers['x-csrf-token']?.toString();
    this.log.push({ operationName: operationName ?? null, csrfToken });
    const signedIn = request.headers.cookie?.includes('gatehouse=session') === true && this.#session > 0;
    return graphql({
      schema,
      source: query,
      rootValue: this.#root(reply, signedIn, csrfToken),
      ...(variables === undefined ? {} : { variableValues: variables }),
      ...(operationName === undefined ? {} : { operationName }),
    });
  }

  #root(reply: FastifyReply, signedIn: boolean, csrfToken: string | undefined): Record<string, unknown> {
    const begin = (): unknown => {
      this.renew(reply);
      return { step: 'COMPLETE', user: admin, tokens: { csrfToken: this.csrfToken }, errors: [] };
    };
    const guarded = (answer: unknown) => (): unknown => {
      if (!signedIn) throw new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } });
      if (csrfToken !== this.csrfToken)
        throw new GraphQLError('The token is stale.', { extensions: { code: 'FORBIDDEN' } });
      return answer;
    };
    const viewer = { user: admin, permissions: [], csrfToken: this.csrfToken, assuranceLevel: 'AAL1' };
    const refused = { step: 'FAILED', errors: [{ code: 'INVALID_CREDENTIALS', message: 'Sign-in failed.' }] };
    return {
      viewer: signedIn ? viewer : null,
      users: { nodes: [admin], pageInfo: { hasNextPage: false } },
      signIn: ({ input }: { readonly input: { readonly password: string } }) =>
        input.password === this.password ? begin() : refused,
      setUpFirstAdmin: begin,
      createGroup: guarded({ group: { ...staff, id: '3', name: 'Help desk' }, errors: [] }),
    };
  }
}
