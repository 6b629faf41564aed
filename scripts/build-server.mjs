import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { root, targets } from './stale.mjs';

/**
 * Bundles our own sources for Node 24; packages stay in node_modules. The output lies flat in `dist/`, one folder below the
 * root like `src/`, so that paths relative to a file of `src/` itself mean the same in source and output.
 */
export const buildServer = async () => {
  const { build } = await import('esbuild');
  const entries = Object.entries(targets.server.outputs).filter(([source]) => existsSync(join(root, source)));
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entries.map(([source, output]) => [basename(output, '.js'), source])),
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
    // Entities and schema classes are known by their names; two of one name must not become `User2`.
    keepNames: true,
    write: false,
    logLevel: 'silent',
  });
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    // A server that starts meanwhile reads the old file or the new one, never half of it.
    const own = `${path}.${process.pid}`;
    writeFileSync(own, contents);
    renameSync(own, path);
  }
  return outputFiles.map(({ path }) => relative(root, path)).filter((path) => path.endsWith('.js'));
};
