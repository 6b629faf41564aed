import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { useTestApp, type TestApp } from '../support/test-app.ts';

const README = join(import.meta.dirname, '../../README.md');
const STEP = /```graphql\n([\s\S]*?)```\n```json\n([\s\S]*?)```/g;
/** Writes the answers of this run into the README instead of comparing them. */
const rewriting = process.env['UPDATE_README'] === 'true';

/** What the printed page says in place of values that differ from run to run. */
type Substitutions = Map<string, string>;

/** A browser: keeps the session cookie and sends the CSRF token that belongs to it. */
class Browser {
  readonly #app: TestApp;
  #cookie = '';

  constructor(app: TestApp) {
    this.#app = app;
  }

  async send(query: string): Promise<unknown> {
    const csrf = this.#cookie === '' ? '' : await this.#csrfToken();
    const answer = await this.#app.anonymous({ cookie: this.#cookie, 'x-csrf-token': csrf }).post<unknown>({ query });
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
    if (cookie !== undefined) this.#cookie = cookie;
    const errors = answer.errors.map(({ message, path, extensions }) => ({ message, path, extensions }));
    return errors.length === 0 ? { data: answer.data } : { errors, data: answer.data };
  }

  async #csrfToken(): Promise<string> {
    const { data } = await this.#app
      .anonymous({ cookie: this.#cookie })
      .run<{ viewer: { csrfToken: string } }>('{ viewer { csrfToken } }');
    return data.viewer.csrfToken;
  }
}

/** Texts that are new in every run; what stands at the same place of both answers is the same thing. */
const VARIES = /^[0-9a-f]{8}-[0-9a-f-]{27}$|^http|^\S{60,}$/;

const learn = (printed: unknown, actual: unknown, known: Substitutions): void => {
  if (typeof printed === 'string' && typeof actual === 'string') {
    if (VARIES.test(printed) && VARIES.test(actual)) known.set(printed, actual);
  } else if (typeof printed === 'object' && printed !== null && typeof actual === 'object' && actual !== null) {
    for (const [key, value] of Object.entries(printed)) learn(value, (actual as Record<string, unknown>)[key], known);
  }
};

const substitute = (text: string, known: Substitutions): string =>
  [...known].reduce((result, [printed, actual]) => result.replaceAll(printed, actual), text);

/** JSON as a person would break it: what fits into a line stays on one. */
const pretty = (value: unknown, indent = ''): string => {
  const line = oneLine(value);
  if (typeof value !== 'object' || value === null || line.length + indent.length <= 100) return line;
  const inner = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => `${inner}${pretty(item, inner)}`)
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${pretty(item, inner)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
};

const oneLine = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`)
    .join(', ')} }`;
};

describe('the first hour of the README', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-readme-'));
  const app = useTestApp({ settings: { 'database.dataDirectory': directory } });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('can be pasted as it is, and gives the answers that are printed', async () => {
    const accounts = await app().services.seed.seed();
    const setup = await app().services.setup.issueToken();
    const known: Substitutions = new Map([
      ['ghs_SETUP', setup?.token.reveal() ?? ''],
      ['USER2_PASSWORD', accounts.find(({ email }) => email === 'user2@example.com')?.password.reveal() ?? ''],
    ]);
    const text = readFileSync(README, 'utf8');
    const browser = new Browser(app());
    const answers: string[] = [];
    let groupId = '';
    for (const [, query = '', printed = ''] of text.matchAll(STEP)) {
      const actual = await browser.send(substitute(query, known).replace('GROUP_ID', groupId));
      groupId = /"group":\{"id":"([^"]+)"/.exec(JSON.stringify(actual))?.[1] ?? groupId;
      answers.push(pretty(actual));
      if (rewriting) continue;
      const expected: unknown = JSON.parse(printed);
      learn(expected, actual, known);
      expect(actual).toEqual(JSON.parse(substitute(printed, known)));
    }
    expect(answers).toHaveLength(8);
    if (rewriting)
      writeFileSync(
        README,
        text.replaceAll(
          STEP,
          (_all, query: string) => `\`\`\`graphql\n${query}\`\`\`\n\`\`\`json\n${answers.shift() ?? ''}\n\`\`\``,
        ),
      );
  });
});
