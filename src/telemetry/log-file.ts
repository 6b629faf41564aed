import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Takes lines; `end` writes what waits and closes. */
export interface LogFile {
  write(line: string): void;
  flushSync(): void;
  end(): void;
  /** Goes on in a new file of the same name, where somebody moved the one before away. */
  reopen(): void;
  once(event: 'close', listener: () => void): void;
}

interface LogFileSettings {
  /** Absolute path; the number of the file comes before its ending. */
  readonly file: string;
  readonly fileBytes: number;
  readonly fileCount: number;
}

/** Why nothing can be written beside the path; null: it can. */
const hindranceAt = async (file: string): Promise<string | null> => {
  try {
    await mkdir(dirname(file), { recursive: true });
    await access(dirname(file), constants.W_OK);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  }
};

/**
 * Lines into files that are begun anew when they are full; the oldest go. Only the owner may read them. Lines wait in memory
 * while the disk works and are written at the latest when the process exits. A disk that is full or gone is said once on
 * standard error and loses lines of the file, nothing else: standard output has them as well. Throws when it cannot begin.
 */
export const openLogFile = async ({ file, fileBytes, fileCount }: LogFileSettings): Promise<LogFile> => {
  // The library would fail later, with the first lines, and whoever wrote them with it.
  const hindrance = await hindranceAt(file);
  if (hindrance !== null)
    throw new Error(
      `The log file ${file} cannot be written (${hindrance}): correct LOG_FILE, or the rights to its directory.`,
    );
  const { default: roll } = await import('pino-roll');
  const ending = /\.\w+$/.exec(file)?.[0] ?? '.log';
  const stream = await roll({
    file: file.endsWith(ending) ? file.slice(0, -ending.length) : file,
    extension: ending,
    size: `${Math.max(1, Math.round(fileBytes / 1024))}k`,
    limit: { count: fileCount - 1, removeOtherLogFiles: true },
    mode: 0o600,
  });
  let isSaid = false;
  stream.on('error', (error: Error) => {
    if (!isSaid) process.stderr.write(`The log file cannot be written: ${error.message}\n`);
    isSaid = true;
  });
  process.once('exit', () => flushed(stream));
  return stream;
};

const flushed = (stream: LogFile): void => {
  try {
    stream.flushSync();
  } catch {
    // It was never opened, or its disk is gone: there is nobody left to tell.
  }
};
