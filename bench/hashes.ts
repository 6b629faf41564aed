import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Argon2, type Argon2Job, loadArgon2 } from '../src/crypto/argon2.ts';

/** Raw argon2id verifications (m = 19456 KiB, t = 2, p = 1), as many at once as there are cores. */
export interface HashFigures {
  readonly library: string;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly cpu: number;
}

const job: Argon2Job = { memoryKib: 19_456, iterations: 2, parallelism: 1, salt: randomBytes(16), length: 32 };
const password = Buffer.from('correct horse battery staple', 'utf8');

const measureLibrary = async (argon2: Argon2, seconds: number): Promise<HashFigures> => {
  await argon2.compute(password, job);
  const cpu = process.cpuUsage();
  const from = performance.now();
  let count = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - from < seconds * 1000) {
      await argon2.compute(password, job);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, one));
  const { user, system } = process.cpuUsage(cpu);
  const elapsed = (performance.now() - from) / 1000;
  return { library: argon2.name, perSecond: count / elapsed, cpu: (user + system) / 1000 / count };
};

export const measureHashes = async (seconds: number): Promise<readonly HashFigures[]> => [
  await measureLibrary(await loadArgon2('auto'), seconds),
  await measureLibrary(await loadArgon2('portable'), seconds),
];
