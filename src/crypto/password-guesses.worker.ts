import { parentPort } from 'node:worker_threads';

/*
 * The thread of password-guesses.ts. The list (49,000 leaked passwords, 7,800 words) and the library take 16 MiB and one hostile
 * text keeps them busy for up to a tenth of a second: both belong outside the thread that answers requests.
 */

/** Fewer substitutions than the library's 100: the time for texts made of nothing but "leet" signs falls to a tenth. */
const MOST_SUBSTITUTIONS = 10;
// By import(): what is imported above becomes part of the one file of packages that every start of the server reads.
const { ZxcvbnFactory } = await import('@zxcvbn-ts/core');
const { adjacencyGraphs, dictionary } = await import('@zxcvbn-ts/language-common');
const judge = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, l33tMaxSubstitutions: MOST_SUBSTITUTIONS });

parentPort?.on('message', ({ id, text }: { readonly id: number; readonly text: string }) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, only a window has
  parentPort?.postMessage({ id, guesses: judge.check(text).guesses });
});
