import { type Findings, type Given, type Layer, shown } from './layers.ts';
import { nearest } from './near-miss.ts';
import { allSettings, flagOf, type ListedSetting } from './settings.ts';

/** The flag that names the YAML file. */
export const CONFIG_FILE_FLAG = 'config';

const camelCase = (dashed: string): string =>
  dashed.replaceAll(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());

const byFlagName: ReadonlyMap<string, ListedSetting> = new Map(
  allSettings.flatMap((entry) => {
    const flag = flagOf(entry.setting);
    return [entry.path, flag, camelCase(flag)].map((name): [string, ListedSetting] => [name, entry]);
  }),
);

const originOf = (name: string): string => (name.includes('.') ? `flag --set ${name}` : `flag --${name}`);

const add = (layer: Map<string, Given>, [name, raw]: readonly [string, string], findings: Findings): void => {
  const entry = byFlagName.get(name);
  if (entry === undefined) {
    const meant = nearest(name, byFlagName.keys(), 3);
    const hint = meant === null ? 'see docs/configuration.md' : `did you mean ${meant}?`;
    findings.problems.push(`${shown(name)} (flag): there is no such setting; ${hint}`);
    return;
  }
  const origin = originOf(entry.path === name ? name : flagOf(entry.setting));
  if (entry.setting.kind.isSecret) {
    findings.warnings.push(
      `${entry.path} (${origin}): a secret on the command line is visible to all users of the machine`,
    );
  }
  layer.set(entry.path, { raw, origin });
};

/**
 * Flags that are parsed already (`{ port: '5000' }`, `{ 'base-url': ... }`, `{ baseUrl: ... }` or `{ 'server.port': '5000' }`)
 * and the texts of `--set` (`server.port=5000`), which win over the former.
 */
export const flagLayer = (
  flags: Readonly<Record<string, string | undefined>>,
  assignments: readonly string[],
  findings: Findings,
): Layer => {
  const layer = new Map<string, Given>();
  for (const [name, raw] of Object.entries(flags)) {
    if (raw !== undefined && name !== CONFIG_FILE_FLAG) add(layer, [name, raw], findings);
  }
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    // The text itself is not repeated: it may be a secret that lost its name.
    if (at < 1)
      findings.problems.push(
        '--set (flag): is not of the form setting=value; write for example --set server.port=5000',
      );
    else add(layer, [assignment.slice(0, at).trim(), assignment.slice(at + 1)], findings);
  }
  return layer;
};

export interface SettingFlag {
  /** Without dashes in front: `base-url`. */
  readonly name: string;
  readonly path: string;
  readonly form: string;
  readonly description: string;
}

/** One flag per setting, for the command line's option list; secrets are left out of it, for the process list is public. */
export const settingFlags: readonly SettingFlag[] = allSettings
  .filter(({ setting }) => !setting.kind.isSecret)
  .map(({ path, setting }) => ({
    name: flagOf(setting),
    path,
    form: setting.kind.form,
    description: setting.description,
  }));
