import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitSdl } from '../schema.ts';

/** Another directory to write into, for the check whether the committed files are stale. */
const root = process.argv[2] ?? join(import.meta.dirname, '../..');

for (const [file, securityDirectives] of [
  ['schema.graphql', false],
  ['schema.secured.graphql', true],
] as const) {
  writeFileSync(join(root, file), `${await emitSdl({ securityDirectives })}\n`);
}
