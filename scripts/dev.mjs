// Runs the sources and restarts at every change.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureTemplates } from './build-templates.mjs';
import { stopWithNpm } from './launch.mjs';
import { root } from './stale.mjs';

await ensureTemplates();

const watcher = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
const child = spawn(
  process.execPath,
  [watcher, 'watch', '--clear-screen=false', 'src/main.ts', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
);

let stopping = false;
/** Once: the watcher takes a second signal as the wish to kill the server instead of letting it finish. */
const stop = (signal) => {
  if (!stopping) child.kill(signal);
  stopping = true;
};

// The shell between npm and this process dies of a SIGTERM without passing it on; the server would live on with the port.
stopWithNpm();
process.on('SIGTERM', stop);
// A terminal has sent Ctrl-C to the watcher as well.
process.on('SIGINT', (signal) => process.stdin.isTTY || stop(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 0));
