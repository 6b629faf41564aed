import { argon2 as nodeArgon2, type Argon2Parameters as NodeParameters, randomBytes } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import { promisify } from 'node:util';
import { type Argon2Job, loadArgon2 } from '../src/crypto/argon2.ts';

/**
 * CPU and wall time of one argon2id verification in three libraries, one after the other in interleaved rounds, so that what
 * else the machine does hits all alike. Usage: tsx bench/argon2.ts [rounds] [verifications per round]
 */
const rounds = Number(process.argv[2] ?? 9);
const perRound = Number(process.argv[3] ?? 10);

const job: Argon2Job = { memoryKib: 19_456, iterations: 2, parallelism: 1, salt: randomBytes(16), length: 32 };
const password = Buffer.from('correct horse battery staple', 'utf8');

const computeInNode = promisify((parameters: NodeParameters, done: (error: Error | null, key: Buffer) => void) => {
  nodeArgon2('argon2id', parameters, done);
});

const vectorised = await loadArgon2('auto');
const portable = await loadArgon2('portable');
const subjects: readonly { name: string; verify: () => Promise<Buffer> }[] = [
  { name: vectorised.name, verify: () => vectorised.compute(password, job) },
  { name: portable.name, verify: () => portable.compute(password, job) },
  {
    name: 'node:crypto',
    verify: () =>
      computeInNode({
        message: password,
        nonce: job.salt,
        parallelism: job.parallelism,
        tagLength: job.length,
        memory: job.memoryKib,
        passes: job.iterations,
      }),
  },
];

const answers = new Set<string>();
for (const { verify } of subjects) {
  answers.add((await verify()).toString('hex'));
}
if (answers.size !== 1) {
  throw new Error('The libraries do not agree.');
}

interface Sample {
  readonly name: string;
  readonly cpuMs: number;
  readonly wallMs: number;
}

const measure = async ({ name, verify }: (typeof subjects)[number]): Promise<Sample> => {
  const cpu = process.cpuUsage();
  const from = performance.now();
  for (let count = 0; count < perRound; count += 1) {
    await verify();
  }
  const wallMs = (performance.now() - from) / perRound;
  const { user, system } = process.cpuUsage(cpu);
  return { name, cpuMs: (user + system) / 1000 / perRound, wallMs };
};

const samples: Sample[] = [];
for (let round = 0; round < rounds; round += 1) {
  for (const subject of subjects) {
    samples.push(await measure(subject));
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

console.log(
  `node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? 'unknown'}, m=${job.memoryKib} t=${job.iterations} p=${job.parallelism}, ${rounds} rounds of ${perRound}`,
);
console.table(
  subjects.map(({ name }) => {
    const own = samples.filter((sample) => sample.name === name);
    const cpu = own.map((sample) => sample.cpuMs);
    return {
      library: name,
      'CPU ms, median': median(cpu).toFixed(2),
      'CPU ms, least': Math.min(...cpu).toFixed(2),
      'CPU ms, most': Math.max(...cpu).toFixed(2),
      'wall ms, median': median(own.map((sample) => sample.wallMs)).toFixed(2),
    };
  }),
);
