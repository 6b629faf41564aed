import { createHash } from 'node:crypto';
import type { TestApp } from './test-app.ts';
import type { Answer, TestClient } from './test-client.ts';

/** A trusted document, as the API shows it. */
export interface ShownDocument {
  readonly id: string;
  readonly documentId: string;
  readonly operationName: string | null;
  readonly text: string;
  readonly clientName: string | null;
  readonly enabled: boolean;
  readonly useCount: number;
  readonly lastUsedAt: string | null;
  readonly registeredAt: string;
}

interface DocumentPayload {
  readonly documents: readonly ShownDocument[];
  readonly newCount?: number;
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    readonly field: readonly string[] | null;
    readonly targetId: string | null;
  }[];
}

const DOCUMENT = 'id documentId operationName text clientName enabled useCount lastUsedAt registeredAt';
const ERRORS = 'errors { code message field targetId }';

const REGISTER = `mutation ($input: RegisterDocumentsInput!) { registerDocuments(input: $input) { documents { ${DOCUMENT} } newCount ${ERRORS} } }`;
const DISABLE = `mutation ($input: DisableDocumentsInput!) { disableDocuments(input: $input) { documents { ${DOCUMENT} } ${ERRORS} } }`;

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The id by which clients run a text. */
export const documentIdOf = (text: string): string => `sha256:${hashOf(text)}`;

/** A document that nothing else registers. */
export const documentNamed = (name: string): string => `query ${name} { health { status } }`;

type Given = string | { readonly documentId: string; readonly text: string };

/** Calls registerDocuments; texts get their right ids. Throws when the whole answer is an error. */
export const register = async (
  client: TestClient,
  given: readonly Given[],
  clientName: string | null = null,
): Promise<DocumentPayload> => {
  const documents = given.map((one) => (typeof one === 'string' ? { documentId: documentIdOf(one), text: one } : one));
  const { data, code } = await client.run<{ registerDocuments: DocumentPayload | null } | null>(REGISTER, {
    input: { documents, clientName },
  });
  if (data?.registerDocuments == null) throw new Error(code);
  return data.registerDocuments;
};

/** Calls disableDocuments. */
export const disable = async (client: TestClient, ids: readonly string[]): Promise<DocumentPayload> => {
  const { data, code } = await client.run<{ disableDocuments: DocumentPayload | null } | null>(DISABLE, {
    input: { ids },
  });
  if (data?.disableDocuments == null) throw new Error(code);
  return data.disableDocuments;
};

/** Registers texts of which nothing may be refused. */
export const registered = async (
  client: TestClient,
  ...texts: readonly string[]
): Promise<readonly ShownDocument[]> => {
  const { documents, errors } = await register(client, texts);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return documents;
};

/** Runs a document by its id. */
export const runById = (
  client: TestClient,
  text: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Answer<Record<string, unknown> | undefined>> => client.post({ documentId: documentIdOf(text), variables });

/** The statements that `work` sends; the round that reads twice a second what changed is nobody's request. */
export const statementsWithin = async (app: TestApp, work: () => Promise<unknown>): Promise<readonly string[]> => {
  const texts: string[] = [];
  const stop = app.database.statements.record((text) => texts.push(text));
  await work();
  stop();
  return texts.filter((text) => !text.includes('where changed_epoch >'));
};
