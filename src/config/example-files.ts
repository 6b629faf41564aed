import { CONFIG_FILE_VARIABLE } from './environment-layer.ts';
import { allSettings, type ListedSetting } from './settings.ts';

const WIDTH = 118;

const ENV_INTRODUCTION = `# Every setting as an environment variable. Copy this file to .env and take the # away where a value is to differ: Gatehouse
# starts without any. docs/configuration.md says more, \`npm run cli -- config check\` shows what holds.
# docker compose reads the same .env and asks for DATABASE_PASSWORD, MASTER_KEYS and METRICS_TOKEN.
# Generated from src/config: change that, then run \`npm run docs:emit\`.

# The YAML file to read; only in the environment itself, not in a .env file. Default: gatehouse.yaml, if there is one.
#${CONFIG_FILE_VARIABLE}=
`;

const YAML_INTRODUCTION = `# Every setting of Gatehouse. Copy this file to gatehouse.yaml and take the # away where a value is to differ.
# Secrets are better given in the environment. docs/configuration.md says more.
# Generated from src/config: change that, then run \`npm run docs:emit\`.
`;

const wrapped = (text: string, prefix: string): readonly string[] => {
  const lines: string[] = [];
  let line = prefix;
  for (const word of text.split(' ')) {
    if (line !== prefix && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = prefix;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
};

const meaning = ({ setting }: ListedSetting): string => {
  const form = setting.kind.form.replaceAll('`', '');
  const secret = setting.kind.isSecret ? ' Secret.' : '';
  const production = setting.production === undefined ? '' : ` In production: ${setting.production.text}.`;
  return `${setting.description} Form: ${form}. Default: ${setting.byDefault.text.replaceAll('`', '')}.${secret}${production}`;
};

/** The default where it is one plain value, so that the line without its # changes nothing; else nothing. */
const plainDefault = ({ setting }: ListedSetting): string => /^`([^`<>]+)`$/.exec(setting.byDefault.text)?.[1] ?? '';

/** The text of .env.example. */
export const exampleEnvironment = (): string => {
  const entries = allSettings.map((entry) =>
    [...wrapped(meaning(entry), '#'), `#${entry.setting.env}=${plainDefault(entry)}`].join('\n'),
  );
  return `${ENV_INTRODUCTION}\n${entries.join('\n\n')}\n`;
};

const yamlEntry = (entry: ListedSetting): string => {
  const indent = entry.section === '' ? '' : '  ';
  const name = entry.path.slice(entry.path.lastIndexOf('.') + 1);
  const value = plainDefault(entry);
  return [...wrapped(meaning(entry), `${indent}#`), `${indent}#${name}:${value === '' ? '' : ` ${value}`}`].join('\n');
};

/** The text of gatehouse.example.yaml. */
export const exampleYaml = (): string => {
  const sections = [...Map.groupBy(allSettings, ({ section }) => section)].map(([section, entries]) =>
    [...(section === '' ? [] : [`${section}:`]), ...entries.map(yamlEntry)].join('\n'),
  );
  return `${YAML_INTRODUCTION}\n${sections.join('\n\n')}\n`;
};
