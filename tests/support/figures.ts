import type { TestApp } from './test-app.ts';

/** Every line of the page, by what stands before its value. */
export const figuresOf = async (app: TestApp): Promise<ReadonlyMap<string, number>> => {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
};
