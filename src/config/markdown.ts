import { unansweredSettings } from './source-settings.ts';
import { allSettings, type ListedSetting } from './settings.ts';

const TITLES: Readonly<Record<string, string>> = {
  '': 'Environment',
  server: 'Server (`server`)',
  administration: 'Administration (`administration`)',
  database: 'Database (`database`)',
  log: 'Log (`log`)',
  keys: 'Keys (`keys`)',
  tokens: 'Tokens and sessions (`tokens`)',
  passwords: 'Passwords (`passwords`)',
  lockout: 'Lockout (`lockout`)',
  webauthn: 'Passkeys (`webauthn`)',
  mail: 'Mail and text messages (`mail`)',
  signUp: 'Sign-up (`signUp`)',
  signIn: 'Sign-in (`signIn`)',
  users: 'Users (`users`)',
  providers: 'External identity providers (`providers`)',
  webhooks: 'Webhooks (`webhooks`)',
  limits: 'Limits (`limits`)',
  federation: 'Federation (`federation`)',
  operations: 'Operation (`operations`)',
  tracing: 'Traces (`tracing`)',
};

const INTRODUCTION = `# Configuration

This page is generated from the declaration table in \`src/config\`; change that, then run \`npm run docs:emit\`.

Gatehouse starts without any setting. What is given is united in this order, the later winning:

1. defaults
2. the YAML file \`gatehouse.yaml\` of the working directory, or the one that \`GATEHOUSE_CONFIG\` or \`--config\` names
3. \`.env\`, then \`.env.<environment>\`, then \`.env.local\` of the working directory (not read in the test environment)
4. environment variables
5. flags: \`--set server.baseUrl=...\`, of the server also \`--base-url https://id.example.org\` (the variable's name in lower case with
   dashes; \`npm start -- --help\` lists them)

Wrong settings stop the start with one line each: which setting, where it came from, what is wrong, how to fix it.
\`npm run cli -- config check\` prints the effective settings and their origins; secrets never appear.

- **Durations** are seconds or carry a unit: \`900\`, \`15m\`, \`5h\`, \`7d\`. **Sizes**: \`4096\`, \`256kb\`, \`1mb\`.
- **Lists** are separated by commas or spaces; in YAML they may be sequences.
- **Empty** means "none" where the table says list, or where the default is none; elsewhere it is a mistake, because it is
  usually a variable that was not set where the text was put together.
- A **secret** can be a file: \`DATABASE_PASSWORD_FILE=/run/secrets/password\`, as with every variable of a secret and its other names; a
  newline at its end is no part of it.
- Unknown keys of the YAML file and unknown flags are mistakes; near misses among variables give a warning.

\`\`\`yaml
# gatehouse.yaml
environment: production
server:
  baseUrl: https://id.example.org
  trustedProxies: [10.0.0.0/8]
database:
  url: postgresql://gatehouse@db.internal/gatehouse # the password comes from DATABASE_PASSWORD
  tls: verify-full
tokens:
  accessTtlSeconds: 15m
\`\`\`
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');

const settingRow = ({ path, setting }: ListedSetting): readonly string[] => {
  const names = [setting.env, ...(setting.aliases ?? []).map(({ name }) => name)].map((name) => `\`${name}\``);
  const production = setting.production === undefined ? '' : ` **In production:** ${setting.production.text}.`;
  const secret = setting.kind.isSecret ? ' Secret.' : '';
  const description = `${setting.description}${secret}${production}`;
  return [`\`${path}\``, names.join(', '), setting.kind.form, setting.byDefault.text, description];
};

const sections = (): string => {
  const groups = Map.groupBy(allSettings, ({ section }) => section);
  return [...groups]
    .map(([section, entries]) => {
      const head = ['setting', 'variable, other names', 'form', 'default', 'meaning'];
      return `## ${TITLES[section] ?? section}\n\n${table(head, entries.map(settingRow))}\n`;
    })
    .join('\n');
};

const twins = (): readonly (readonly string[])[] =>
  allSettings.flatMap(({ path, setting }) => {
    const own = setting.row === undefined ? [] : [{ name: setting.env, row: setting.row, answer: 'the same name' }];
    const others = (setting.aliases ?? []).flatMap(({ name, row: source }) =>
      source === null ? [] : [{ name, row: source, answer: 'understood as another name' }],
    );
    return [...own, ...others].map((twin) => [
      `\`${twin.name}\``,
      twin.row,
      `\`${setting.env}\` (\`${path}\`)`,
      twin.answer,
    ]);
  });

const twinTable = (): string => {
  const answered = twins();
  const rest = unansweredSettings.map(({ name, row: source, twin, answer }) => [
    `\`${name}\``,
    source,
    twin === null ? 'none' : `\`${twin}\``,
    answer,
  ]);
  return table(['source setting', 'row', 'here', 'how'], [...answered, ...rest]);
};

/** The text of docs/configuration.md. */
export const configurationMarkdown = (): string => `${INTRODUCTION}
${sections()}
## Settings of the source systems

Whoever comes from one of the systems that Gatehouse unites finds each of their settings here. Names that have no effect give a
warning at start that says the same.

${twinTable()}
`;
