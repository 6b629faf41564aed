import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../clock.ts';
import { documentHash, hashOfDocumentId } from '../crypto/document-hash.ts';
import type { Database } from '../database/database.ts';
import { sql } from '../database/sql.ts';
import {
  disableTrustedDocuments,
  lockTrustedDocuments,
  type RegisteredDocumentRow,
  registerTrustedDocuments,
  trustedDocumentColumns,
  type TrustedDocumentRow,
  type TrustedDocumentView,
  trustedDocumentViewOf,
} from '../entities/trusted-document.queries.ts';
import { type Problem, reject, rejectAny } from '../errors.ts';
import type { Happening, Origin, Recorder } from '../events/recorder.ts';
import { newId, parseId, type TrustedDocumentId, type UserId } from '../ids.ts';
import type { SchemaKnowledge } from './schema-knowledge.ts';
import { readTargetIds, targetNotFound } from './target-ids.ts';
import { Reading } from './text.ts';
import type { TrustedDocumentDirectory } from './trusted-document-directory.ts';

/** The longest list that one mutation takes, and that one statement writes. */
const MAXIMUM_DOCUMENTS = 500;
const CLIENT_NAME = { field: ['clientName'], maximum: 100 } as const;

export interface GivenDocument {
  readonly documentId: string;
  readonly text: string;
}

/** Who registers or disables: the origin for the log, and the account behind it; null = the command line. */
export interface DocumentKeeper {
  readonly origin: Origin;
  readonly userId: UserId | null;
}

interface DocumentsToRegister {
  readonly documents: readonly GivenDocument[];
  readonly clientName: string | null;
}

export interface RegisteredDocuments {
  /** As they stand, in the order in which they were given; each once. */
  readonly documents: readonly TrustedDocumentView[];
  readonly newCount: number;
}

/** A document that may be registered. */
interface SoundDocument {
  readonly hash: string;
  readonly text: string;
  readonly operationName: string | null;
}

/** Registers the documents that clients may run by their id, and switches them off. */
export class TrustedDocumentService {
  readonly #database: Database;
  readonly #schemaKnowledge: SchemaKnowledge;
  readonly #directory: TrustedDocumentDirectory;
  readonly #recorder: Recorder;
  readonly #clock: Clock;

  constructor(parts: {
    database: Database;
    schemaKnowledge: SchemaKnowledge;
    trustedDocumentDirectory: TrustedDocumentDirectory;
    recorder: Recorder;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#schemaKnowledge = parts.schemaKnowledge;
    this.#directory = parts.trustedDocumentDirectory;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
  }

  /**
   * Registers documents, all or none; known ones are switched on again, and repeating changes nothing. Errors: REQUIRED, TOO_MANY_ITEMS,
   * DOCUMENT_HASH_MISMATCH, INVALID_DOCUMENT for what could not be run here, and those of the client's name.
   */
  async register(keeper: DocumentKeeper, given: DocumentsToRegister): Promise<RegisteredDocuments> {
    if (given.documents.length > MAXIMUM_DOCUMENTS) return reject('TOO_MANY_ITEMS', { field: ['documents'] });
    return this.registerAny(keeper, given);
  }

  /** As `register`, of any number: for whoever works on the machine itself. Still all or none. */
  async registerAny(
    keeper: DocumentKeeper,
    { documents, clientName }: DocumentsToRegister,
  ): Promise<RegisteredDocuments> {
    if (documents.length === 0) return reject('REQUIRED', { field: ['documents'] });
    const reading = new Reading();
    const client = reading.optionalText(clientName, CLIENT_NAME);
    const { sound, problems } = await this.#judge(documents);
    rejectAny([...reading.problems, ...problems]);
    const written = await this.#write(keeper, sound, client);
    this.#directory.changed();
    return written;
  }

  /** Switches documents off, all or none: nobody can run them by id any more. Errors: REQUIRED, TOO_MANY_ITEMS, TARGET_NOT_FOUND. */
  async disable({ origin }: DocumentKeeper, ids: readonly string[]): Promise<readonly TrustedDocumentView[]> {
    const targets = readTargetIds(ids, 'ids', parseId<TrustedDocumentId>, MAXIMUM_DOCUMENTS);
    const rows = await this.#database.transaction(async (em) => {
      await sql(em, lockTrustedDocuments);
      const found = await sql<TrustedDocumentRow>(
        em,
        `select ${trustedDocumentColumns} from trusted_documents d where d.id = any($1::uuid[])`,
        [targets],
      );
      const known = new Set(found.map(({ id }) => id));
      rejectAny(targets.filter((id) => !known.has(id)).map((id) => targetNotFound('ids', id)));
      const disabled = await sql<TrustedDocumentRow>(em, disableTrustedDocuments, [targets]);
      await this.#recorder.record(
        em,
        origin,
        disabled.map((row) => happeningOf('document.disabled', row)),
      );
      return [...found, ...disabled];
    });
    this.#directory.changed();
    // What was changed comes last, and counts.
    const byId = new Map(rows.map((row) => [row.id, trustedDocumentViewOf(row)]));
    return targets.flatMap((id) => byId.get(id) ?? []);
  }

  /** Reads each document and says what is wrong with it. Others are served between two of them. */
  async #judge(
    documents: readonly GivenDocument[],
  ): Promise<{ readonly sound: readonly SoundDocument[]; readonly problems: readonly Problem[] }> {
    const sound = new Map<string, SoundDocument>();
    const problems: Problem[] = [];
    for (const [index, { documentId, text }] of documents.entries()) {
      const field = ['documents', String(index)];
      const hash = documentHash(text);
      if (hashOfDocumentId(documentId) !== hash) {
        problems.push({ code: 'DOCUMENT_HASH_MISMATCH', field: [...field, 'documentId'] });
      } else if (!sound.has(hash)) {
        const judged = this.#schemaKnowledge.facts.runnable(text);
        const [problem] = judged.problems;
        if (problem === undefined) sound.set(hash, { hash, text, operationName: judged.operationName });
        else problems.push({ code: 'INVALID_DOCUMENT', message: problem, field: [...field, 'text'] });
        await nextTurn();
      }
    }
    return { sound: [...sound.values()], problems };
  }

  async #write(
    keeper: DocumentKeeper,
    documents: readonly SoundDocument[],
    clientName: string | null,
  ): Promise<RegisteredDocuments> {
    return this.#database.transaction(async (em) => {
      await sql(em, lockTrustedDocuments);
      const written: TrustedDocumentView[] = [];
      let newCount = 0;
      for (let from = 0; from < documents.length; from += MAXIMUM_DOCUMENTS) {
        const part = await this.#writePart(em, keeper, documents.slice(from, from + MAXIMUM_DOCUMENTS), clientName);
        written.push(...part.documents);
        newCount += part.newCount;
      }
      return { documents: written, newCount };
    });
  }

  async #writePart(
    em: EntityManager,
    { origin, userId }: DocumentKeeper,
    documents: readonly SoundDocument[],
    clientName: string | null,
  ): Promise<RegisteredDocuments> {
    const ids = documents.map(() => newId<TrustedDocumentId>());
    const hashes = documents.map(({ hash }) => hash);
    const rows = await sql<RegisteredDocumentRow>(em, registerTrustedDocuments, [
      ids,
      hashes,
      documents.map(({ text }) => text),
      documents.map(({ operationName }) => operationName),
      clientName,
      this.#clock.now().toISOString(),
      userId,
    ]);
    const changed = rows.filter((row) => row.changed);
    await this.#recorder.record(
      em,
      origin,
      changed.map((row) => happeningOf('document.registered', row)),
    );
    const made = new Set(ids);
    const byHash = new Map(rows.map((row) => [row.hash, row]));
    return {
      documents: hashes.flatMap((hash) => {
        const row = byHash.get(hash);
        return row === undefined ? [] : [trustedDocumentViewOf(row)];
      }),
      newCount: rows.filter(({ id }) => made.has(id)).length,
    };
  }
}

const happeningOf = (
  action: 'document.registered' | 'document.disabled',
  { id, hash, operation_name: operationName }: TrustedDocumentRow,
): Happening => ({
  action,
  target: { type: 'TrustedDocument', id, label: operationName },
  metadata: { documentId: `sha256:${hash}` },
});
