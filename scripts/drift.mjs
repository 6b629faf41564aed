import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Runs a tool of the project with the Node that runs this; gives its exit code and what it printed. */
const run = (tool, ...args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', tool), ...args], { cwd: root });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });

const text = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const files = (directory) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));

/** Everything that is generated and committed, written anew elsewhere and compared; the tree itself is only read. */
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-drift-'));
try {
  const emitted = await Promise.all([
    run('tsx/dist/cli.mjs', 'src/cli/emit-schema.ts', directory),
    run('tsx/dist/cli.mjs', 'src/cli/emit-docs.ts', directory),
  ]);
  const broken = emitted.filter(({ code }) => code !== 0);
  if (broken.length > 0) {
    console.error(broken.map(({ output }) => output).join('\n'));
    throw new Error('The generated files could not be written.');
  }
  const stale = files(directory).filter((file) => text(join(directory, file)) !== text(join(root, file)));
  // Compares by itself and writes nothing; made of schema.graphql, so that one is to be right first.
  const types = await run('@graphql-codegen/cli/esm/bin.js', '--config', 'codegen.yml', '--check');
  if (types.code !== 0) {
    console.error(types.output);
    stale.push('generated/');
  }
  if (stale.length > 0) {
    console.error(
      `Stale: ${stale.join(', ')}. Run "npm run schema:emit" and "npm run docs:emit", and commit the result.`,
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
