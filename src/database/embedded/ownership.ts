import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock } from '../../clock.ts';
import { EmbeddedPostgresError, hasCode } from './embedded-postgres-error.ts';
import { findProcess } from './process-table.ts';

/** The right to run the cluster of one home directory: held by at most one living process. */
export interface Ownership {
  /** Gives the right back; harmless when repeated. */
  release(): Promise<void>;
}

/** Who holds it: the process, by id and start, so that a stranger with a reused id is not taken for the owner. */
interface Claim {
  readonly pid: number;
  readonly start: string;
  readonly token: string;
  readonly since: string;
}

const OWNER = 'postgres.owner';
const SUCCESSOR = `${OWNER}.after-`;
const DRAFT = `${OWNER}.draft-`;
const ATTEMPTS = 50;

/** A file cut short by a power failure names nobody alive. */
const UNREADABLE: Claim = { pid: 0, start: '', token: 'unreadable', since: '' };

const isClaim = (value: unknown): value is Claim =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'start' in value &&
  typeof value.start === 'string' &&
  'token' in value &&
  typeof value.token === 'string' &&
  /^[0-9a-f]+$/.test(value.token) &&
  'since' in value &&
  typeof value.since === 'string';

const parseClaim = (text: string): Claim => {
  try {
    const value: unknown = JSON.parse(text);
    return isClaim(value) ? value : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
};

const readClaim = async (file: string): Promise<Claim | null> => {
  try {
    return parseClaim(await readFile(file, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return null;
    }
    throw error;
  }
};

/** Follows the successors of dead owners to the newest claim. */
const newestClaim = async (home: string): Promise<Claim | null> => {
  let newest = await readClaim(join(home, OWNER));
  let next = newest;
  while (next !== null) {
    newest = next;
    next = await readClaim(join(home, SUCCESSOR + newest.token));
  }
  return newest;
};

const isAlive = async (claim: Claim): Promise<boolean> =>
  claim.pid > 0 && (await findProcess(claim.pid))?.start === claim.start;

/** Puts the claim under a name in one step, complete; false when the name is taken. */
const publish = async (home: string, claim: Claim, name: string): Promise<boolean> => {
  const draft = join(home, DRAFT + claim.token);
  await writeFile(draft, JSON.stringify(claim), { mode: 0o600 });
  try {
    await link(draft, join(home, name));
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST', 'ENOENT')) {
      return false;
    }
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};

/**
 * One try. Node has no file locks that die with their process, so a dead owner is succeeded by creating a file that carries
 * the dead owner's token in its name: of any number of processes that see the same dead owner, one can. It counts only while
 * the chain from the owner file still leads to it; a process that was late finds another owner there and withdraws.
 */
const tryToClaim = async (home: string, claim: Claim): Promise<boolean> => {
  const predecessor = await newestClaim(home);
  if (predecessor !== null && (await isAlive(predecessor))) {
    const who = predecessor.pid === process.pid ? 'this process' : `process ${predecessor.pid}`;
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL in ${home} already belongs to ${who} (since ${predecessor.since}): stop that one first, or give this one another DATA_DIR.`,
    );
  }
  if (predecessor === null) {
    return publish(home, claim, OWNER);
  }
  const name = SUCCESSOR + predecessor.token;
  if (!(await publish(home, claim, name))) {
    return false;
  }
  if ((await newestClaim(home))?.token !== claim.token) {
    await rm(join(home, name), { force: true });
    return false;
  }
  await rename(join(home, name), join(home, OWNER));
  return true;
};

/** What processes that died in between left behind. Those still at it find the living owner and withdraw by themselves. */
const sweep = async (home: string): Promise<void> => {
  const names = await readdir(home);
  const litter = names.filter((name) => name.startsWith(SUCCESSOR) || name.startsWith(DRAFT));
  await Promise.all(litter.map((name) => rm(join(home, name), { force: true })));
};

/** Takes the right to run the cluster in `home`. Throws EmbeddedPostgresError while a living process holds it. */
export const takeOwnership = async (home: string, clock: Clock): Promise<Ownership> => {
  const self = await findProcess(process.pid);
  if (self === null) {
    throw new EmbeddedPostgresError(
      'The embedded PostgreSQL cannot tell processes apart here: make /proc (or ps) available, or set DATABASE_URL.',
    );
  }
  const claim: Claim = {
    pid: process.pid,
    start: self.start,
    token: randomBytes(16).toString('hex'),
    since: clock.now().toISOString(),
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (await tryToClaim(home, claim)) {
      await sweep(home);
      const file = join(home, OWNER);
      return {
        release: async () => {
          if ((await readClaim(file))?.token === claim.token) {
            await rm(file, { force: true });
          }
        },
      };
    }
  }
  throw new EmbeddedPostgresError(
    `Many processes start the embedded PostgreSQL in ${home} at once: start one of them, or give each its own DATA_DIR.`,
  );
};
