import { Kind, type OperationDefinitionNode, OperationTypeNode, parse } from 'graphql';

export interface GraphQLRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: unknown;
}

export interface GraphQLAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: unknown } }[];
}

/** Who the cookie stands for: `null` nobody, 'unknown' not asked yet or the server cannot be reached. */
export type Identity = { readonly displayName: string; readonly email: string | null } | 'unknown' | null;

export interface ClientOptions {
  readonly endpoint: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Follows a subscription, by whatever carries subscriptions. */
  readonly follow: (request: GraphQLRequest, headers: Readonly<Record<string, string>>) => AsyncIterable<GraphQLAnswer>;
  readonly onIdentity: (identity: Identity) => void;
}

const viewerQuery = `query PlaygroundViewer { viewer { csrfToken user { displayName email } } }`;

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The operation that will run. GraphiQL learns names with a delay: after a change of tab it may still give the former one. */
const operationOf = ({ query, operationName }: GraphQLRequest): OperationDefinitionNode | null => {
  try {
    const operations = parse(query).definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
    const named = operations.find(({ name }) => name?.value === operationName);
    return named ?? (operations.length === 1 ? (operations[0] ?? null) : null);
  } catch {
    return null; // the server says what is wrong with the document
  }
};

/** Nothing was carried out: every root field was refused, for want of a session or of its token. Only then is a repeat safe. */
const wasDenied = ({ data, errors = [] }: GraphQLAnswer): boolean =>
  errors.length > 0 &&
  errors.every(({ extensions }) => ['FORBIDDEN', 'UNAUTHENTICATED'].includes(String(extensions?.code))) &&
  Object.values(data ?? {}).every((value) => value === null);

const handedToken = ({ data }: GraphQLAnswer): string | null => {
  for (const field of Object.values(data ?? {})) {
    const token = isFields(field) && isFields(field['tokens']) ? textOrNull(field['tokens']['csrfToken']) : null;
    if (token !== null) return token;
  }
  return null;
};

/**
 * Speaks to the API with the session cookie. Changes carry the `x-csrf-token` that belongs to the session; it is learned
 * from the answer of a sign-in, or asked for once after a reload, and lives in this object only.
 */
export class PlaygroundClient {
  readonly #options: ClientOptions;
  #csrfToken: string | null = null;
  #identified: Promise<void> | null = null;
  #turn = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Sends one operation, or follows it where it is a subscription; `headers` are the caller's own. */
  async run(
    given: GraphQLRequest,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<GraphQLAnswer | AsyncIterable<GraphQLAnswer>> {
    const operation = operationOf(given);
    if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return this.send(given, headers);
    return this.#options.follow({ ...given, operationName: operation.name?.value ?? null }, headers);
  }

  /** Sends one query or change. A change refused for a stale token is sent once more with the present one. */
  async send(given: GraphQLRequest, headers: Readonly<Record<string, string>> = {}): Promise<GraphQLAnswer> {
    const operation = operationOf(given);
    const request = operation === null ? given : { ...given, operationName: operation.name?.value ?? null };
    if (operation?.operation !== OperationTypeNode.MUTATION) return this.#post(request, headers);
    await (this.#identified ?? this.identify());
    const sent = this.#csrfToken;
    let answer = await this.#post(request, headers);
    if (wasDenied(answer)) {
      await this.identify();
      if (this.#csrfToken !== null && this.#csrfToken !== sent) answer = await this.#post(request, headers);
    }
    this.#csrfToken = handedToken(answer) ?? this.#csrfToken;
    void this.identify();
    return answer;
  }

  /** Asks who is signed in; of several questions under way the last one counts. */
  identify(): Promise<void> {
    this.#identified = this.#ask();
    return this.#identified;
  }

  async #ask(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const viewer = await this.#viewer();
    if (turn !== this.#turn) return;
    if (viewer === 'unknown') {
      this.#identified = null;
      this.#options.onIdentity('unknown');
      return;
    }
    this.#csrfToken = isFields(viewer) ? textOrNull(viewer['csrfToken']) : null;
    const user = isFields(viewer) ? viewer['user'] : null;
    this.#options.onIdentity(
      isFields(user) ? { displayName: textOrNull(user['displayName']) ?? '', email: textOrNull(user['email']) } : null,
    );
  }

  async #viewer(): Promise<unknown> {
    try {
      const { data } = await this.#post({ query: viewerQuery, operationName: 'PlaygroundViewer' }, {});
      return data?.['viewer'] ?? null;
    } catch {
      return 'unknown';
    }
  }

  async #post(request: GraphQLRequest, headers: Readonly<Record<string, string>>): Promise<GraphQLAnswer> {
    const response = await this.#options.fetch(this.#options.endpoint, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        accept: 'application/graphql-response+json, application/json;q=0.9',
        'content-type': 'application/json',
        ...(this.#csrfToken === null ? {} : { 'x-csrf-token': this.#csrfToken }),
        ...headers,
      },
      body: JSON.stringify(request),
    });
    const text = await response.text();
    try {
      return JSON.parse(text) as GraphQLAnswer;
    } catch {
      throw new Error(`The server answered ${response.status} ${response.statusText} without JSON.`);
    }
  }
}
