import type { ApolloServerPlugin } from '@apollo/server';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { documentHash, hashOfDocumentId } from '../crypto/document-hash.ts';
import { Failure } from '../errors.ts';
import type { TrustedDocumentDirectory } from '../services/trusted-document-directory.ts';
import type { TrustedDocumentUse } from '../services/trusted-document-use.ts';
import type { Instruments } from '../telemetry/instruments.ts';

/** What a request says of the document that it wants to be run, before anything of it is believed. */
export interface AskedDocument {
  readonly query?: unknown;
  readonly documentId?: unknown;
}

/** What the plugin reads from the context. */
export interface AdmittedContext {
  /** The one text that may be run; null = whatever was sent. */
  readonly admittedText: string | null;
}

/** What documents are found with. */
export interface DocumentParts {
  readonly config: Config;
  readonly trustedDocumentDirectory: Pick<TrustedDocumentDirectory, 'isEnabled' | 'textOf'>;
  readonly trustedDocumentUse: Pick<TrustedDocumentUse, 'ran'>;
  readonly instruments: Pick<Instruments, 'trustedDocuments'>;
}

/**
 * Decides which text a request may run: that of the trusted document it names, or the one it brings. It is asked before anything is
 * parsed and before anybody is authenticated; where texts are not refused, one that is sent costs nothing here.
 */
export class DocumentAdmission {
  readonly #parts: DocumentParts;
  readonly #mode: Config['server']['trustedDocuments'];
  readonly #own: ReadonlySet<string>;

  /** `ownDocuments`: texts that the server's own pages send. */
  constructor(parts: DocumentParts & { readonly ownDocuments: readonly string[] }) {
    this.#parts = parts;
    this.#mode = parts.config.server.trustedDocuments;
    this.#own = new Set(parts.ownDocuments);
  }

  /**
   * The text to run; null = what was sent. Throws PERSISTED_DOCUMENT_NOT_FOUND, BAD_USER_INPUT for an id that is no text and for two
   * documents at once, and SERVICE_UNAVAILABLE when the database is away and the document is not remembered.
   */
  async admit({ query, documentId }: AskedDocument): Promise<string | null> {
    const text = typeof query === 'string' ? query : '';
    if (documentId === undefined || documentId === null)
      return this.#mode === 'only' ? this.#demandTrusted(text) : null;
    if (typeof documentId !== 'string') throw new Failure('BAD_USER_INPUT', 'The documentId must be a string.');
    const hash = hashOfDocumentId(documentId);
    if (text === '') return this.#named(hash);
    if (documentHash(text) !== hash) {
      throw new Failure(
        'BAD_USER_INPUT',
        'The documentId belongs to another document than the query; send one of them.',
      );
    }
    return this.#mode === 'only' ? this.#demandTrusted(text) : null;
  }

  async #named(hash: string | null): Promise<string> {
    const { trustedDocumentDirectory: directory, trustedDocumentUse: use, instruments } = this.#parts;
    const text = this.#mode === 'off' || hash === null ? null : await directory.textOf(hash);
    if (text === null || hash === null) {
      instruments.trustedDocuments.add('not_found');
      throw new Failure('PERSISTED_DOCUMENT_NOT_FOUND');
    }
    use.ran(hash);
    instruments.trustedDocuments.add('run');
    return text;
  }

  async #demandTrusted(text: string): Promise<string> {
    // Nothing to run, which is told as what it is.
    if (text === '' || this.#own.has(text)) return text;
    const { trustedDocumentDirectory: directory, trustedDocumentUse: use, instruments } = this.#parts;
    const hash = documentHash(text);
    if (!(await directory.isEnabled(hash))) {
      instruments.trustedDocuments.add('refused');
      throw new Failure('PERSISTED_DOCUMENT_NOT_FOUND');
    }
    use.ran(hash);
    instruments.trustedDocuments.add('run');
    return text;
  }
}

/** What a request asks for; of a batch nothing, which Apollo refuses. */
export const askedDocumentOf = ({ method, body, url }: FastifyRequest): AskedDocument => {
  if (method !== 'GET') return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  const search = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  return { query: only(search.getAll('query')), documentId: only(search.getAll('documentId')) };
};

/** What is given twice is no text; nobody guesses which of the two is meant. */
const only = (values: readonly string[]): unknown => (values.length > 1 ? values : values[0]);

/** Has Apollo run what was admitted, whatever it read from the request itself. */
export const admittedDocumentPlugin = <Context extends AdmittedContext>(): ApolloServerPlugin<Context> => ({
  requestDidStart: async ({ request, contextValue }) => {
    if (contextValue.admittedText !== null) request.query = contextValue.admittedText;
  },
});
