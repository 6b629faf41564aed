// Runs at the end of `npm ci`: leaves server, templates and playground built. It never fails an installation: without the
// build tools (--omit=dev) or without sources (an image's dependency layer) there is nothing it could do.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeBinary } from './node-binary.mjs';
import { check, dueTargets, root } from './stale.mjs';

const due = dueTargets();
const missingTools = ['rolldown', 'mjml', 'vite'].filter((tool) => !existsSync(join(root, 'node_modules', tool)));

if (due.length === 0) {
  if (check('server') === 'absent') console.log('gatehouse: nothing to build, there are no sources here.');
} else if (missingTools.length > 0) {
  console.log(
    `gatehouse: ${due.join(' and ')} not built, the build tools (${missingTools.join(', ')}) are not installed. ` +
      'Copy dist/ from a full installation, or run `npm ci` without --omit=dev.',
  );
} else {
  const { status, error } = spawnSync(
    nodeBinary() ?? process.execPath,
    [join(root, 'scripts', 'build.mjs'), '--if-stale'],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (status !== 0) {
    const reason = error === undefined ? 'see above' : error.message;
    console.log(
      `gatehouse: could not build (${reason}). The installation is complete; run \`npm run build\` once it is fixed.`,
    );
  }
}
