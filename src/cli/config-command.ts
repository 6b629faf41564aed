import type { Command } from 'commander';
import { type Config, ConfigError } from '../config/config.ts';
import { describeConfig } from '../config/describe.ts';
import { productionProblems } from '../config/production.ts';
import { type ChecklistItem, productionChecklist } from '../config/production-checklist.ts';
import type { Host } from './host.ts';
import { configOf } from './session.ts';

const show = (host: Host, config: Config): void => {
  for (const line of describeConfig(config)) host.terminal.out(line);
  for (const warning of config.warnings) host.terminal.out(`Warning: ${warning}`);
};

const MARKS: Readonly<Record<ChecklistItem['state'], string>> = {
  ok: 'ok      ',
  wrong: 'WRONG   ',
  look: 'look    ',
  'by hand': 'by hand ',
};

/** One line per finding, those of one item below each other. */
const checklistLines = (items: readonly ChecklistItem[]): readonly string[] => {
  const width = Math.max(...items.map(({ what }) => what.length)) + 1;
  return items.flatMap(({ state, what, details }) =>
    details.map((detail, index) => `${MARKS[state]} ${(index === 0 ? `${what}:` : '').padEnd(width)} ${detail}`),
  );
};

/** Prints the checklist; throws ConfigError, which ends with the status of wrong settings, when something on it is wrong. */
const checkProduction = (host: Host, config: Config): void => {
  const items = productionChecklist(config);
  host.terminal.out('');
  host.terminal.out('Checklist of production (docs/operations.md):');
  for (const line of checklistLines(items)) host.terminal.out(line);
  const problems = productionProblems(config);
  const beyond = items.filter(({ state }) => state === 'wrong').flatMap(({ beyondRules }) => beyondRules);
  if (problems.length + beyond.length > 0) throw new ConfigError([...problems, ...beyond]);
  const open = items.filter(({ state }) => state === 'look').length;
  host.terminal.out(`Fit for production${open === 0 ? '.' : `; ${open} of the list are worth a look.`}`);
};

export const addConfigCommand = (host: Host, program: Command): void => {
  const command = program.command('config').helpCommand(false).description('the settings');
  command
    .command('check')
    .option('--production', 'also go through the checklist of production: what is wrong and how to fix it')
    .description('show every setting with where it came from, secrets hidden, and what is wrong')
    .action((options: { production?: boolean }, check: Command) => {
      const forProduction = options.production === true;
      const config = configOf(host, check, { evenIfRefused: forProduction });
      show(host, config);
      if (forProduction) checkProduction(host, config);
      else host.terminal.out('No problems found.');
    });
};
