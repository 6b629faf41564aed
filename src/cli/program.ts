import { Command, CommanderError } from 'commander';
import { addAdminCommand } from './admin-command.ts';
import { addAuditCommand } from './audit-command.ts';
import { addCacheCommands } from './cache-commands.ts';
import { addConfigCommand } from './config-command.ts';
import { addDocumentsCommands } from './documents-commands.ts';
import { addEventsCommands } from './events-commands.ts';
import { EXIT } from './exit-codes.ts';
import { reportOf, stackOf } from './failure.ts';
import type { Host } from './host.ts';
import { addKeysCommand } from './keys-command.ts';
import { addMailCommands } from './mail-commands.ts';
import { addMigrateCommands } from './migrate-commands.ts';
import type { GlobalOptions } from './session.ts';
import { addUsersCommands } from './users-commands.ts';

const HELP_WIDTH = 110;

const EXAMPLES = `
Examples:
  npm run cli -- migrate status
  npm run cli -- migrate up add_api_keys --env staging
  npm run cli -- deploy --env production
  npm run cli -- create-admin --email ada@example.org --name "Ada Ricci"
  echo "$PASSWORD" | npm run cli -- create-admin --email ada@example.org --name Ada --password-stdin
  npm run cli -- keys reseal --dry-run
  npm run cli -- verify-audit
  npm run cli -- users import accounts.ndjson --dry-run
  npm run cli -- users import accounts.csv --errors errors.ndjson --resume
  npm run cli -- users export accounts.csv --fields id,email,displayName,status
  npm run cli -- users erase ada@example.org --reason "asked to be forgotten"
  npm run cli -- cache status
  npm run cli -- config check --production --config gatehouse.yaml
  npm run cli -- mail preview invite --locale it --out preview
  npm run cli -- mail test ada@example.org
  npm run cli -- events status
  npm run cli -- events replay kafka --from 2026-01-31T09:00:00Z
  npm run cli -- documents register persisted-documents.json --client web
  npm run cli -- seed --set database.dataDirectory=/srv/gatehouse

Exit status:
  0  done
  1  failed, with one line on standard error that says why
  2  wrong command, option or argument
  3  wrong settings, listed
  4  refused in this environment, or not confirmed

Settings come from gatehouse.yaml, .env files, the environment and --set, the later winning: docs/configuration.md.
Without DATABASE_URL a command uses the embedded PostgreSQL, also beside a running server.`;

const collect = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];

/** `error: unknown command 'migrat'` and, on a line of its own, `(Did you mean migrate?)`, as one line of whole sentences. */
const asOneLine = (text: string): string => {
  const line = text.trim().replaceAll(/\s*\n\s*/g, ' ');
  return /[.)]$/.test(line) ? line : `${line}.`;
};

const buildProgram = (host: Host): Command => {
  const program = new Command('npm run cli --')
    .description('Gatehouse on the command line: schema, first accounts, settings.')
    .helpCommand(false)
    .option('-e, --env <environment>', 'development, test, staging or production; default: as the settings say')
    .option('-c, --config <file>', 'YAML file with settings; default: gatehouse.yaml when present')
    .option('-s, --set <setting=value>', 'one setting, for example server.port=5000; can be repeated', collect)
    .option('--verbose', 'show progress, and the stack of an error')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => host.terminal.out(text.trimEnd()),
      writeErr: (text) => host.terminal.note(text.trimEnd()),
      outputError: (text, write) => write(`${asOneLine(text)} See --help.`),
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  addMigrateCommands(host, program);
  addAdminCommand(host, program);
  addUsersCommands(host, program);
  addKeysCommand(host, program);
  addAuditCommand(host, program);
  addCacheCommands(host, program);
  addConfigCommand(host, program);
  addMailCommands(host, program);
  addEventsCommands(host, program);
  addDocumentsCommands(host, program);
  return program;
};

/** An id of a key is base64url: one in 64 begins with a dash, and would be taken for an option. */
const withKeyId = (args: readonly string[]): readonly string[] => {
  const at = args.findIndex((arg, index) => args[index - 1] === 'retire' && /^-[\w-]{42}$/.test(arg));
  return at < 0 ? args : [...args.toSpliced(at, 1), '--', ...args.slice(at, at + 1)];
};

/** Runs one command to its end and gives the exit status; never throws. `args` without the names of program and script. */
export const runCommandLine = async (args: readonly string[], host: Host): Promise<number> => {
  const program = buildProgram(host);
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : withKeyId(args), { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // The parser has told the person already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { message, exitCode } = reportOf(error);
    host.terminal.note(program.opts<GlobalOptions>().verbose === true ? stackOf(error) : message);
    return exitCode;
  }
};
