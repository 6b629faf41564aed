import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { ImportBatch } from '../services/user-import.service.ts';
import { csvFormat, type LineFormat, ndjsonFormat } from '../services/user-import-line.ts';
import { RefusedError, UsageError } from './exit-codes.ts';
import { type Line, linesOf } from './lines.ts';

/** Accounts that are made together: the lock of access changes is held for a quarter of a second. */
const BATCH = 500;
const MAXIMUM_LINE_BYTES = 64 * 1024;
const HEAD_BYTES = 4096;

export type FileFormat = 'ndjson' | 'csv';

/** Where in a file an import stands: number of the last line that is done, and the hash of all up to there. */
interface Place {
  readonly line: number;
  readonly digest: string;
}

/** A file of accounts, read once from its beginning to its end, however large it is. */
export class ImportFile {
  readonly format: LineFormat;
  /** Hash of its beginning: which file it is. */
  readonly head: string;
  readonly #source: CountedFile;
  readonly #lines: AsyncGenerator<Line>;
  readonly #hash: Hash;

  constructor(parts: {
    source: CountedFile;
    head: string;
    lines: AsyncGenerator<Line>;
    hash: Hash;
    format: LineFormat;
  }) {
    this.#source = parts.source;
    this.head = parts.head;
    this.#lines = parts.lines;
    this.#hash = parts.hash;
    this.format = parts.format;
  }

  /** Opens a file. Throws UsageError when it cannot be read, or when its first line names no columns although it is CSV. */
  static async open(path: string, format: FileFormat): Promise<ImportFile> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${path} cannot be read (${error.code ?? error.message}).`);
    });
    try {
      // A directory can be opened; a pipe can be read once only, and its beginning is read twice.
      if (!(await file.stat()).isFile()) throw new UsageError(`${path} is no file; write it to one first.`);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const head = createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
      const source = new CountedFile(file, (await file.stat()).size);
      const lines = linesOf(source.chunks(), MAXIMUM_LINE_BYTES);
      const hash = createHash('sha256').update(format);
      return new ImportFile({ source, head, lines, hash, format: await formatOf(format, lines, hash) });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** How much of it was read, from 0 to 1. */
  get share(): number {
    return this.#source.share;
  }

  /** The batches behind a place. Throws RefusedError when the lines before it are not those that were imported. */
  async *batches(behind: Place): AsyncGenerator<ImportBatch> {
    let lines: Line[] = [];
    let isBehind = behind.line === 0;
    for await (const line of this.#lines) {
      if (!isBehind && line.number > behind.line) {
        this.#demandSame(behind);
        isBehind = true;
      }
      addTo(this.#hash, line);
      if (!isBehind) continue;
      lines.push(line);
      if (lines.length < BATCH) continue;
      yield { lines, digest: this.#digest() };
      lines = [];
    }
    if (!isBehind) this.#demandSame(behind);
    if (lines.length > 0) yield { lines, digest: this.#digest() };
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  #digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #demandSame({ line, digest }: Place): void {
    if (this.#digest() === digest) return;
    throw new RefusedError(
      `The file was changed before line ${line + 1}, or is of another format; begin anew with --restart.`,
    );
  }
}

const addTo = (hash: Hash, { number, text }: Line): void => {
  hash.update(`${number} ${text ?? ''}\n`);
};

const formatOf = async (format: FileFormat, lines: AsyncGenerator<Line>, hash: Hash): Promise<LineFormat> => {
  if (format === 'ndjson') return ndjsonFormat;
  const first = await lines.next();
  if (first.done === true) return ndjsonFormat;
  addTo(hash, first.value);
  const read = first.value.text === null ? { problem: 'it is too long, or no UTF-8' } : csvFormat(first.value.text);
  if ('problem' in read) throw new UsageError(`The first line has to name the columns: ${read.problem}.`);
  return read.format;
};

/** A file that knows how much of it was read. */
class CountedFile {
  readonly #file: FileHandle;
  readonly #size: number;
  #read = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  get share(): number {
    return this.#size === 0 ? 1 : Math.min(1, this.#read / this.#size);
  }

  async *chunks(): AsyncGenerator<Buffer> {
    const stream = this.#file.createReadStream({ start: 0, autoClose: false }) as AsyncIterable<Buffer>;
    for await (const chunk of stream) {
      this.#read += chunk.length;
      yield chunk;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
