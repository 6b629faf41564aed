import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDotenv } from './dotenv-text.ts';
import { type Findings, type Given, type Layer, shown } from './layers.ts';
import { nearest } from './near-miss.ts';
import { unansweredSettings } from './source-settings.ts';
import type { Alias } from './setting.ts';
import { allSettings, type ListedSetting } from './settings.ts';

type Variables = Readonly<Record<string, string | undefined>>;

interface Place {
  /** Finishes "the value came from ..." in messages. */
  readonly where: string;
  readonly findings: Findings;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';

/** Names the YAML file; read from the environment of the process only. */
export const CONFIG_FILE_VARIABLE = 'GATEHOUSE_CONFIG';

export const PROCESS_ENVIRONMENT = 'the environment';

const unansweredByName = new Map(unansweredSettings.map((entry) => [entry.name, entry]));

const spellingsOf = ({ setting }: ListedSetting): readonly Alias[] => [
  { name: setting.env, row: null },
  ...(setting.aliases ?? []),
];

/** Names the file that holds a secret, as secret stores and container engines mount them. */
const fileOf = (name: string): string => `${name}_FILE`;

const settingNames: ReadonlySet<string> = new Set(
  allSettings.flatMap((entry) =>
    spellingsOf(entry).flatMap(({ name }) => (entry.setting.kind.isSecret ? [name, fileOf(name)] : [name])),
  ),
);

/** The text of a file without the newline at its end; null, and a problem, when it cannot be read. */
const secretIn = (path: string, about: string, findings: Findings): string | null => {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    findings.problems.push(`${about}: the file ${shown(path)} cannot be read (${codeOf(error)}); correct the path`);
    return null;
  }
};

const givenBy = (entry: ListedSetting, variables: Variables, { where, findings }: Place) =>
  spellingsOf(entry).flatMap((spelling) => {
    const { name } = spelling;
    const file = entry.setting.kind.isSecret ? variables[fileOf(name)] : undefined;
    const fromFile = file === undefined ? null : secretIn(file, `${fileOf(name)} in ${where}`, findings);
    const given = [
      { name, text: variables[name] },
      { name: fileOf(name), text: fromFile ?? undefined },
    ];
    return given.flatMap((one) =>
      one.text === undefined
        ? []
        : [{ name: one.name, raw: spelling.read?.(one.text) ?? one.text, origin: `${one.name} in ${where}` }],
    );
  });

/** The settings among the variables. Two spellings that disagree are told; the first, our own, wins. */
const settingsAmong = (variables: Variables, where: string, findings: Findings): Layer => {
  const layer = new Map<string, Given>();
  for (const entry of allSettings) {
    const [first, ...others] = givenBy(entry, variables, { where, findings });
    if (first === undefined) continue;
    layer.set(entry.path, { raw: first.raw, origin: first.origin });
    const other = others.find(({ raw }) => raw !== first.raw);
    if (other !== undefined) {
      findings.warnings.push(`${first.origin} and ${other.name} differ; ${first.name} is used, remove ${other.name}`);
    }
  }
  return layer;
};

/** Short names are near to many unrelated ones, so that they get less tolerance. */
const allowedMistakes = (name: string): number => (name.length >= 10 ? 2 : 1);

const nearMiss = (name: string): string | null => {
  if (name.startsWith('GATEHOUSE_')) {
    const bare = name.slice('GATEHOUSE_'.length);
    if (settingNames.has(bare)) return bare;
    return nearest(name, [CONFIG_FILE_VARIABLE], 3) ?? nearest(bare, settingNames, 2);
  }
  return name.length < 6 ? null : nearest(name, settingNames, allowedMistakes(name));
};

const checkName = (name: string, where: string, findings: Findings): void => {
  if (settingNames.has(name) || (name === CONFIG_FILE_VARIABLE && where === PROCESS_ENVIRONMENT)) return;
  const unanswered = unansweredByName.get(name);
  if (unanswered !== undefined) {
    const instead = unanswered.twin === null ? '' : `; see ${unanswered.twin}`;
    findings.warnings.push(`${name} in ${where} has no effect: ${unanswered.answer}${instead}`);
    return;
  }
  const meant = nearMiss(name);
  if (meant !== null) findings.warnings.push(`${name} in ${where} has no effect; did you mean ${meant}?`);
  else if (name.startsWith('GATEHOUSE_'))
    findings.warnings.push(`${name} in ${where} has no effect: there is no such setting`);
};

/** The layer of environment variables, or of one `.env` file (`where` names it). */
export const environmentLayer = (variables: Variables, where: string, findings: Findings): Layer => {
  for (const name of Object.keys(variables)) {
    if (variables[name] !== undefined) checkName(name, where, findings);
  }
  return settingsAmong(variables, where, findings);
};

/** A `.env` file of the working directory; empty when there is none. */
export const dotenvLayer = (cwd: string, name: string, findings: Findings): Layer => {
  try {
    const { variables, oddities } = readDotenv(readFileSync(join(cwd, name), 'utf8'));
    findings.warnings.push(...oddities.map((oddity) => `${name} ${oddity}`));
    return environmentLayer(variables, name, findings);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT')
      findings.problems.push(`${shown(name)}: cannot be read (${code}); make it readable or remove it`);
    return new Map();
  }
};
