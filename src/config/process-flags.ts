import { ConfigError, type ConfigSources } from './config.ts';
import { CONFIG_FILE_FLAG, settingFlags } from './flag-layer.ts';
import { settingsByPath } from './settings.ts';

export interface ProcessFlags extends Required<Pick<ConfigSources, 'argv' | 'assignments'>> {
  readonly wantsHelp: boolean;
}

/** Spellings that the command line has as well. */
const SHORT: Readonly<Record<string, string>> = { '-c': '--config', '-e': '--env', '-s': '--set', '-h': '--help' };
const HELP = 'help';
const SWITCHES: ReadonlySet<string> = new Set(
  settingFlags.flatMap(({ name, path }) =>
    settingsByPath.get(path)?.setting.kind.form === '`true` or `false`' ? [name] : [],
  ),
);

interface Given {
  readonly name: string;
  /** null: nothing was given beside or behind it. */
  readonly value: string | null;
}

/** The text of a wrong one is not repeated: it may be a secret that lost its name. */
const givenFlags = (args: readonly string[]): readonly Given[] => {
  const given: Given[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const text = args[at] ?? '';
    const [, name, inline] = /^--([a-z][\w.-]*)(?:=(.*))?$/is.exec(SHORT[text] ?? text) ?? [];
    if (name === undefined) throw new ConfigError([`argument ${at + 1}: is no flag; see --help`]);
    const next = args[at + 1];
    const isValue = inline === undefined && next !== undefined && !next.startsWith('--') && !(next in SHORT);
    if (isValue) at += 1;
    given.push({ name, value: inline ?? (isValue ? next : null) });
  }
  return given;
};

const valueOf = ({ name, value }: Given): string => {
  if (value !== null) return value;
  if (SWITCHES.has(name)) return 'true';
  throw new ConfigError([`--${name} (flag): has no value; write --${name}=...`]);
};

/**
 * The flags of the server: `--port 5000` or `--port=5000` for every setting, `--playground` alone for true, `--set`, `--config`. Throws
 * ConfigError for what is no flag; whether there is such a setting is checked with all others.
 */
export const readFlags = (args: readonly string[]): ProcessFlags => {
  const given = givenFlags(args);
  const flags = given.filter(({ name }) => name !== HELP);
  const named = flags.filter(({ name }) => name !== 'set');
  return {
    argv: Object.fromEntries(named.map((one) => [one.name === 'env' ? 'environment' : one.name, valueOf(one)])),
    assignments: flags.filter(({ name }) => name === 'set').map(valueOf),
    wantsHelp: flags.length < given.length,
  };
};

/** What `--help` says. */
export const flagHelp = (): string =>
  [
    'Usage: npm start -- [flags]',
    '',
    'Starts the server. Flags win over the environment, .env files and gatehouse.yaml: docs/configuration.md.',
    '',
    `  -c, --${CONFIG_FILE_FLAG} <file>  YAML file with settings; default: gatehouse.yaml when present`,
    '  -e, --env <environment>  development, test, staging or production',
    '  -s, --set <setting=value>  one setting, for example server.port=5000; can be repeated',
    '  -h, --help  this text',
    '',
    'Each setting that is no secret has a flag:',
    ...settingFlags.map(({ name, form }) => `  --${name} <${form.replaceAll('`', '')}>`),
    '',
  ].join('\n');
