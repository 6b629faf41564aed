import { type FileHandle, open } from 'node:fs/promises';
import type { LineProblem } from '../services/user-import-judge.ts';
import { RefusedError, UsageError } from './exit-codes.ts';

const BEGINNING = '{"line":';

/**
 * Where the problems of an import are kept, a line of JSON for each line of the file: `{"line":12,"problems":["..."]}`. Nothing of
 * what a line holds is repeated.
 */
export class ErrorFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** A new file that its owner alone can read; or the one of an import that is gone on with, of which `bytes` are already there. */
  static async open(path: string, bytes: number | null): Promise<ErrorFile> {
    const wanted = bytes === null ? 'wx+' : 'r+';
    const file = await open(path, wanted, 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && bytes === 0) return open(path, 'wx+', 0o600);
      throw new UsageError(`${path} cannot be written (${error.code ?? error.message}).`);
    });
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0);
    // What is about to be cut off has to be ours.
    if (size < (bytes ?? 0) || !BEGINNING.startsWith(buffer.toString('utf8', 0, bytesRead))) {
      await file.close();
      throw new RefusedError(`${path} is not the error file of the import that is gone on with.`);
    }
    return new ErrorFile(file);
  }

  /** Writes behind the first `bytes`, in place of whatever stands there, and to the disk; gives the length. */
  async keep(problems: readonly LineProblem[], bytes: number): Promise<number> {
    const byLine = Map.groupBy(problems, ({ line }) => line);
    const lines = [...byLine].map(([line, found]) => JSON.stringify({ line, problems: found.map(({ text }) => text) }));
    const content = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
    await this.#file.truncate(bytes);
    if (content.length === 0) return bytes;
    await this.#file.write(content, 0, content.length, bytes);
    await this.#file.datasync();
    return bytes + content.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
