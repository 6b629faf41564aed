import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Line, linesOf } from '../../../src/cli/lines.ts';

// oxlint-disable-next-line require-await -- a stream of chunks that are there already
async function* stream(...chunks: readonly (Buffer | string)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const read = async (chunks: readonly (Buffer | string)[], maximum = 20): Promise<readonly Line[]> => {
  const lines: Line[] = [];
  for await (const line of linesOf(stream(...chunks), maximum)) lines.push(line);
  return lines;
};

describe('the lines of a file', () => {
  test.each([
    [
      ['a\nb\n'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      ['a\r\nb'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [
      ['a', 'b\nc', '', '\n'],
      [
        [1, 'ab'],
        [2, 'c'],
      ],
    ],
    [['\n\n  \na'], [[4, 'a']]],
    [
      ['\uFEFFa\nb'],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    ],
    [[''], []],
  ])('%j are read', async (chunks, expected) => {
    expect((await read(chunks)).map(({ number, text }) => [number, text])).toEqual(expected);
  });

  test('may be cut in the middle of a sign', async () => {
    const bytes = Buffer.from('übër\nß');
    for (let at = 0; at <= bytes.length; at += 1) {
      const lines = await read([bytes.subarray(0, at), bytes.subarray(at)]);
      expect(lines.map(({ text }) => text)).toEqual(['übër', 'ß']);
    }
  });

  test('that are too long or no UTF-8 are named, and the next ones are read', async () => {
    const lines = await read(['x'.repeat(21), `\n${'y'.repeat(20)}\n`, Buffer.from([0xc3, 0x28, 0x0a]), 'z']);
    expect(lines).toEqual([
      { number: 1, text: null },
      { number: 2, text: 'y'.repeat(20) },
      { number: 3, text: null },
      { number: 4, text: 'z' },
    ]);
  });

  test('are the same however the file is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.stringMatching(/^[a-zäß]{1,9}$/)), fc.array(fc.nat(60)), async (texts, cuts) => {
        const bytes = Buffer.from(texts.join('\n'));
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect((await read(chunks)).map(({ text }) => text)).toEqual(texts);
      }),
    );
  });
});
