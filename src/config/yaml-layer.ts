import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import type * as Yaml from 'yaml';
import type { Raw } from './kinds.ts';
import { type Findings, type Given, type Layer, shown } from './layers.ts';
import { nearest } from './near-miss.ts';
import { sectionNames, settingsByPath } from './settings.ts';

const DEFAULT_FILE = 'gatehouse.yaml';

/** Loaded only when there is a file: the parser would cost every start without one some 30 ms. */
const loadParser = (): typeof Yaml => createRequire(import.meta.url)('yaml') as typeof Yaml;

interface Reading {
  readonly yaml: typeof Yaml;
  readonly name: string;
  readonly document: Yaml.Document.Parsed;
  readonly lines: Yaml.LineCounter;
  readonly findings: Findings;
  readonly layer: Map<string, Given>;
}

const resolved = (reading: Reading, node: unknown): unknown =>
  reading.yaml.isAlias(node) ? (node.resolve(reading.document) ?? node) : node;

const place = (reading: Reading, node: unknown): string => {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
  const offset: unknown = Array.isArray(range) ? range[0] : null;
  return typeof offset === 'number' ? `${reading.name} line ${reading.lines.linePos(offset).line}` : reading.name;
};

/** The text as written: `0123` or `1e3` given as a password must not lose digits on the way through a number. */
const scalarText = ({ yaml }: Reading, node: unknown): string | null => {
  if (node === null) return '';
  if (!yaml.isScalar(node)) return null;
  if (node.value === null) return '';
  return typeof node.value === 'string' ? node.value : (node.source ?? null);
};

const rawOf = (reading: Reading, node: unknown): Raw | null => {
  if (!reading.yaml.isSeq(node)) return scalarText(reading, node);
  const items = node.items.map((item) => scalarText(reading, resolved(reading, item)));
  return items.every((item) => item !== null) ? items : null;
};

/** Deeper than any setting; an alias that names one of its own ancestors would have no end. */
const MAXIMUM_DEPTH = 10;

/** Objects and lists for JSON, every value in them the text as written. */
const structureOf = (reading: Reading, given: unknown, depth = 0): unknown => {
  const node = resolved(reading, given);
  if (depth >= MAXIMUM_DEPTH) return null;
  if (reading.yaml.isSeq(node)) return node.items.map((item) => structureOf(reading, item, depth + 1));
  if (!reading.yaml.isMap(node)) return scalarText(reading, node);
  return Object.fromEntries(
    node.items.map(({ key, value }) => [scalarText(reading, key) ?? '', structureOf(reading, value, depth + 1)]),
  );
};

const unknownKey = (reading: Reading, path: string, at: unknown): void => {
  const meant = nearest(path, [...settingsByPath.keys(), ...sectionNames], 4);
  const hint = meant === null ? 'see docs/configuration.md' : `did you mean ${meant}?`;
  reading.findings.problems.push(`${shown(path)} (${place(reading, at)}): there is no such setting; ${hint}`);
};

const readSection = (reading: Reading, section: string, value: unknown): void => {
  if (reading.yaml.isScalar(value) && value.value === null) return;
  if (!reading.yaml.isMap(value)) {
    reading.findings.problems.push(
      `${section} (${place(reading, value)}): is a section; put its settings below it, indented`,
    );
    return;
  }
  for (const pair of value.items) {
    const path = `${section}.${scalarText(reading, pair.key) ?? ''}`;
    readSetting(reading, path, { key: pair.key, value: resolved(reading, pair.value) });
  }
};

const readSetting = (reading: Reading, path: string, pair: { key: unknown; value: unknown }): void => {
  const entry = settingsByPath.get(path);
  if (entry === undefined) {
    unknownKey(reading, path, pair.key);
    return;
  }
  const isStructure = entry.setting.kind.isStructured === true && !reading.yaml.isScalar(pair.value);
  const raw = isStructure ? JSON.stringify(structureOf(reading, pair.value)) : rawOf(reading, pair.value);
  const origin = place(reading, pair.key);
  if (raw === null)
    reading.findings.problems.push(
      `${path} (${origin}): is no single value and no plain list; see docs/configuration.md`,
    );
  else reading.layer.set(path, { raw, origin });
};

const readDocument = (reading: Reading): void => {
  const { document, findings, lines, name, yaml } = reading;
  // The library's messages can quote the file, secrets included, so that only the kind of mistake and its place are told.
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    const { line, col } = lines.linePos(pos[0]);
    const mistake = code.toLowerCase().replaceAll('_', ' ');
    findings.problems.push(`${name} line ${line}, column ${col}: is not valid YAML (${mistake}); correct the file`);
  }
  if (document.errors.length > 0 || document.contents === null) return;
  if (yaml.isScalar(document.contents) && document.contents.value === null) return;
  if (!yaml.isMap(document.contents)) {
    findings.problems.push(`${name}: holds no settings; write sections such as "server:" with indented settings below`);
    return;
  }
  for (const pair of document.contents.items) {
    const key = scalarText(reading, pair.key) ?? '';
    const value = resolved(reading, pair.value);
    if (sectionNames.has(key)) readSection(reading, key, value);
    else readSetting(reading, key, { key: pair.key, value });
  }
};

/** Reads the YAML file. `file` null: `gatehouse.yaml` of the working directory, which may be missing; a named file may not. */
export const yamlLayer = (cwd: string, file: string | null, findings: Findings): Layer => {
  const path = resolve(cwd, file ?? DEFAULT_FILE);
  const layer = new Map<string, Given>();
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    if (code === 'ENOENT' && file === null) return layer;
    const wrong = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    findings.problems.push(`${shown(path)} (configuration file): ${wrong}; correct GATEHOUSE_CONFIG or --config`);
    return layer;
  }
  const yaml = loadParser();
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(content, { lineCounter: lines, prettyErrors: false });
  readDocument({ yaml, name: basename(path), document, lines, findings, layer });
  return layer;
};
