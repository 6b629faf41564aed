// Checks the layers of .dependency-cruiser.cjs. Usage: node scripts/layers.mjs [directory that holds src/]
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { cruise, format } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const project = join(import.meta.dirname, '..');
const root = resolve(process.argv[2] ?? project);
const { forbidden, options } = createRequire(import.meta.url)(join(project, '.dependency-cruiser.cjs'));

const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));

process.chdir(root);
const { output } = await cruise(
  ['src'],
  { ...options, baseDir: root, validate: true, ruleSet: { forbidden } },
  {},
  { tsConfig: extractTSConfig(join(project, 'tsconfig.json')) },
);

// With a compiler that it does not understand dependency-cruiser finds no module, hence no violation, and is content.
const seen = new Set(output.modules.map(({ source }) => source));
const unseen = sources.filter((file) => !seen.has(file));
if (sources.length === 0 || unseen.length > 0) {
  console.error(`Layers: not looked at: ${unseen.join(', ') || 'anything, there are no sources'}`);
  process.exitCode = 1;
} else if (output.summary.error > 0) {
  console.error((await format(output, { outputType: 'err' })).output);
  process.exitCode = 1;
} else {
  console.log(
    `Layers: ${sources.length} files, ${output.summary.totalDependenciesCruised} imports, all as they may be.`,
  );
}
