import { sameHash } from './opaque-token.ts';

/** Cost of argon2id (RFC 9106). */
export interface Argon2Parameters {
  readonly memoryKib: number;
  /** Passes over the memory, `t`. */
  readonly iterations: number;
  /** Lanes, `p`. */
  readonly parallelism: number;
}

/** One hash computation: everything about it but the password. */
export interface Argon2Job extends Argon2Parameters {
  readonly salt: Buffer;
  /** Length of the result in bytes. */
  readonly length: number;
}

/** A library that computes argon2id, version 0x13, off the event loop. */
export interface Argon2 {
  readonly name: Argon2Name;
  readonly compute: (password: Buffer, job: Argon2Job) => Promise<Buffer>;
}

export type Argon2Name = '@node-rs/argon2' | 'argon2';

/** `auto`: the fastest that works on this machine; `portable`: the reference code without wide vector instructions. */
export type Argon2Choice = 'auto' | 'portable';

const loadVectorised = async (): Promise<Argon2> => {
  const { hashRaw } = await import('@node-rs/argon2');
  return {
    name: '@node-rs/argon2',
    // Its defaults are argon2id and version 0x13; the enums that say so have no value at run time.
    compute: (password, job) =>
      hashRaw(password, {
        memoryCost: job.memoryKib,
        timeCost: job.iterations,
        parallelism: job.parallelism,
        outputLen: job.length,
        salt: job.salt,
      }),
  };
};

const loadPortable = async (): Promise<Argon2> => {
  const { default: argon2 } = await import('argon2');
  return {
    name: 'argon2',
    compute: (password, job) =>
      argon2.hash(password, {
        type: argon2.argon2id,
        memoryCost: job.memoryKib,
        timeCost: job.iterations,
        parallelism: job.parallelism,
        hashLength: job.length,
        salt: job.salt,
        raw: true,
      }),
  };
};

const KNOWN_JOB: Argon2Job = {
  memoryKib: 64,
  iterations: 2,
  parallelism: 1,
  length: 32,
  salt: Buffer.from('known answer test', 'utf8'),
};
const KNOWN_ANSWER = Buffer.from('6ab9622ce6775917d62c4630b9b0550a6756b91a3ce0300cae9e44831cf7fc2d', 'hex');

/** A library that loads but computes something else would lock everybody out, or write hashes that nothing else verifies. */
const assertCorrect = async (argon2: Argon2): Promise<Argon2> => {
  const answer = await argon2.compute(Buffer.from('gatehouse', 'utf8'), KNOWN_JOB);
  if (!sameHash(answer, KNOWN_ANSWER)) {
    throw new Error(`${argon2.name} does not compute argon2id on this machine.`);
  }
  return argon2;
};

/** Loads the first library that works. Throws an AggregateError with the reason of each when none does. */
export const loadArgon2 = async (choice: Argon2Choice): Promise<Argon2> => {
  const reasons: unknown[] = [];
  for (const load of choice === 'auto' ? [loadVectorised, loadPortable] : [loadPortable]) {
    try {
      return await assertCorrect(await load());
    } catch (error) {
      reasons.push(error);
    }
  }
  throw new AggregateError(reasons, 'No argon2 library works on this machine; install the package "argon2".');
};
