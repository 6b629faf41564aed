/**
 * Writes src/services/username-confusables.ts from Unicode's confusables.txt (UTS 39). Of its pairs those are kept that a user
 * name can come to after case folding: letters, digits and marks of scripts in modern use.
 * Usage: node scripts/build-confusables.mjs <confusables.txt>, from https://www.unicode.org/Public/security/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './stale.mjs';

const [, , path] = process.argv;
if (path === undefined) throw new Error('Give the path of confusables.txt.');
const text = readFileSync(path, 'utf8');
const version = /^# Version: ([\d.]+)/m.exec(text)?.[1];
const year = /^# Date: (\d{4})/m.exec(text)?.[1];
if (version === undefined || year === undefined) throw new Error('This is no confusables.txt.');

/** UAX 31 table 5: the scripts that names are written in today. */
const RECOMMENDED =
  'Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira Kana Khmr Knda Laoo Latn Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'.split(
    ' ',
  );
const written = new RegExp(`^[${[...RECOMMENDED, 'Zyyy', 'Zinh'].map((name) => `\\p{scx=${name}}`).join('')}]$`, 'u');

/** The marks that letters come apart into; a user name holds no others. */
const marks = new Set();
for (let code = 0; code <= 0x10_ff_ff; code += 1) {
  const letter = String.fromCodePoint(code);
  if (!/^\p{L}$/u.test(letter)) continue;
  for (const mark of letter.normalize('NFD').match(/\p{M}/gu) ?? []) marks.add(mark);
}

/** @param {string} source */
const occurs = (source) => {
  const folded = source.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFD');
  return folded === source && (/^[\p{L}\p{N}._-]$/u.test(source) || marks.has(source)) && written.test(source);
};

/** @param {string} codes */
const textOf = (codes) =>
  String.fromCodePoint(
    ...codes
      .trim()
      .split(/\s+/)
      .map((code) => Number.parseInt(code, 16)),
  );

/** @type {Map<string, string[]>} */
const groups = new Map();
for (const line of text.split('\n')) {
  const [codes, prototype] = line.replace(/^\uFEFF/, '').split(';');
  if (codes === undefined || prototype === undefined || !/^[0-9A-F]/.test(codes)) continue;
  const source = textOf(codes);
  if (occurs(source)) groups.set(textOf(prototype), [...(groups.get(textOf(prototype)) ?? []), source]);
}

/** @param {string} part */
const hex = (part) => Array.from(part, (letter) => letter.codePointAt(0)?.toString(16)).join('+');
const lines = [''];
for (const [prototype, sources] of groups) {
  const entry = `${hex(prototype)}<${sources.map(hex).join(',')}`;
  const last = lines.at(-1) ?? '';
  if (last !== '' && last.length + entry.length > 115) lines.push(entry);
  else lines[lines.length - 1] = `${last} ${entry}`.trim();
}

writeFileSync(
  join(root, 'src/services/username-confusables.ts'),
  `/*
 * Made by scripts/build-confusables.mjs from confusables.txt of Unicode Security Mechanisms (UTS 39), version ${version}.
 * Copyright (c) ${year} Unicode, Inc. Used and changed under the Unicode License V3, https://www.unicode.org/license.txt:
 * only letters, digits and marks that a folded user name can hold were kept.
 */

/** What characters look like \`<\` the characters that look like it, as code points in hexadecimal. */
export const confusables = \`
${lines.join('\n')}
\`;
`.replaceAll('\\`', '`'),
);
