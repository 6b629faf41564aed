import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runAlone } from '../../support/command-line.ts';
import { startSmtpServer } from '../../support/smtp-server.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-mail-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { exitCode, out, notes } = await runAlone(['mail', ...args], { cwd: directory, env });
  return { exitCode, out: out.join('\n'), notes: notes.join('\n') };
};

describe('mail preview', () => {
  test('prints subject and text in a language', async () => {
    const { exitCode, out } = await run(['preview', 'invite', '--locale', 'it-CH']);
    expect(exitCode).toBe(0);
    expect(out).toContain('Subject: Il tuo account su Gatehouse');
    expect(out).toContain('https://id.example.org/account/invite#token=');
  });

  test('writes both forms into a directory', async () => {
    const { exitCode, out } = await run(['preview', 'reset', '--locale', 'de', '--out', join(directory, 'preview')]);
    expect(exitCode).toBe(0);
    expect(readdirSync(join(directory, 'preview')).toSorted()).toEqual(['reset.de.html', 'reset.de.txt']);
    expect(out).toContain(join(directory, 'preview', 'reset.de.html'));
    expect(readFileSync(join(directory, 'preview', 'reset.de.html'), 'utf8')).toContain('<html lang="de"');
  });

  test('shows the short form of a code', async () => {
    const { out } = await run(['preview', 'code', '--sms']);
    expect(out).toContain('493817 is your code for Gatehouse.');
    expect((await run(['preview', 'invite', '--sms'])).exitCode).toBe(1);
  });

  test('says which templates there are', async () => {
    const { exitCode, notes } = await run(['preview', 'welcome']);
    expect(exitCode).toBe(2);
    expect(notes).toMatch(/no template "welcome"; there are invite, organization-invite, reset, /);
  });

  test('tells what is broken in TEMPLATES_DIR', async () => {
    writeFileSync(join(directory, 'reset.txt'), 'Hello <%= it.');
    const { exitCode, notes, out } = await run(['preview', 'reset'], { TEMPLATES_DIR: directory });
    expect(exitCode).toBe(0);
    expect(notes).toContain('reset.txt');
    expect(out).toContain('Choose a new password'); // the built-in one
  });
});

test('mail templates copies what there is, into an empty directory only', async () => {
  const target = join(directory, 'mine');
  expect((await run(['templates', target])).exitCode).toBe(0);
  expect(existsSync(join(target, 'invite.html'))).toBe(true);
  expect(readdirSync(join(target, 'locales')).toSorted()).toEqual(['de.json', 'en.json', 'it.json']);
  expect((await run(['templates', target])).exitCode).toBe(2);
});

describe('mail test', () => {
  test('sends a message by the settings', async () => {
    const server = await startSmtpServer({ hideSTARTTLS: true });
    const env = {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(server.port),
      SMTP_FROM: 'id@example.org',
      SMTP_TLS: 'none',
    };
    const { exitCode, out } = await run(['test', 'ada@example.com'], env);
    expect([exitCode, out]).toEqual([0, 'The message to ada@example.com was taken (smtp).']);
    expect(server.received).toMatchObject([
      { to: ['ada@example.com'], mail: { subject: 'A test message of Gatehouse', from: { name: 'Gatehouse' } } },
    ]);
    await server.close();
  });

  test('says what the server said, and fails', async () => {
    const server = await startSmtpServer({
      hideSTARTTLS: true,
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('not here'), { responseCode: 550 })),
    });
    const env = {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(server.port),
      SMTP_FROM: 'id@example.org',
      SMTP_TLS: 'none',
    };
    const { exitCode, notes } = await run(['test', 'ada@example.com'], env);
    expect([exitCode, notes]).toEqual([1, 'The mail server refused the message: 550 not here']);
    await server.close();
  });

  test('says what is missing where nothing would leave', async () => {
    const { exitCode, notes } = await run(['test', 'ada@example.com']);
    expect(exitCode).toBe(1);
    expect(notes).toMatch(/mail\.transport is inbox, so nothing leaves; give SMTP_HOST/);
  });
});

test('a place where nothing can be made is told as that', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(await run(['templates', file])).toMatchObject({ exitCode: 2, notes: `${file} is a file.` });
  for (const args of [
    ['templates', join(file, 'x')],
    ['preview', 'invite', '--out', join(file, 'x')],
  ]) {
    expect(await run(args)).toMatchObject({ exitCode: 2, notes: `${join(file, 'x')} cannot be made (ENOTDIR).` });
  }
});
