import type { Command } from 'commander';
import { generateReadablePassword } from '../crypto/readable-password.ts';
import { Secret } from '../crypto/secret.ts';
import { systemOrigin } from '../services/caller.ts';
import { UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { configOf, ensureSchema, withSession } from './session.ts';

interface AdminOptions {
  readonly email?: string;
  readonly name?: string;
  readonly passwordStdin?: boolean;
}

const MAXIMUM_INPUT_BYTES = 64 * 1024;

const answerTo = async (host: Host, given: string | undefined, flag: string, question: string): Promise<string> => {
  if (given !== undefined) return given;
  if (!host.terminal.isInteractive) throw new UsageError(`${flag} is missing; see "create-admin --help".`);
  return host.terminal.ask(question);
};

const typedPassword = async ({ terminal }: Host): Promise<Secret<string> | null> => {
  const typed = await terminal.askHidden('Password (empty: make one): ');
  if (typed === '') return null;
  if ((await terminal.askHidden('Once more: ')) !== typed) throw new UsageError('The two passwords differ.');
  return new Secret(typed);
};

/** Null: one has to be made. The password is no option of its own: the process list is public. */
const givenPassword = async (host: Host, options: AdminOptions): Promise<Secret<string> | null> => {
  if (options.passwordStdin !== true) return host.terminal.isInteractive ? typedPassword(host) : null;
  const text = (await host.terminal.readInput(MAXIMUM_INPUT_BYTES)).replace(/\r?\n$/, '');
  if (text === '') throw new UsageError('Standard input holds no password.');
  return new Secret(text);
};

const createAdmin = async (host: Host, options: AdminOptions, command: Command): Promise<void> => {
  const config = configOf(host, command);
  const email = await answerTo(host, options.email, '--email', 'E-mail address: ');
  const displayName = await answerTo(host, options.name, '--name', 'Name: ');
  const given = await givenPassword(host, options);
  const password = given ?? generateReadablePassword(config.passwords.minimumLength);
  await withSession(host, command, config, async (session) => {
    await ensureSchema(session);
    const { setup } = await session.openServices();
    const user = await setup.createAdministrator({ email, displayName, password }, systemOrigin('command line'));
    host.terminal.out(`Made the administrator ${user.email ?? email} (${user.displayName}).`);
    if (given === null) host.terminal.out(`Password, shown once: ${password.reveal()}`);
  });
};

export const addAdminCommand = (host: Host, program: Command): void => {
  program
    .command('create-admin')
    .option('--email <address>', 'e-mail address to sign in with')
    .option('--name <name>', 'name as others see it')
    .option('--password-stdin', 'read the password from standard input')
    .description('make an administrator: asks for what is missing, makes a password when none is given')
    .action((options: AdminOptions, command: Command) => createAdmin(host, options, command));
};
