/** Takes lines; `end` writes what waits and closes. */
export interface LogFile {
  write(line: string): void;
  flushSync(): void;
  end(): void;
  once(event: 'close', listener: () => void): void;
}

interface LogFileSettings {
  /** Absolute path; the number of the file comes before its ending. */
  readonly file: string;
  readonly fileBytes: number;
  readonly fileCount: number;
}

/**
 * Lines into files that are begun anew when they are full; the oldest go. Only the owner may read them. Lines wait in memory
 * while the disk works and are written at the latest when the process exits. A disk that is full or gone is said once on
 * standard error and loses lines of the file, nothing else: standard output has them as well.
 */
export const openLogFile = async ({ file, fileBytes, fileCount }: LogFileSettings): Promise<LogFile> => {
  const { default: roll } = await import('pino-roll');
  const ending = /\.\w+$/.exec(file)?.[0] ?? '.log';
  const stream = await roll({
    file: file.endsWith(ending) ? file.slice(0, -ending.length) : file,
    extension: ending,
    size: `${Math.max(1, Math.round(fileBytes / 1024))}k`,
    limit: { count: fileCount - 1, removeOtherLogFiles: true },
    mkdir: true,
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
