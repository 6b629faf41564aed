import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dueTargets, root, stamp, stateOf } from './stale.mjs';

const source = join(root, 'templates');

/**
 * Turns the MJML of the messages into HTML once, so that the server needs no MJML, and puts it into `dist/templates` with the text
 * twins, the languages, and what the browser loads for the account pages. What stands in `<% %>` is left for the server. @returns {Promise<number>} how many templates
 */
export const buildTemplates = async () => {
  const { default: mjml2html } = await import('mjml');
  const output = join(root, 'dist', 'templates');
  const fresh = `${output}.${process.pid}`;
  const names = readdirSync(source).filter((name) => name.endsWith('.mjml'));
  try {
    mkdirSync(fresh, { recursive: true });
    for (const name of names) {
      const path = join(source, name);
      const { html, errors } = await mjml2html(readFileSync(path, 'utf8'), {
        fonts: {}, // else every mail would ask a font host for files
        filePath: path,
        ignoreIncludes: false,
        validationLevel: 'soft',
        minify: false,
        beautify: false,
      });
      if (errors.length > 0) throw new Error(`${name}: ${errors.map((error) => error.formattedMessage).join('; ')}`);
      writeFileSync(join(fresh, `${basename(name, '.mjml')}.html`), compact(html));
    }
    for (const name of readdirSync(source).filter((file) => file.endsWith('.txt'))) {
      cpSync(join(source, name), join(fresh, name));
    }
    for (const folder of ['locales', 'account']) {
      cpSync(join(source, folder), join(fresh, folder), { recursive: true });
    }
    rmSync(output, { recursive: true, force: true });
    renameSync(fresh, output);
    return names.length;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

/** For those that run the sources instead of a build: builds the templates when there are none or theirs changed. */
export const ensureTemplates = async () => {
  if (dueTargets(['templates']).length === 0) return;
  const state = stateOf('templates');
  await buildTemplates();
  stamp('templates', state);
};

/** Indentation and empty lines, which MJML leaves many of. */
const compact = (html) =>
  `${html
    .replaceAll(/^[ \t]+|[ \t]+$/gm, '')
    .replaceAll(/\n{2,}/g, '\n')
    .trim()}\n`;
