import { hash } from 'node:crypto';

/** The name under which a GraphQL document is known: SHA-256 of its text, in hex. */
export const documentHash = (text: string): string => hash('sha256', text, 'hex');

const DOCUMENT_ID = /^(?:sha256:)?([0-9a-f]{64})$/;

/** The hash in the id of a document, `sha256:` before it or not; null for every other text. */
export const hashOfDocumentId = (documentId: string): string | null => DOCUMENT_ID.exec(documentId)?.[1] ?? null;
