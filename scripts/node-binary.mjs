import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './stale.mjs';

const required = 24;
const major = Number.parseInt(process.versions.node, 10);

/** True when this process itself may run the server. */
export const isNewEnough = major >= required;

/** @returns {string | null} the Node.js to run things with: this one if it is new enough, else that of the `node` package */
export const nodeBinary = () => {
  if (isNewEnough) return process.execPath;
  const packaged = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(packaged) ? packaged : null;
};

/** One line for a person whose Node.js is too old. */
export const tooOld = `Gatehouse needs Node.js ${required} or newer, this is ${process.version}. Run \`npm ci\`, which brings the right one, then \`npm start\`.`;
