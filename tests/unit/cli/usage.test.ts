import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runAlone } from '../../support/command-line.ts';
import { productionEnv } from '../config/working-directory.ts';

/** Runs a command where a database must not be needed, and where no file must be left. */
const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const cwd = mkdtempSync(join(tmpdir(), 'gatehouse-usage-'));
  onTestFinished(() => {
    expect(readdirSync(cwd)).toEqual([]);
    rmSync(cwd, { recursive: true });
  });
  const { exitCode, out, notes } = await runAlone(args, { cwd, env });
  return { exitCode, out: out.join('\n'), notes };
};

describe('help', () => {
  test('reads well', async () => {
    const { exitCode, out, notes } = await run(['--help']);
    expect(exitCode).toBe(0);
    expect(notes).toEqual([]);
    expect(out).toMatchSnapshot('all');
  });

  test('of a group and of a command reads well', async () => {
    expect((await run(['migrate', '--help'])).out).toMatchSnapshot('migrate');
    expect((await run(['create-admin', '--help'])).out).toMatchSnapshot('create-admin');
  });

  test('is what a bare call shows', async () => {
    expect(await run([])).toEqual(await run(['--help']));
  });
});

describe('a wrong call', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['migrat'], "error: unknown command 'migrat' (Did you mean migrate?) See --help."],
    [['migrate', 'stauts'], "error: unknown command 'stauts' (Did you mean status?) See --help."],
    [['migrate', 'up', '--force'], "error: unknown option '--force'. See --help."],
    [['reset', '--yess'], "error: unknown option '--yess' (Did you mean --yes?) See --help."],
    [
      ['migrate', 'up', 'one', 'two'],
      "error: too many arguments for 'up'. Expected 1 argument but got 2: one, two. See --help.",
    ],
    [['migrate', 'create'], "error: missing required argument 'what'. See --help."],
    [['seed', '--env'], "error: option '-e, --env <environment>' argument missing. See --help."],
  ];

  test.each(cases)('%j is answered in one line with the likely meaning', async (args, line) => {
    expect(await run(args)).toEqual({ exitCode: 2, out: '', notes: [line] });
  });

  test('a group without a command shows its help and fails', async () => {
    const { exitCode, notes } = await run(['migrate']);
    expect(exitCode).toBe(2);
    expect(notes.join('\n')).toContain('npm run cli -- migrate [options] [command]');
  });

  test('wrong settings are listed, wherever they come from', async () => {
    const { exitCode, notes } = await run([
      'migrate',
      'up',
      '--env',
      'prodution',
      '--set',
      'server.prot=1',
      '--set',
      'nonsense',
    ]);
    expect(exitCode).toBe(3);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('3 settings are wrong');
    expect(notes[0]).toContain('did you mean server.port?');
  });

  test('a missing settings file is named', async () => {
    const { exitCode, notes } = await run(['config', 'check', '--config', 'absent.yaml']);
    expect(exitCode).toBe(3);
    expect(notes[0]).toContain('absent.yaml');
  });
});

describe('config check', () => {
  test('shows every setting and where it came from, after flags of any place', async () => {
    const { exitCode, out } = await run(['--set', 'server.port=5000', 'config', 'check', '--env', 'staging']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^environment +staging +\(flag --environment\)$/m);
    expect(out).toMatch(/^server\.port +5000 +\(flag --set server\.port\)$/m);
    expect(out).toMatch(/No problems found\.$/);
  });

  test('holds settings against the rules of production before they go there', async () => {
    const { exitCode, out, notes } = await run(['config', 'check', '--production']);
    expect(exitCode).toBe(3);
    expect(out).toContain('server.baseUrl');
    expect(notes[0]).toContain('keys.masterKeys');
    const fit = await run(['config', 'check', '--production'], productionEnv);
    expect(fit).toMatchObject({ exitCode: 0, notes: [] });
    expect(fit.out).toMatch(/Fit for production; \d+ of the list are worth a look\.$/);
    expect(fit.out).toMatch(/^by hand +Backups: +of the database/m);
  });

  test('shows no secret', async () => {
    const { out } = await run(['config', 'check'], productionEnv);
    for (const secret of ['tr0ub4dor', productionEnv.MASTER_KEYS.slice(3), productionEnv.METRICS_TOKEN]) {
      expect(out).not.toContain(secret);
    }
  });
});

describe('commands that destroy', () => {
  test('are refused in production before anything is opened', async () => {
    for (const args of [
      ['migrate', 'down'],
      ['reset', '--yes'],
    ]) {
      expect((await run(args, productionEnv)).exitCode).toBe(4);
    }
  });

  test('are not run where nobody can be asked', async () => {
    const { exitCode, notes } = await run(['reset']);
    expect(exitCode).toBe(4);
    expect(notes).toEqual(['Refused: reset destroys all data; nobody is there to ask, so say --yes.']);
    expect((await run(['migrate', 'down'])).exitCode).toBe(4);
  });
});
