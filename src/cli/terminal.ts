import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { EXIT } from './exit-codes.ts';

/** Where a command reads and writes. */
export interface Terminal {
  /** One line of result, to standard output. */
  out(line: string): void;
  /** Text of a result, to standard output; settles when it was taken. False: its reader went away. */
  write(text: string): Promise<boolean>;
  /** One line about what happens, to standard error. */
  note(line: string): void;
  /** A line about how far something is, in place of the one before; null takes it away. Nothing where no screen is. */
  progress(line: string | null): void;
  /** Whether `progress` is seen. */
  readonly showsProgress: boolean;
  /** Whether a person sits at it. */
  readonly isInteractive: boolean;
  ask(question: string): Promise<string>;
  /** The answer is not shown while it is typed. */
  askHidden(question: string): Promise<string>;
  /** Everything on standard input, at most `maximumBytes` of it. */
  readInput(maximumBytes: number): Promise<string>;
}

interface Streams {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  readonly errors: Writable & { readonly isTTY?: boolean };
}

/** Ctrl-C at a question ends the command like everywhere else: an unanswered question would leave the process hanging. */
const question = async ({ input, errors }: Streams, text: string, isHidden: boolean): Promise<string> => {
  // What is written to the silent output is lost, the question too.
  if (isHidden) errors.write(text);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: isHidden ? silent : errors, terminal: true, historySize: 0 });
  lines.once('SIGINT', () => {
    errors.write('\n');
    process.kill(process.pid, 'SIGINT');
  });
  try {
    return await lines.question(text);
  } finally {
    lines.close();
    if (isHidden) errors.write('\n');
  }
};

const readAll = async (input: AsyncIterable<Buffer | string>, maximumBytes: number): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maximumBytes) break;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/**
 * A reader that goes away (`| head`) takes no more output; what the command does is not affected. Output that cannot be kept, as on a full
 * disk, ends it with one line.
 */
const ignoreClosedPipe = (stream: Writable, errors: Writable): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream !== errors) errors.write(`The output cannot be written (${error.code ?? error.message}).\n`);
    process.exit(EXIT.failed);
  });
};

/** Back to the first column, and what stands there away. */
const CLEAR_LINE = '\r\u001B[K';

/** Questions go to standard error, so that results can be piped. */
export const createTerminal = (streams: Streams): Terminal => {
  const { input, output, errors } = streams;
  ignoreClosedPipe(output, errors);
  ignoreClosedPipe(errors, errors);
  const showsProgress = errors.isTTY === true;
  return {
    out: (line) => output.write(`${line}\n`),
    write: (text) => new Promise((resolve) => output.write(text, (error) => resolve(error == null))),
    note: (line) => errors.write(`${showsProgress ? CLEAR_LINE : ''}${line}\n`),
    progress: (line) => {
      if (showsProgress) errors.write(`${CLEAR_LINE}${line ?? ''}`);
    },
    showsProgress,
    isInteractive: input.isTTY === true && errors.isTTY === true,
    ask: (text) => question(streams, text, false),
    askHidden: (text) => question(streams, text, true),
    readInput: (maximumBytes) => readAll(input, maximumBytes),
  };
};
