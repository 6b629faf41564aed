import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this installation, the same for `src/` and for the bundle in `dist/`: the nearest above with a package.json. */
export const installationDirectory = (): string => {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
};
