import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { subgraphSdl } from '../explain/federation.ts';
import { buildUnguardedSchema } from '../schema.ts';

/** No resolver runs while the SDL is written. */
const noInstances = { get: () => ({}) };
/** Another directory to write into, for the check whether the committed files are stale. */
const root = process.argv[2] ?? join(import.meta.dirname, '../..');

for (const [file, securityDirectives] of [
  ['schema.graphql', false],
  ['schema.secured.graphql', true],
] as const) {
  const schema = await buildUnguardedSchema(noInstances, { securityDirectives });
  writeFileSync(join(root, file), `${subgraphSdl(schema)}\n`);
}
