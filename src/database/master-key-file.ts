import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { masterKeys } from '../config/master-keys.ts';
import { generateMasterKey, MasterKeyError, MasterKeys } from '../crypto/master-keys.ts';

const NAME = 'master.keys';
const EXPLANATION = `# Master keys of this installation: whoever has them can forge sessions. Keep a copy where you keep your backups;
# without them signing keys and other sealed values in the database cannot be opened. Newest first, one per line.
`;

type Warn = (message: string) => void;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';

const unusable = (file: string, error: unknown): MasterKeyError => {
  const advice = 'give this user the right to it, set another DATA_DIR, or give MASTER_KEYS';
  return new MasterKeyError(`The file of the master keys, ${file}, cannot be used (${codeOf(error)}): ${advice}.`);
};

const readIfPresent = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw unusable(file, error);
  }
};

/**
 * Makes the file complete under another name and links it into place, which fails when the name is taken: of parallel starts
 * exactly one wins, and no start ever reads half a file.
 */
const create = async (directory: string, file: string): Promise<void> => {
  const draft = `${file}.draft-${randomBytes(8).toString('hex')}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${EXPLANATION}v1:${generateMasterKey().reveal()}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(file, error);
  } finally {
    await rm(draft, { force: true });
  }
};

const parse = (text: string, file: string): MasterKeys => {
  const entries = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const read = masterKeys.schema.safeParse(entries);
  if (read.success && read.data.length > 0) return new MasterKeys(read.data);
  const what = read.success ? 'holds no key' : (read.error.issues[0]?.message ?? 'is damaged');
  throw new MasterKeyError(
    `The file of the master keys, ${file}, ${what}: restore it from a backup. A new file would close everything sealed so far.`,
  );
};

/** Windows has no such bits. */
const warnOfOpenDoors = async (file: string, warn: Warn): Promise<void> => {
  if (process.platform === 'win32') return;
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return;
  warn(
    `${file} may be read or written by other users of this machine (mode ${(mode & 0o777).toString(8)}): run "chmod 600 ${file}"`,
  );
};

/**
 * The master keys of the settings; without any, those of the file `master.keys` in the data directory, which is made when
 * absent. Throws MasterKeyError with one line that says what to do.
 */
export const loadMasterKeys = async (config: Config, warn: Warn = () => undefined): Promise<MasterKeys> => {
  if (config.keys.masterKeys.length > 0) return new MasterKeys(config.keys.masterKeys);
  if (config.environment === 'production') {
    throw new MasterKeyError('Production needs MASTER_KEYS: give MASTER_KEYS="v1:$(openssl rand -base64 32)".');
  }
  const directory = config.database.dataDirectory;
  const file = join(directory, NAME);
  if ((await readIfPresent(file)) === null) await create(directory, file);
  const text = await readIfPresent(file);
  if (text === null) throw new MasterKeyError(`The file of the master keys, ${file}, vanished while it was read.`);
  await warnOfOpenDoors(file, warn);
  return parse(text, file);
};
