const NEWLINE = 0x0a;

/** One line of a file; `text` is null when it is longer than allowed or no UTF-8. */
export interface Line {
  /** From 1 on. */
  readonly number: number;
  readonly text: string | null;
}

/**
 * The lines of a stream, without their ends, blank ones left out. Never holds more than `maximumBytes` of a line, however long it
 * is: a file without newlines is read through, not into memory.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, maximumBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  let number = 1;
  const add = (part: Buffer): void => {
    size += part.length;
    if (size <= maximumBytes) parts.push(part);
    else parts = [];
  };
  const take = (): Line => {
    const line = { number, text: size > maximumBytes ? null : decoded(Buffer.concat(parts), number) };
    parts = [];
    size = 0;
    number += 1;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (line.text !== '') yield line;
    }
    add(chunk.subarray(from));
  }
  const last = take();
  if (last.text !== '') yield last;
}

/** Editors put a byte order mark before the first line; it belongs to none. */
const decoded = (bytes: Buffer, number: number): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 }).decode(bytes).trim();
  } catch {
    return null;
  }
};
