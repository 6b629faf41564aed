import type { Figure } from '../telemetry/figures.ts';
import { markdownTable } from './markdown-table.ts';

const INTRODUCTION = `# Metrics

This page is generated from the figures in the code; change those, then run \`npm run docs:emit\`.

\`GET /metrics\` gives these, those of Node and of the process (\`nodejs_*\`, \`process_*\`, as \`prom-client\` names them), and those of
parts that are in use. Histograms have \`_bucket\`, \`_sum\` and \`_count\` behind their name. Values of labels are closed sets or
bounded: what a client invents is counted as \`other\`. What they mean together stands in [observability.md](observability.md).
`;

/** docs/metrics.md. */
export const metricsMarkdown = (figures: readonly Figure[]): string => {
  const rows = figures
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => [`\`${name}\``, type, labelNames.join(', ') || '-', help]);
  return `${INTRODUCTION}\n${markdownTable(['metric', 'type', 'labels', 'meaning'], rows)}`;
};
