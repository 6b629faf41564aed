import { cpSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { type MessageId, newId } from '../ids.ts';
import type { Log } from '../log.ts';
import { CapturedInbox } from '../messages/captured-inbox.ts';
import { failureText } from '../messages/failure-text.ts';
import { MessageRenderer } from '../messages/message-renderer.ts';
import { isMessageTemplate, templateNames } from '../messages/message-templates.ts';
import { builtInDirectory, TemplateStore } from '../messages/template-store.ts';
import { type RenderedMessage, TransportFailure } from '../messages/message-transport.ts';
import { createTransports } from '../messages/transports.ts';
import { IncompleteError, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { makeDirectory } from './output-file.ts';
import { configOf } from './session.ts';

const SEND_MS = 100_000;

/** Warnings of broken templates belong beside the command's own output. */
const logTo =
  (host: Host): Log =>
  (_level, message, details = {}) =>
    host.terminal.note([message, ...Object.values(details).map(String)].join(': '));

const rendererOf = (host: Host, config: Config): { renderer: MessageRenderer; store: TemplateStore } => {
  const log = logTo(host);
  const store = new TemplateStore({ directory: config.mail.templatesDirectory, log });
  return { renderer: new MessageRenderer({ templates: store, config, log }), store };
};

/** What stands in the way of a message, as a message for the person at the keyboard. */
const written = (write: () => RenderedMessage): RenderedMessage => {
  try {
    return write();
  } catch (error) {
    throw error instanceof TransportFailure ? new IncompleteError(error.message) : error;
  }
};

interface PreviewOptions {
  readonly locale: string;
  readonly out?: string;
  readonly sms?: boolean;
}

const preview = (host: Host, template: string, options: PreviewOptions, command: Command): void => {
  if (!isMessageTemplate(template)) {
    throw new UsageError(`There is no template "${template}"; there are ${templateNames.join(', ')}.`);
  }
  const { renderer } = rendererOf(host, configOf(host, command));
  renderer.check();
  const { subject, text, html, locale } = written(() =>
    renderer.preview(template, options.locale, options.sms === true ? 'SMS' : 'EMAIL'),
  );
  if (options.out === undefined) {
    host.terminal.out(`Subject: ${subject}\n\n${text}`);
    return;
  }
  makeDirectory(options.out);
  const files = [[`${template}.${locale}.txt`, text] as const, [`${template}.${locale}.html`, html] as const];
  for (const [name, content] of files) {
    if (content === null) continue;
    const path = resolve(options.out, name);
    writeFileSync(path, content);
    host.terminal.out(path);
  }
};

const copyTemplates = (host: Host, directory: string): void => {
  const target = resolve(directory);
  if (statSync(target, { throwIfNoEntry: false })?.isFile() === true) throw new UsageError(`${target} is a file.`);
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new UsageError(`${target} is not empty; nothing is written over.`);
  }
  const source = builtInDirectory();
  if (!existsSync(join(source, 'test.html')))
    throw new IncompleteError('The templates are not built; run npm run build.');
  makeDirectory(target);
  cpSync(source, target, { recursive: true });
  host.terminal.out(
    `Copied the built-in templates to ${target}. Change what differs, remove the rest, and set TEMPLATES_DIR.`,
  );
};

const sendTest = async (
  host: Host,
  recipient: string,
  options: { locale: string },
  command: Command,
): Promise<void> => {
  const config = configOf(host, command);
  for (const warning of config.warnings) host.terminal.note(`Warning: ${warning}`);
  if (config.mail.transport === 'inbox' || config.mail.transport === 'none') {
    throw new IncompleteError(
      `mail.transport is ${config.mail.transport}, so nothing leaves; give SMTP_HOST and SMTP_FROM, or MAIL_SERVICE_URL.`,
    );
  }
  const transport = createTransports(config, new CapturedInbox(host.clock)).EMAIL;
  if (transport === null) throw new IncompleteError('No mail transport is configured.');
  const { renderer } = rendererOf(host, config);
  const id = newId<MessageId>();
  const { locale } = options;
  const message = written(() =>
    renderer.render({ id, channel: 'EMAIL', template: 'test', recipient, locale, variables: {} }),
  );
  try {
    await transport.send(message, AbortSignal.timeout(SEND_MS));
  } catch (error) {
    throw new IncompleteError(failureText(error instanceof Error ? error.message : 'It could not be sent.'));
  } finally {
    transport.close();
  }
  host.terminal.out(`The message to ${recipient} was taken (${transport.name}).`);
};

/** Commands about messages; none of them needs a database. */
export const addMailCommands = (host: Host, program: Command): void => {
  const command = program.command('mail').helpCommand(false).description('messages: how they look, whether they leave');
  command
    .command('preview')
    .argument('<template>', `one of ${templateNames.join(', ')}`)
    .option('--locale <tag>', 'language, BCP 47', 'en')
    .option('--out <directory>', 'write HTML and text there instead of printing the text')
    .option('--sms', 'the short form of text messages')
    .description('show a message with made-up values, in the words of TEMPLATES_DIR')
    .action((template: string, options: PreviewOptions, self: Command) => preview(host, template, options, self));
  command
    .command('templates')
    .argument('<directory>', 'empty or not there yet')
    .description('copy the built-in templates and languages, as the beginning of a TEMPLATES_DIR')
    .action((directory: string) => copyTemplates(host, directory));
  command
    .command('test')
    .argument('<address>', 'e-mail address')
    .option('--locale <tag>', 'language, BCP 47', 'en')
    .description('check the settings of mail by sending a message')
    .action((address: string, options: { locale: string }, self: Command) => sendTest(host, address, options, self));
};
