import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { PasswordGuesses } from '../../../src/crypto/password-guesses.ts';
import { generateReadablePassword } from '../../../src/crypto/readable-password.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { PASSWORD } from '../../support/cast.ts';

const guesses = new PasswordGuesses();
afterAll(() => guesses.stop());
const isCommon = (text: string): Promise<boolean> => guesses.isCommon(new Secret(text));

describe('the list of common passwords', () => {
  test.each([
    ['a listed one', 'chickenwing101'],
    ['one that looks random to people who do not know the list', 'dkflbvbhjdbx'],
    ['one in capitals', 'UNBELIEVABLE'],
    ['one in mixed case', 'uNbElIeVaBlE'],
    ['one in wide letters', 'ｕｎｂｅｌｉｅｖａｂｌｅ'],
    ['one in leet', '@dm1n1str@t0r'],
    ['one read backwards', 'rotartsinimda'],
    ['one with a year', 'tinkerbell1953'],
    ['one with digits and a mark', 'counterstrike7!'],
    ['two of them', 'manchesterunited'],
    ['a name and a number', 'michaeljordan23'],
    ['one repeated', 'gfhjkmgfhjkmgfhjkm'],
    ['a walk over the keyboard', 'zaq12wsxcde34rfv'],
    ['one sign', 'x'.repeat(1000)],
  ])('has %s', async (_, text) => {
    expect(await isCommon(text)).toBe(true);
  });

  test.each([
    PASSWORD,
    'violet harbour lantern seven',
    'a sentence that only I know',
    'a long enough passphrase',
    'opportunity-knocks',
    'Tr0ub4dor&3-vexed',
    'vexed-kilns!',
    'пароль-из-деревни',
    '鹿が静かな湖で水を飲んだ朝',
  ])('does not have %s', async (text) => {
    expect(await isCommon(text)).toBe(false);
  });

  test('has no random text, and none that the program itself makes', async () => {
    for (let count = 0; count < 20; count += 1) {
      expect(await isCommon(randomBytes(9).toString('base64url'))).toBe(false);
      expect(await isCommon(generateReadablePassword().reveal())).toBe(false);
    }
  });

  test('answers any number of questions at once, each its own', async () => {
    const texts = Array.from({ length: 60 }, (_, at) =>
      at % 2 === 0 ? 'unbelievable' : randomBytes(12).toString('hex'),
    );
    expect(await Promise.all(texts.map(isCommon))).toEqual(texts.map((_, at) => at % 2 === 0));
  });

  test('turns a flood away with SERVICE_UNAVAILABLE and goes on', async () => {
    const flood = await Promise.allSettled(Array.from({ length: 300 }, () => isCommon('unbelievable')));
    const refused = flood.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toHaveLength(300 - 257);
    expect(refused[0]).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await isCommon(PASSWORD)).toBe(false);
  });
});

describe('the thread behind it', () => {
  test('is there when it is needed, ends when it is idle, and comes back', async () => {
    const own = new PasswordGuesses({ idleMs: 20 });
    expect(own.isRunning).toBe(false);
    const first = own.isCommon(new Secret('unbelievable'));
    await Promise.resolve();
    expect(own.isRunning).toBe(true);
    expect(await first).toBe(true);
    for (let waited = 0; own.isRunning && waited < 100; waited += 1) await sleep(20);
    expect(own.isRunning).toBe(false);
    expect(await own.isCommon(new Secret(PASSWORD))).toBe(false);
    await own.stop();
  });

  test('that ends while somebody waits fails the question, and not the next one', async () => {
    const own = new PasswordGuesses();
    const question = own.isCommon(new Secret('unbelievable'));
    const reason = question.catch((error: unknown) => error);
    await Promise.resolve();
    await own.stop();
    expect(await reason).toMatchObject({ message: expect.stringContaining('was stopped') });
    expect(await own.isCommon(new Secret('unbelievable'))).toBe(true);
    await own.stop();
  });

  // Uncut, the first of them alone would keep the thread busy for minutes, and the test would run out of its time.
  test('gets long texts cut to what is judged, so that the most hostile ones cost a moment', async () => {
    const texts = ['@4a8({[<3€69&#!1|0$5+7%2', '1/1/1111', '0123456789', 'p@$$w0rd1', 'aB3$'].map((one) =>
      one.repeat(300),
    );
    const judged = [];
    for (const text of texts) judged.push(await isCommon(text));
    expect(judged).toHaveLength(texts.length);
    expect(judged[2]).toBe(true);
  }, 60_000);
});
