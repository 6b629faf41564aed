import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache, setSourceMapsSupport } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNewEnough, nodeBinary, tooOld } from './node-binary.mjs';
import { dueTargets, root } from './stale.mjs';

const signals = process.platform === 'win32' ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

/** A shell's own `node` may be too old: hand everything, signals and exit code included, to the packaged one. */
const handOver = () => {
  const binary = nodeBinary();
  if (binary === null) fail(tooOld);
  const child = spawn(binary, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of signals) {
    // A terminal sends Ctrl-C to both processes by itself; a second one would cut the shutdown short.
    const both = signal !== 'SIGTERM' && process.stdin.isTTY;
    process.on(signal, () => both || child.kill(signal));
  }
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
};

const installed = (tool) => existsSync(join(root, 'node_modules', tool));

/**
 * Builds what is missing or stale, in a process of its own because bundlers would stay in the server's memory. Without build
 * tools (an image) the present build is what there is; with them, sources that do not build are not passed over in silence.
 */
const ensureBuilt = (targets, output) => {
  const due = dueTargets(targets);
  if (due.length > 0 && installed('rolldown')) {
    const options = due.includes('playground') && installed('vite') ? ['--if-stale'] : ['--if-stale', '--server-only'];
    // Not to stdout: the command line's own output may be read by a program.
    const stdio = ['ignore', 2, 2];
    const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs'), ...options], {
      cwd: root,
      stdio,
    });
    if (status !== 0 && dueTargets(['server']).length > 0) fail('Gatehouse does not start: its sources do not build.');
  } else if (due.length > 0 && existsSync(output)) {
    console.error(`Gatehouse: the ${due.join(' and ')} cannot be built here, the build tools are not installed.`);
  }
  if (!existsSync(output))
    fail(`Gatehouse is not built: there is no ${output}. Run \`npm ci\`, then \`npm run build\`.`);
};

/**
 * When npm is killed, its child may live on and hold port and database. npm sets this variable for what it runs; nobody
 * else's parent is watched.
 */
export const stopWithNpm = () => {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
};

/**
 * Runs one built entry inside this process, so that signals and exit codes are its own.
 * @param {{ output: string, targets: ('server' | 'templates' | 'playground')[], server: boolean }} entry
 */
export const launch = async ({ output, targets, server }) => {
  if (!isNewEnough) {
    handOver();
    return;
  }
  // Read by libuv when its pool is first used, which is later than this line: password hashes take as many threads as there
  // are cores, file and name look-ups need two more.
  process.env.UV_THREADPOOL_SIZE ??= String(availableParallelism() + 2);
  // Libraries take slow paths without it; what the server may do is said by its own settings.
  process.env.NODE_ENV ??= 'production';
  const path = join(root, output);
  ensureBuilt(targets, path);
  // Those of packages would be read, and kept, at every start.
  setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
  // The next start then compiles nothing; where the folder cannot be written, there is simply no such cache.
  enableCompileCache(join(root, 'dist', 'cache'));
  if (server) stopWithNpm();
  await import(pathToFileURL(path).href);
  // Now and not at the end, which may be a sudden one.
  flushCompileCache();
};
