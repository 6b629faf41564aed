import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly missing?: readonly string[] } & Readonly<
    Record<string, unknown>
  >;
}

export interface Answer<Data> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Data;
  readonly errors: readonly GraphqlError[];
  readonly extensions: Readonly<Record<string, unknown>>;
  /** The first error's code, or OK. */
  readonly code: string;
}

type Variables = Readonly<Record<string, unknown>>;

/** A caller over HTTP, with the headers that make it somebody. */
export class TestClient {
  readonly #url: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.headers = headers;
  }

  /** The same caller with further headers. */
  with(headers: Readonly<Record<string, string>>): TestClient {
    return new TestClient(this.#url, { ...this.headers, ...headers });
  }

  /** Sends an operation generated from tests/support/operations.graphql. */
  send<Data, Input extends Variables>(
    document: TypedDocumentNode<Data, Input>,
    variables: Input,
  ): Promise<Answer<Data>> {
    return this.post<Data>({ query: print(document), variables });
  }

  /** Sends a document as text. */
  run<Data = Record<string, unknown>>(query: string, variables: Variables = {}): Promise<Answer<Data>> {
    return this.post<Data>({ query, variables });
  }

  /** Sends any body. */
  async post<Data>(body: unknown): Promise<Answer<Data>> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = (await response.json()) as Partial<Pick<Answer<Data>, 'data' | 'errors' | 'extensions'>>;
    const errors = answer.errors ?? [];
    return {
      status: response.status,
      headers: response.headers,
      data: answer.data as Data,
      errors,
      extensions: answer.extensions ?? {},
      code: errors[0]?.extensions.code ?? 'OK',
    };
  }
}
