import type { Command } from 'commander';
import { type Config, ConfigError } from '../config/config.ts';
import { describeConfig } from '../config/describe.ts';
import { productionProblems } from '../config/production.ts';
import type { Host } from './host.ts';
import { configOf } from './session.ts';

const show = (host: Host, config: Config): void => {
  for (const line of describeConfig(config)) host.terminal.out(line);
  for (const warning of config.warnings) host.terminal.out(`Warning: ${warning}`);
};

export const addConfigCommand = (host: Host, program: Command): void => {
  const command = program.command('config').helpCommand(false).description('the settings');
  command
    .command('check')
    .option('--production', 'also hold them against the rules of production')
    .description('show every setting with where it came from, secrets hidden, and what is wrong')
    .action((options: { production?: boolean }, check: Command) => {
      const config = configOf(host, check);
      show(host, config);
      const problems = options.production === true ? productionProblems(config) : [];
      if (problems.length > 0) throw new ConfigError(problems);
      host.terminal.out(options.production === true ? 'Fit for production.' : 'No problems found.');
    });
};
