import { parseInstant } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { MessageId } from '../ids.ts';
import type { Log } from '../log.ts';
import type { VerificationChannel } from '../vocabulary.ts';
import { type Dictionary, directionOf, interpolate } from './locales.ts';
import { isMessageTemplate, sampleVariables, templateNames } from './message-templates.ts';
import { type RenderedMessage, TransportFailure } from './message-transport.ts';
import type { Variables } from './sealed-variables.ts';
import type { TemplateStore } from './template-store.ts';

/** A message before it is put into words. */
export interface UnwrittenMessage {
  readonly id: MessageId;
  readonly channel: VerificationChannel;
  readonly template: string;
  readonly recipient: string;
  /** BCP 47, as the person has it. */
  readonly locale: string;
  readonly variables: Variables;
}

const MAXIMUM_SUBJECT = 200;
const MAXIMUM_VALUE = 2000;
const MAXIMUM_NAME = 80;

// eslint-disable-next-line no-control-regex -- a line break in a subject would be a header of its own; bidi marks turn texts around
const UNWANTED = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** One line of visible characters. */
const oneLine = (text: string, maximum: number): string =>
  Array.from(text.replaceAll(UNWANTED, ' ').replaceAll(/\s+/g, ' ').trim()).slice(0, maximum).join('');

/** What mail programs make a link of. */
const LINK_LIKE = /:\/\/|\bwww\.|@|[\p{L}\p{N}-]{2,}\.\p{L}{2,}/iu;

/** A name that people choose themselves must not become a message of theirs to others: with something like a link it is left out. */
const nameOf = (given: string): string => {
  const name = oneLine(given, MAXIMUM_NAME);
  return LINK_LIKE.test(name) ? '' : name;
};

const INSTANTS = ['expiresAt', 'at'] as const;

/** An instant in the words of a language, in UTC: where the recipient is is not known. */
const instantText = (text: string, locale: string): string => {
  const instant = parseInstant(text);
  if (instant === null) return text;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return `${format.format(instant)} UTC`;
};

const inWords = (variables: Variables, locale: string): Variables => {
  const instants = INSTANTS.filter((name) => variables[name] !== undefined);
  return {
    ...variables,
    ...Object.fromEntries(instants.map((name) => [name, instantText(variables[name] ?? '', locale)])),
  };
};

/** Puts messages into words: subject, HTML, text. */
export class MessageRenderer {
  readonly #store: TemplateStore;
  readonly #config: Config;
  readonly #log: Log;

  constructor(parts: { templates: TemplateStore; config: Config; log: Log }) {
    this.#store = parts.templates;
    this.#config = parts.config;
    this.#log = parts.log;
  }

  /** Throws TransportFailure for a message that cannot be written: an unknown kind, or no short form for a text message. */
  render(message: UnwrittenMessage): RenderedMessage {
    const { template, channel } = message;
    if (!isMessageTemplate(template))
      throw new TransportFailure(`There is no message of the kind "${template}".`, true);
    const locale = this.#store.localeFor(message.locale);
    const variables = this.#variablesOf(message);
    const shown = inWords(variables, locale);
    const texts = this.#textsOf(locale, shown);
    const purpose = variables['purpose'] ?? '';
    const subject = oneLine(texts(`${template}.subject`, texts(`${template}.subject.${purpose}`)), MAXIMUM_SUBJECT);
    const context = {
      // a template may ask for any of them without knowing the kind of message
      ...emptyVariables,
      ...shown,
      locale,
      direction: directionOf(locale),
      subject,
      heading: texts(`${template}.heading`),
      greeting: texts(variables['userName'] === '' ? 'common.greetingWithoutName' : 'common.greeting'),
      t: texts,
    };
    const text = this.#store.fill(template, channel === 'SMS' ? 'sms.txt' : 'txt', context);
    const html = channel === 'SMS' ? null : this.#store.fill(template, 'html', context);
    if (text === null || (html === null && channel === 'EMAIL')) {
      throw new TransportFailure(`There is no template ${template} for ${channel}.`, channel === 'SMS');
    }
    return { ...message, locale, subject, text: `${text.trim()}\n`, html, variables };
  }

  /** Looks at an operator's templates and languages and says what is broken, in the log and as the answer. */
  check(): readonly string[] {
    const problems = [...this.#store.problems()];
    if (problems.length === 0 && this.#store.hasOwn) problems.push(...this.#triedProblems());
    for (const problem of problems) this.#log('warn', 'templates of messages', { problem });
    return problems;
  }

  /** Templates that compile may still fail when they are filled. */
  #triedProblems(): readonly string[] {
    return templateNames.flatMap((template) => {
      try {
        this.preview(template, 'en');
        return [];
      } catch (error) {
        return [`${template}: ${error instanceof Error ? error.message : 'broken'}`];
      }
    });
  }

  /** A message with made-up values. */
  preview(
    template: keyof typeof sampleVariables,
    locale: string,
    channel: VerificationChannel = 'EMAIL',
  ): RenderedMessage {
    return this.render({
      id: '01890000-0000-7000-8000-000000000000' as MessageId,
      channel,
      template,
      recipient: channel === 'EMAIL' ? 'ada@example.org' : '+15550100',
      locale,
      variables: { ...sampleVariables[template], userName: 'Ada Lovelace' },
    });
  }

  /** The values that were written, cleaned, and those of all messages. Instants stay RFC 3339. */
  #variablesOf({ recipient, variables }: UnwrittenMessage): Variables {
    const { companyName, supportEmail, loginUrl } = this.#config.mail;
    const clean = Object.entries(variables).map(([name, value]) => [name, oneLine(value, MAXIMUM_VALUE)] as const);
    return {
      organizationName: '',
      ...Object.fromEntries(clean),
      userName: nameOf(variables['userName'] ?? ''),
      userEmail: recipient,
      companyName,
      supportEmail: supportEmail ?? '',
      loginUrl,
    };
  }

  #textsOf(locale: string, variables: Variables): (path: string, otherwise?: string) => string {
    const dictionaries: readonly Dictionary[] = this.#store.dictionaries(locale);
    const find = (path: string): string | undefined => dictionaries.find((one) => one.has(path))?.get(path);
    return (path, otherwise = '') => {
      const found = find(path) ?? find(path.replace(/[^.]+$/, 'OTHER'));
      return found === undefined ? otherwise : interpolate(found, variables);
    };
  }
}

const emptyVariables: Variables = Object.fromEntries(
  Object.values(sampleVariables)
    .flatMap((variables) => Object.keys(variables))
    .map((name) => [name, '']),
);
