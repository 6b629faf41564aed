import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import { installationDirectory } from '../installation.ts';
import type { Log } from '../log.ts';
import { type Dictionary, FALLBACK_LOCALE, localeChain, readDictionary } from './locales.ts';
import { isMessageTemplate } from './message-templates.ts';

/** A form of a message: what it looks like, its text twin, and the short form for text messages. */
export type TemplateForm = 'html' | 'txt' | 'sms.txt';

/** One template, ready to be filled. */
export type Template = (context: object) => string;

type Origin = 'own' | 'built-in';

const FORMS: readonly TemplateForm[] = ['html', 'sms.txt', 'txt'];

/** Where the build puts the templates: scripts/build-templates.mjs. */
export const builtInDirectory = (): string => join(installationDirectory(), 'dist', 'templates');

/**
 * Templates and languages: those that were built, with an operator's files in front of them. A file of the operator's that is
 * broken is told about and passed over, so that no message is lost to a typing mistake.
 */
export class TemplateStore {
  readonly #directories: Readonly<Record<Origin, string | null>>;
  readonly #log: Log;
  // Nothing is trimmed: a line break after a tag is the space between two words.
  readonly #escaping = new Eta({ autoEscape: true, autoTrim: false });
  readonly #plain = new Eta({ autoEscape: false, autoTrim: false });
  readonly #templates = new Map<string, Template | null>();
  readonly #dictionaries = new Map<string, Dictionary>();
  readonly #broken = new Set<string>();
  #locales: Readonly<Record<Origin, readonly string[]>> | null = null;

  constructor(parts: { directory: string | null; log: Log; builtIn?: string }) {
    this.#directories = { own: parts.directory, 'built-in': parts.builtIn ?? builtInDirectory() };
    this.#log = parts.log;
  }

  /** Fills the operator's template, or, where there is none or it fails, the built-in one. null: neither exists. */
  fill(name: string, form: TemplateForm, context: object): string | null {
    const file = `${name}.${form}`;
    try {
      const own = this.#template('own', file, form);
      if (own !== null) return own(context);
    } catch (error) {
      this.#passOver(file, error);
    }
    return this.#template('built-in', file, form)?.(context) ?? null;
  }

  /** The texts of a language, the most particular first: `de-AT` of the operator's, built-in, then `de`, then English. */
  dictionaries(locale: string): readonly Dictionary[] {
    return localeChain(locale).flatMap((tag) =>
      (['own', 'built-in'] as const).flatMap((origin) => this.#dictionary(origin, tag) ?? []),
    );
  }

  /** The language that a person with this one is written to in, as its file is called. */
  localeFor(locale: string): string {
    const known = new Map(this.locales.map((tag) => [tag.toLowerCase(), tag]));
    return localeChain(locale).flatMap((tag) => known.get(tag) ?? [])[0] ?? FALLBACK_LOCALE;
  }

  /** Every language that there is a file of. */
  get locales(): readonly string[] {
    const { own, 'built-in': builtIn } = this.#localeFiles;
    return [...new Set([...builtIn, ...own])].toSorted();
  }

  /** Whether an operator's files stand before the built-in ones. */
  get hasOwn(): boolean {
    return this.#directories.own !== null;
  }

  /** What is wrong with the operator's directory, one line each; reads every file of it. */
  problems(): readonly string[] {
    const { own, 'built-in': builtIn } = this.#directories;
    if (!existsSync(join(builtIn ?? '', 'test.html'))) return ['The templates are not built; run `npm run build`.'];
    if (own === null) return [];
    if (!existsSync(own)) return [`${own}: there is no such directory.`];
    const files = readdirSync(own, { withFileTypes: true }).filter((entry) => entry.isFile());
    const templates = files.flatMap(({ name }) => this.#problemOf(name, () => this.#checkTemplate(name)));
    const locales = this.#localeFiles.own.flatMap((tag) =>
      this.#problemOf(`locales/${tag}.json`, () => void readDictionary(this.#read('own', `locales/${tag}.json`))),
    );
    return [...templates, ...locales];
  }

  #checkTemplate(file: string): void {
    const form = FORMS.find((ending) => file.endsWith(`.${ending}`));
    if (form === undefined || !isMessageTemplate(file.slice(0, -form.length - 1))) {
      throw new Error('There is no message of this name.');
    }
    this.#template('own', file, form);
  }

  #problemOf(file: string, check: () => void): readonly string[] {
    try {
      check();
      return [];
    } catch (error) {
      return [`${file}: ${reasonOf(error)}`];
    }
  }

  #template(origin: Origin, file: string, form: TemplateForm): Template | null {
    const key = `${origin}/${file}`;
    const known = this.#templates.get(key);
    if (known !== undefined) return known;
    const directory = this.#directories[origin];
    const template =
      directory === null || !existsSync(join(directory, file)) ? null : this.#compile(origin, file, form);
    this.#templates.set(key, template);
    return template;
  }

  #compile(origin: Origin, file: string, form: TemplateForm): Template {
    const eta = form === 'html' ? this.#escaping : this.#plain;
    const compiled = eta.compile(this.#read(origin, file));
    return (context) => compiled.call(eta, context);
  }

  #dictionary(origin: Origin, tag: string): Dictionary | null {
    const file = this.#localeFiles[origin].find((name) => name.toLowerCase() === tag);
    if (file === undefined) return null;
    const path = `locales/${file}.json`;
    const known = this.#dictionaries.get(`${origin}/${path}`);
    if (known !== undefined) return known;
    const dictionary = this.#readDictionary(origin, path);
    this.#dictionaries.set(`${origin}/${path}`, dictionary);
    return dictionary;
  }

  #readDictionary(origin: Origin, path: string): Dictionary {
    try {
      return readDictionary(this.#read(origin, path));
    } catch (error) {
      if (origin === 'built-in') throw error;
      this.#passOver(path, error);
      return new Map();
    }
  }

  get #localeFiles(): Readonly<Record<Origin, readonly string[]>> {
    this.#locales ??= { own: localesIn(this.#directories.own), 'built-in': localesIn(this.#directories['built-in']) };
    return this.#locales;
  }

  #read(origin: Origin, path: string): string {
    return readFileSync(join(this.#directories[origin] ?? '', path), 'utf8');
  }

  #passOver(file: string, error: unknown): void {
    if (this.#broken.has(file)) return;
    this.#broken.add(file);
    this.#log('warn', 'a file of TEMPLATES_DIR is broken, the built-in one is used', { file, reason: reasonOf(error) });
  }
}

const localesIn = (directory: string | null): readonly string[] => {
  const folder = join(directory ?? '', 'locales');
  if (directory === null || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
};

const reasonOf = (error: unknown): string => (error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'broken');
