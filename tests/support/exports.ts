import { expect } from 'vitest';
import {
  ExportAuditEventsDocument,
  type ExportAuditEventsMutationVariables,
  ExportJobDocument,
} from '../../generated/client/graphql.ts';
import type { TestApp } from './test-app.ts';
import type { TestClient } from './test-client.ts';

/** Asks for a file of audit events; gives the job. */
export const ask = async (client: TestClient, input: ExportAuditEventsMutationVariables['input']) => {
  const { data, errors } = await client.send(ExportAuditEventsDocument, { input });
  expect([errors, data.exportAuditEvents?.errors]).toEqual([[], []]);
  const job = data.exportAuditEvents?.exportJob;
  if (job == null) throw new Error('There is no job.');
  return job;
};

/** The job as its owner sees it now; null: there is none for them. */
export const jobOf = async (client: TestClient, id: string) =>
  (await client.send(ExportJobDocument, { id })).data.exportJob;

/** Fetches the file as this caller. */
export const fetchExport = (app: TestApp, client: TestClient, id: string): Promise<Response> =>
  fetch(`${app.url}/exports/${id}`, { headers: { ...client.headers } });
