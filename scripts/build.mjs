import { parseArgs } from 'node:util';
import { buildPlayground } from './build-playground.mjs';
import { buildServer } from './build-server.mjs';
import { buildTemplates } from './build-templates.mjs';
import { check, stamp, stateOf } from './stale.mjs';

const usage = `Usage: npm run build -- [--server-only] [--if-stale] [--force]

  --server-only  leave the playground alone
  --if-stale     build the server too only when its sources changed
  --force        build templates and playground even when nothing changed
`;

const { values } = parseArgs({
  options: {
    'server-only': { type: 'boolean', default: false },
    'if-stale': { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const run = async (target, build, describe) => {
  const began = performance.now();
  const state = stateOf(target);
  const result = await build();
  stamp(target, state);
  console.log(`Built ${describe(result)} in ${seconds(began)}.`);
};

const due = (target, always) => {
  const found = check(target);
  return found !== 'absent' && (always || found !== 'current');
};

const main = async () => {
  if (values.help) {
    console.log(usage);
    return;
  }
  if (due('server', !values['if-stale'])) await run('server', buildServer, (files) => files.join(', '));
  if (due('templates', values.force)) await run('templates', buildTemplates, (count) => `dist/templates (${count})`);
  if (!values['server-only'] && due('playground', values.force)) {
    await run('playground', buildPlayground, (size) => `dist/playground (${(size / 1e6).toFixed(1)} MB compressed)`);
  }
};

try {
  await main();
} catch (error) {
  console.error(`The build failed: ${error.message}`);
  process.exitCode = 1;
}
