import type { TestApp } from '../../support/test-app.ts';

/** An answer with all that HTTP says of it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
  /** The first GraphQL error's code, or OK. */
  readonly code: string;
}

type HeaderValues = Readonly<Record<string, string>>;

interface GraphqlBody {
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

const read = async (response: Response): Promise<RawAnswer> => {
  const text = await response.text();
  const json: unknown = text === '' ? null : JSON.parse(text);
  const errors = (json as GraphqlBody | null)?.errors;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json,
    code: errors === undefined ? 'OK' : (errors[0]?.extensions?.code ?? 'none'),
  };
};

/** Posts these very bytes to /graphql, as application/json unless the headers say something else. */
export const postRaw = async (app: TestApp, body: string, headers: HeaderValues = {}): Promise<RawAnswer> =>
  read(
    await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    }),
  );

/** Sends an operation in the address. */
export const getQuery = async (app: TestApp, query: string, headers: HeaderValues = {}): Promise<RawAnswer> =>
  read(await fetch(`${app.url}/graphql?${new URLSearchParams({ query }).toString()}`, { headers }));

/** Gets a path of the server. */
export const getPath = async (app: TestApp, path: string, headers: HeaderValues = {}): Promise<Response> =>
  fetch(`${app.url}${path}`, { headers });
