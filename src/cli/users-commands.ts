import type { Command } from 'commander';
import type { Host } from './host.ts';
import { exportUsers } from './users-export.ts';
import { importUsers } from './users-import.ts';
import { erasePerson, exportPerson } from './users-person.ts';

/** `users ...` */
export const addUsersCommands = (host: Host, program: Command): void => {
  const users = program
    .command('users')
    .helpCommand(false)
    .description('accounts: take them over from another system, take them out, erase one');
  users
    .command('import')
    .argument('<file>', 'one account a line, as JSON or CSV; see docs/import.md')
    .option('--format <format>', 'ndjson or csv; default: by the name of the file')
    .option('--dry-run', 'check everything and write nothing')
    .option('--errors <file>', 'a new file for what is wrong, by line; default: the first hundred are printed')
    .option('--resume', 'go on with an import of this file that was interrupted')
    .option('--restart', 'begin anew although one was interrupted')
    .description('import accounts with the hashes of their passwords; lines that are wrong are left out and listed')
    .action((path: string, options: object, command: Command) => importUsers(host, path, options, command));
  users
    .command('export')
    .argument('<file>', 'a new file, or - for standard output')
    .option('--format <format>', 'ndjson or csv; default: by the name of the file')
    .option('--fields <list>', 'names of fields, with commas between them; default: all but passwordHash')
    .option('--hashes', 'the hashes of the passwords, too: the file has to be guarded like the database')
    .description('write all accounts to a file')
    .action((path: string, options: object, command: Command) => exportUsers(host, path, options, command));
  users
    .command('export-data')
    .argument('<person>', 'id, e-mail address, phone number or user name')
    .argument('<file>', 'a new file, of NDJSON, or - for standard output')
    .requiredOption('--reason <text>', 'why; stands in the audit log')
    .description('write everything that is kept about one person to a file')
    .action((who: string, path: string, options: { reason: string }, command: Command) =>
      exportPerson(host, [who, path], options, command),
    );
  users
    .command('erase')
    .argument('<person>', 'id, e-mail address, phone number or user name')
    .requiredOption('--reason <text>', 'why; stands in the audit log')
    .option('--yes', 'do not ask; it cannot be undone')
    .description('delete one person with their personal values everywhere; never the last administrator')
    .action((who: string, options: { reason: string; yes?: boolean }, command: Command) =>
      erasePerson(host, who, options, command),
    );
};
