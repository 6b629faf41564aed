import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** The checkout, or the place where `dist/` was copied to. */
export const root = dirname(import.meta.dirname);
const stampFile = join(root, 'dist', 'build.json');

/**
 * What can be built: `inputs` are the files and folders whose change makes it stale, `outputs` say which file comes of which
 * source. Without its sources (an image holds only `dist/`) a target is taken as it is.
 */
export const targets = {
  server: {
    inputs: ['src', 'migrations', 'tsconfig.json', 'package-lock.json', 'scripts/build-server.mjs'],
    outputs: {
      'src/main.ts': 'dist/main.js',
      'src/cli/main.ts': 'dist/cli.js',
      'src/crypto/password-guesses.worker.ts': 'dist/password-guesses.worker.js',
    },
  },
  templates: {
    inputs: ['templates', 'package-lock.json', 'scripts/build-templates.mjs'],
    outputs: { 'templates/test.mjml': 'dist/templates/test.html' },
  },
  playground: {
    inputs: ['playground', 'package-lock.json', 'scripts/build-playground.mjs'],
    outputs: { 'playground/index.html': 'dist/playground/index.html' },
  },
};

const exists = (path) => existsSync(join(root, path));

/** @returns {string[]} every file below the inputs, in one order on every machine */
const filesOf = (inputs) =>
  inputs
    .flatMap((input) => {
      const path = join(root, input);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return [];
      if (stat.isFile()) return [path];
      return readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
    })
    .toSorted();

const label = (path) => relative(root, path).split(sep).join('/');

/** Sizes and times: enough to see in a millisecond that nothing was touched. */
const glance = (files) => {
  const hash = createHash('sha256');
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${label(file)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('base64url');
};

/** Contents: a checkout or a copy changes times without changing files. */
const contents = (files) => {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${label(file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('base64url');
};

const readStamps = () => {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
};

/** Records that a target was built from the present sources; take `state` before building, or an edit during the build is lost. */
export const stamp = (target, state) => {
  mkdirSync(dirname(stampFile), { recursive: true });
  const own = `${stampFile}.${process.pid}`;
  writeFileSync(own, `${JSON.stringify({ ...readStamps(), [target]: state }, null, 2)}\n`);
  renameSync(own, stampFile);
};

/** @returns the fingerprints of a target's sources as they are now */
export const stateOf = (target) => {
  const files = filesOf(targets[target].inputs);
  return { glance: glance(files), contents: contents(files) };
};

/**
 * @param {'server' | 'templates' | 'playground'} target
 * @returns {'current' | 'missing' | 'stale' | 'absent'} `absent` = neither sources nor output are here
 */
export const check = (target) => {
  const { inputs, outputs } = targets[target];
  const present = Object.entries(outputs).filter(([source]) => exists(source));
  if (present.length === 0) return Object.values(outputs).some(exists) ? 'current' : 'absent';
  if (!present.every(([, output]) => exists(output))) return 'missing';
  const known = readStamps()[target];
  if (known === undefined) return 'stale';
  const files = filesOf(inputs);
  const seen = glance(files);
  if (known.glance === seen) return 'current';
  if (known.contents !== contents(files)) return 'stale';
  stamp(target, { ...known, glance: seen });
  return 'current';
};

/** @returns {string[]} the targets that have to be built before they can be used */
export const dueTargets = (names = Object.keys(targets)) =>
  names.filter((name) => ['missing', 'stale'].includes(check(name)));
