import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exampleEnvironment, exampleYaml } from '../config/example-files.ts';
import { configurationMarkdown } from '../config/markdown.ts';
import { auditMarkdown } from '../explain/audit-markdown.ts';
import { errorsMarkdown } from '../explain/errors-markdown.ts';
import { eventFiles } from '../explain/event-schemas.ts';
import { flowMarkdown, flowsMarkdown } from '../explain/flows-markdown.ts';
import { metricsMarkdown } from '../explain/metrics-markdown.ts';
import { permissionsMarkdown } from '../explain/permissions-markdown.ts';
import { flows } from '../flows/flows.ts';
import { documentedFigures } from '../http/documented-figures.ts';
import { tree } from '../permissions/tree.ts';

/** Another directory to write into, for the check whether the committed pages are stale. */
const root = process.argv[2] ?? join(import.meta.dirname, '../..');

const pages = {
  '.env.example': exampleEnvironment(),
  'gatehouse.example.yaml': exampleYaml(),
  'docs/audit.md': auditMarkdown(),
  'docs/configuration.md': configurationMarkdown(),
  'docs/errors.md': errorsMarkdown(),
  ...Object.fromEntries(Object.entries(eventFiles()).map(([file, text]) => [`docs/events/${file}`, text])),
  'docs/flows/README.md': flowsMarkdown(flows),
  ...Object.fromEntries(flows.map((flow) => [`docs/flows/${flow.name}.md`, flowMarkdown(flow)])),
  'docs/metrics.md': metricsMarkdown(documentedFigures()),
  'docs/permissions.md': permissionsMarkdown(tree),
};

for (const [file, text] of Object.entries(pages)) {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
