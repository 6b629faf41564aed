import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseZonedInstant } from '../clock.ts';
import type { TrustedDocumentView } from '../entities/trusted-document.queries.ts';
import { type Problem, Rejection } from '../errors.ts';
import { systemOrigin } from '../services/caller.ts';
import type { TrustedDocumentFilter } from '../services/trusted-document-reader.ts';
import type { GivenDocument } from '../services/trusted-document.service.ts';
import { counted } from './counted.ts';
import { IncompleteError, UsageError } from './exit-codes.ts';
import type { CommandServices, Host } from './host.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

interface ListOptions {
  readonly client?: string;
  readonly search?: string;
  readonly disabled?: boolean;
  readonly unusedSince?: string;
}

const KEEPER = { origin: systemOrigin('command line'), userId: null };
const PAGE = 100;

const isManifest = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === 'string');

/** The documents of a file as codegen's persistedDocuments writes it: an object of texts by their hashes. */
const readManifest = async (path: string): Promise<readonly GivenDocument[]> => {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read (${error.code ?? error.message}).`);
  });
  const manifest = parsed(content);
  if (!isManifest(manifest)) throw new UsageError(`${path} is no JSON object of texts by their SHA-256 hashes.`);
  return Object.entries(manifest).map(([documentId, text]) => ({ documentId, text }));
};

const parsed = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
};

const withServices = (
  host: Host,
  command: Command,
  work: (services: CommandServices) => Promise<void>,
): Promise<void> =>
  withSession(host, command, configOf(host, command), async (session) => {
    await ensureSchema(session);
    await work(await session.openServices());
  });

/** Which of the given texts a problem is about; none for one about the whole call. */
const lineOf = ({ code, message, field, targetId }: Problem, given: readonly GivenDocument[]): string => {
  const about = field?.[0] === 'documents' ? given[Number(field[1])]?.documentId : targetId;
  return [about, message ?? code].filter((part) => part !== undefined).join(': ');
};

/** What the service refuses is listed, a line each. */
const listing = async <T>(host: Host, given: readonly GivenDocument[], work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    for (const problem of error.problems) host.terminal.note(lineOf(problem, given));
    throw new IncompleteError('Refused, see above.');
  }
};

const registerFile = async (
  host: Host,
  path: string,
  { client }: { readonly client?: string },
  command: Command,
): Promise<void> => {
  const documents = await readManifest(path);
  if (documents.length === 0) throw new UsageError(`${path} holds no documents.`);
  await withServices(host, command, async ({ trustedDocuments, learnSchema }) => {
    await learnSchema();
    const input = { documents, clientName: client ?? null };
    const { newCount } = await listing(host, documents, () => trustedDocuments.registerAny(KEEPER, input));
    host.terminal.out(`${counted(documents.length, 'document')} can be run, ${newCount} new.`);
  });
};

const disable = (host: Host, ids: readonly string[], command: Command): Promise<void> =>
  withServices(host, command, async ({ trustedDocuments }) => {
    const documents = await listing(host, [], () => trustedDocuments.disable(KEEPER, ids));
    host.terminal.out(
      `${counted(documents.length, 'document')} can no longer be run; running servers know within a second.`,
    );
  });

const rowOf = (document: TrustedDocumentView): string => {
  const { id, documentId, operationName, clientName, enabled, useCount, lastUsedAt } = document;
  const use = lastUsedAt === null ? 'never run' : `run ${counted(useCount, 'time')}, last ${lastUsedAt.toISOString()}`;
  const who = clientName === null ? '' : ` of ${clientName}`;
  return `${id} ${operationName ?? 'anonymous'}${who}: ${enabled ? '' : 'disabled, '}${use}, ${documentId}`;
};

const filterOf = ({ client, search, disabled, unusedSince }: ListOptions): TrustedDocumentFilter => {
  const since = unusedSince === undefined ? null : parseZonedInstant(unusedSince);
  if (unusedSince !== undefined && since === null) {
    throw new UsageError('--unused-since takes a time such as 2026-01-31T09:00:00Z.');
  }
  return {
    clientName: client ?? null,
    search: search ?? null,
    enabled: disabled === true ? false : null,
    unusedSince: since,
  };
};

const list = (host: Host, options: ListOptions, command: Command): Promise<void> => {
  const filter = filterOf(options);
  return withServices(host, command, async ({ trustedDocumentReader }) => {
    let after: string | null = null;
    do {
      const page = await trustedDocumentReader.page({ first: PAGE, after }, filter);
      for (const document of page.nodes) host.terminal.out(rowOf(document));
      const { hasNextPage, endCursor } = page.pageInfo();
      after = hasNextPage ? endCursor() : null;
    } while (after !== null);
  });
};

/** `documents ...` */
export const addDocumentsCommands = (host: Host, program: Command): void => {
  const documents = program
    .command('documents')
    .helpCommand(false)
    .description('trusted documents: GraphQL documents that clients run by their id');
  documents
    .command('register')
    .argument('<file>', "JSON as codegen's persistedDocuments writes it: texts by their SHA-256 hashes")
    .option('--client <name>', 'client they belong to; default: all')
    .description('register all documents of a file or, if one is wrong, none; known ones are enabled again')
    .action((path: string, options: { client?: string }, self: Command) => registerFile(host, path, options, self));
  documents
    .command('disable')
    .argument('<ids...>', 'ids as `documents list` shows them, at most 500')
    .description('make documents unusable, all or none of them')
    .action((ids: readonly string[], _options: unknown, self: Command) => disable(host, ids, self));
  documents
    .command('list')
    .option('--client <name>', 'of this client')
    .option('--search <text>', 'part of the operation name, or the beginning of the hash')
    .option('--disabled', 'those that cannot be run')
    .option('--unused-since <time>', 'not run since then, RFC 3339')
    .description('list documents, the newest first, with their runs')
    .action((options: ListOptions, self: Command) => list(host, options, self));
};
