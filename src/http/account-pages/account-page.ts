import { TOKEN_LENGTH } from '../../crypto/opaque-token.ts';
import { pageDocuments } from './page-documents.ts';
import { type PageLocale, type PageName, type PageTexts, pageTexts } from './page-texts.ts';

export interface AccountPage {
  readonly page: PageName;
  readonly locale: PageLocale;
  readonly companyName: string;
  /** Where people go on when they are done. */
  readonly loginUrl: string;
  /** Addresses of the script and the stylesheet, relative to the page. */
  readonly script: string;
  readonly stylesheet: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and in quoted attributes. */
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** HTML of which every inserted text is escaped; what is HTML already is passed as an array of one. */
const html = (parts: TemplateStringsArray, ...values: readonly (string | readonly [string])[]): string =>
  parts.reduce((text, part, at) => {
    const value = at === 0 ? '' : (values[at - 1] ?? '');
    return `${text}${typeof value === 'string' ? escape(value) : value[0]}${part}`;
  }, '');

type FormName = 'password' | 'confirm' | 'mfa' | 'request';

/** Which forms a page can come to show; the script shows one of them at a time. */
const FORMS: Readonly<Record<PageName, readonly FormName[]>> = {
  invite: ['password', 'confirm', 'mfa', 'request'],
  reset: ['password', 'mfa', 'request'],
  'sign-in': ['confirm', 'mfa', 'password'],
  'email-change': ['confirm'],
};

/** What the one button says. */
const CONFIRM: Readonly<Partial<Record<PageName, 'signIn' | 'join'>>> = { 'sign-in': 'signIn', invite: 'join' };

const forms: Readonly<Record<FormName, (texts: PageTexts, page: PageName) => string>> = {
  password: ({ labels }) =>
    html`<form id="password" hidden novalidate>
      <p id="for" hidden></p>
      <input
        id="account"
        type="text"
        name="username"
        autocomplete="username"
        readonly
        hidden
        aria-hidden="true"
        tabindex="-1"
      />
      <label for="new-password">${labels.password}</label>
      <input
        id="new-password"
        type="password"
        name="new-password"
        autocomplete="new-password"
        spellcheck="false"
        autocapitalize="none"
        required
        aria-describedby="minimum password-error"
      />
      <p id="minimum" class="hint"></p>
      <p id="password-error" class="error" role="alert"></p>
      <label class="check"><input id="show" type="checkbox" /> ${labels.show}</label>
      <button type="submit">${labels.setPassword}</button>
    </form>`,
  confirm: ({ labels }, page) =>
    html`<form id="confirm" hidden novalidate>
      <p id="confirm-error" class="error" role="alert"></p>
      <button type="submit">${labels[CONFIRM[page] ?? 'confirm']}</button>
    </form>`,
  mfa: ({ labels }) =>
    html`<form id="mfa" hidden novalidate>
      <p>${labels.secondFactor}</p>
      <label for="code" id="code-label">${labels.code}</label>
      <input
        id="code"
        type="text"
        name="code"
        inputmode="numeric"
        autocomplete="one-time-code"
        spellcheck="false"
        autocapitalize="none"
        required
        aria-describedby="mfa-error"
      />
      <p id="mfa-error" class="error" role="alert"></p>
      <button type="submit">${labels.verify}</button>
      <button type="button" id="other-method" class="quiet">${labels.useRecoveryCode}</button>
    </form>`,
  request: ({ labels }) =>
    html`<form id="request" hidden novalidate>
      <p>${labels.requestIntro}</p>
      <label for="email">${labels.email}</label>
      <input
        id="email"
        type="email"
        name="email"
        autocomplete="email"
        spellcheck="false"
        autocapitalize="none"
        required
        aria-describedby="request-error"
      />
      <p id="request-error" class="error" role="alert"></p>
      <button type="submit">${labels.requestLink}</button>
    </form>`,
};

/** A whole page. It holds nothing of the request but the language, and nothing secret: the token stays in the browser. */
export const renderAccountPage = (facts: AccountPage): string => {
  const { page, locale, companyName, loginUrl } = facts;
  const texts = pageTexts[locale];
  const { labels, codes, pages } = texts;
  const { title, intro } = pages[page];
  return html`<!doctype html>
    <html lang="${locale}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${companyName}</title>
        <link rel="stylesheet" href="${facts.stylesheet}" />
        <script type="module" src="${facts.script}"></script>
      </head>
      <body
        data-page="${page}"
        data-texts="${JSON.stringify({ ...labels, ...codes })}"
        data-documents="${JSON.stringify(pageDocuments)}"
        data-token-length="${String(TOKEN_LENGTH)}"
      >
        <main>
          <p class="company">${companyName}</p>
          <h1 id="title" tabindex="-1">${title}</h1>
          <p id="intro">${intro}</p>
          <p id="status" role="status" aria-live="polite"></p>
          <noscript><p class="error">${labels.noScript}</p></noscript>
          ${[FORMS[page].map((name) => forms[name](texts, page)).join('')]}
          <button type="button" id="again" hidden>${labels.again}</button>
          <p id="done" hidden><a class="button" href="${loginUrl}">${labels.continue}</a></p>
        </main>
      </body>
    </html> `;
};
