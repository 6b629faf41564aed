import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CapturedMessage } from '../../src/messages/captured-inbox.ts';
import { CookieJar } from './browser.ts';
import type { TestApp } from './test-app.ts';

/** `UPDATE_TRANSCRIPTS=true` writes the answers and mails of this run into the pages instead of comparing them. */
const rewriting = process.env['UPDATE_TRANSCRIPTS'] === 'true';

/** An operation with its answer, or a mail, which begins with the line that says to whom it went. */
const BLOCK = /```graphql\n([\s\S]*?)```\n```json\n([\s\S]*?)```|```text\nTo: (\S+)\n([\s\S]*?)```/g;

/** What is new in every run: ids, tokens, cursors, secrets and recovery codes of TOTP, codes, instants as data and as words. */
const VARYING = new RegExp(
  [
    String.raw`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b`,
    String.raw`\bgh[a-z]_[\w-]{20,}`,
    String.raw`\bW[\w-]{20,}\.[\w-]+`,
    String.raw`\b[A-Z2-7]{32}\b`,
    String.raw`\b[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}\b`,
    String.raw`\b\d{4}-\d\d-\d\dT[\d:.]+Z`,
    String.raw`\b[A-Z][a-z]+ \d{1,2}, \d{4}(?: at |, )\d{1,2}:\d\d\s[AP]M\b`,
    String.raw`\b\d{6}\b`,
  ].join('|'),
  'g',
);

/** What a page says in place of a value that its reader has at hand, and where that value is. */
export type Placeholders = Readonly<Record<string, (replay: Replay) => string>>;

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** How long a reader takes for a step. What is sent once a minute can be asked for again a few steps later. */
const STEP_SECONDS = 20;

/** A developer with a browser: does what a page says, in its order. */
export class Replay {
  readonly app: TestApp;
  readonly #jar = new CookieJar();
  readonly #answers: unknown[] = [];

  constructor(app: TestApp) {
    this.app = app;
  }

  /** Sends an operation as the playground does: with the cookies and the CSRF token that belongs to them. */
  async send(query: string): Promise<unknown> {
    this.app.clock.advance(STEP_SECONDS);
    const csrf = await this.#post('{ viewer { csrfToken } }', '');
    const token = (csrf.data as { viewer: { csrfToken: string } | null }).viewer?.csrfToken ?? '';
    const { data, errors = [] } = await this.#post(query, token);
    const shown = errors.map(({ message, path, extensions }) => ({ message, path, extensions }));
    const answer = shown.length === 0 ? { data } : { errors: shown, data };
    this.#answers.push(answer);
    return answer;
  }

  /** The newest message to an address, in the captured inbox. */
  mail(recipient: string): CapturedMessage {
    const found = this.app.services.inbox.messages.findLast((one) => one.recipient === recipient);
    if (found === undefined) throw new Error(`Nothing went to ${recipient}.`);
    return found;
  }

  /** The newest message of a kind. */
  mailOf(template: string): CapturedMessage {
    const found = this.app.services.inbox.messages.findLast((one) => one.template === template);
    if (found === undefined) throw new Error(`No message "${template}" was sent.`);
    return found;
  }

  /** The value that the newest answer with such a path has there: `['group', 'id']`. */
  newest(...path: readonly string[]): string {
    for (const answer of this.#answers.toReversed()) {
      const found = valueAt(answer, path);
      if (typeof found === 'string') return found;
    }
    throw new Error(`No answer has ${path.join('.')}.`);
  }

  async #post(query: string, csrf: string): Promise<Answer> {
    const headers = { 'content-type': 'application/json', 'user-agent': FIREFOX, 'x-csrf-token': csrf };
    const { text } = await this.#jar.post(`${this.app.url}/graphql`, JSON.stringify({ query }), headers);
    return JSON.parse(text) as Answer;
  }
}

interface Answer {
  readonly data: unknown;
  readonly errors?: readonly Readonly<Record<'message' | 'path' | 'extensions', unknown>>[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const valueAt = (value: unknown, path: readonly string[]): unknown => {
  if (!isObject(value)) return undefined;
  const own = path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
  return own ?? Object.values(value).reduce((found, inner) => found ?? valueAt(inner, path), undefined);
};

/** What is printed, with the values of this run where they vary; text of another shape stays what it is. */
const align = (printed: unknown, actual: unknown): unknown => {
  if (typeof printed === 'string' && typeof actual === 'string') {
    const [before, now] = [printed.match(VARYING) ?? [], actual.match(VARYING) ?? []];
    return before.length === now.length ? printed.replaceAll(VARYING, () => now.shift() ?? '') : printed;
  }
  if (Array.isArray(printed)) return printed.map((item, at) => align(item, isObject(actual) ? actual[at] : undefined));
  if (!isObject(printed) || !isObject(actual)) return printed;
  return Object.fromEntries(Object.entries(printed).map(([key, value]) => [key, align(value, actual[key])]));
};

/** JSON as a person would break it: what fits into a line stays on one. */
const pretty = (value: unknown, indent = ''): string => {
  const line = oneLine(value);
  if (!isObject(value) || line.length + indent.length <= 100) return line;
  const inner = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${pretty(item, inner)}`)
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${pretty(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
};

const oneLine = (value: unknown): string => {
  if (!isObject(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`)
    .join(', ')} }`;
};

/**
 * Does what a page says, operation by operation, and compares the printed answers and mails with the real ones. Gives the
 * number of operations and of mails, so that a page that is no longer understood does not pass.
 */
export const replay = async (
  app: TestApp,
  page: string,
  placeholders: Placeholders,
): Promise<{ readonly operations: number; readonly mails: number }> => {
  const file = join(import.meta.dirname, '../..', page);
  const text = readFileSync(file, 'utf8');
  const reader = new Replay(app);
  const blocks: string[] = [];
  const counts = { operations: 0, mails: 0 };
  for (const [, query, printed = '', recipient = '', mail = ''] of text.matchAll(BLOCK)) {
    if (query === undefined) {
      counts.mails += 1;
      await reader.app.services.resetRequests.run();
      await reader.app.services.messageWorker.run();
      await app.services.messageWorker.run();
      const { subject, text: words } = reader.mail(recipient);
      const actual = `Subject: ${subject}\n\n${words.trim()}\n`;
      blocks.push(`\`\`\`text\nTo: ${recipient}\n${actual}\`\`\``);
      if (!rewriting) expect(actual).toBe(align(mail, actual));
    } else {
      counts.operations += 1;
      const actual = await reader.send(fill(query, placeholders, reader));
      blocks.push(`\`\`\`graphql\n${query}\`\`\`\n\`\`\`json\n${pretty(actual)}\n\`\`\``);
      if (!rewriting) expect({ query, answer: actual }).toEqual({ query, answer: align(JSON.parse(printed), actual) });
    }
  }
  if (rewriting)
    writeFileSync(
      file,
      text.replaceAll(BLOCK, () => blocks.shift() ?? ''),
    );
  return counts;
};

const fill = (query: string, placeholders: Placeholders, reader: Replay): string =>
  query.replaceAll(/"([A-Z][A-Z0-9_]+)"/g, (all, name: string) => {
    const value = placeholders[name]?.(reader);
    return value === undefined ? all : JSON.stringify(value);
  });
