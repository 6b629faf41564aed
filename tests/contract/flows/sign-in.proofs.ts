import { ResendInviteDocument } from '../../../generated/client/graphql.ts';
import { createToken } from '../../../src/crypto/opaque-token.ts';
import type { FactorMethod } from '../../../src/vocabulary.ts';
import { SoftwarePasskey } from '../../support/authenticator.ts';
import { PASSWORD } from '../../support/cast.ts';
import type { FlowWorld } from '../../support/flow-world.ts';
import type { LyingProvider } from '../../support/lying-provider.ts';
import { nextCode, wrongCode } from '../../support/mfa.ts';
import { askForSignIn } from '../../support/passkeys.ts';
import { askForCode, otherCode } from '../../support/sign-up.ts';
import type { Applicant } from './sign-in.person.ts';
import type { Answer, SignInWays } from './sign-in.ways.ts';

export const NO_CODE = '000000';
const NO_RECOVERY_CODE = 'AAAA-AAAA-AAAA-AAAA';

interface Place {
  readonly world: FlowWorld;
  readonly ways: SignInWays;
  readonly provider: () => LyingProvider;
}

/** Whoever signs in, and somebody else who has the same kinds of proofs. */
interface People {
  readonly ada: Applicant;
  readonly mallory: Applicant;
}

/** An invited person who kept a second factor: the account was active once. */
const invitedAgain = async ({ world, ways }: Place, person: Applicant): Answer => {
  await world.app.database.query(`update users set status = 'INVITED' where id = $1`, [person.id]);
  await (await world.admin()).send(ResendInviteDocument, { input: { userId: person.id } });
  return ways.invitation(person);
};

export type FirstFactor = 'PASSWORD' | 'CODE' | 'LINK' | 'EXTERNAL_PROVIDER' | 'RESET' | 'INVITATION' | 'PASSKEY';

/** Each first factor, proved; and how the record names it. */
export const provedBy = (
  place: Place,
): Readonly<Record<FirstFactor, readonly [FactorMethod, (person: Applicant) => Answer]>> => {
  const { ways } = place;
  return {
    PASSWORD: ['PASSWORD', (person) => ways.password(person, PASSWORD)],
    CODE: ['CODE', (person) => ways.code(person)],
    LINK: ['LINK', (person) => ways.link(person)],
    EXTERNAL_PROVIDER: ['EXTERNAL_PROVIDER', (person) => ways.provider(person)],
    RESET: ['POSSESSION', (person) => ways.reset(person)],
    INVITATION: ['POSSESSION', (person) => invitedAgain(place, person)],
    PASSKEY: ['PASSKEY', (person) => ways.passkey(person)],
  };
};

/** Each first factor with a proof that is none. Those of mallory are right for mallory. */
export const unprovedBy = (
  { world, ways, provider }: Place,
  { ada, mallory }: People,
): Readonly<Record<FirstFactor, () => Promise<Readonly<Record<string, () => Answer>>>>> => ({
  PASSWORD: async () => ({
    wrong: () => ways.password(ada, 'not the password at all'),
    missing: () => ways.password(ada, ''),
    'wrong, with a right second factor': () =>
      ways.password(ada, 'not the password at all', nextCode(world.app, ada.secret)),
    'a second factor instead': () => ways.password(ada, nextCode(world.app, ada.secret)),
    'right, with a wrong second factor': () => ways.password(ada, PASSWORD, wrongCode(world.app, ada.secret)),
    'right, with the second factor of another person': () =>
      ways.password(ada, PASSWORD, nextCode(world.app, mallory.secret)),
    'right, with a recovery code of another person': () => ways.password(ada, PASSWORD, mallory.recoveryCodes[0]),
  }),
  CODE: async () => {
    const [own, foreign] = [await askForCode(world.app, ada.email), await askForCode(world.app, mallory.email)];
    const [code, foreignCode] = [await world.newestCode(ada.email), await world.newestCode(mallory.email)];
    const other = code === foreignCode ? otherCode(code ?? NO_CODE) : (foreignCode ?? NO_CODE);
    return {
      wrong: () => ways.codeWith(ada, { verificationToken: own, code: otherCode(code ?? NO_CODE) }),
      missing: () => ways.codeWith(ada, { verificationToken: own, code: '' }),
      'no code at all': () => ways.codeWith(ada, { verificationToken: own }),
      'no token at all': () => ways.codeWith(ada, { code: code ?? NO_CODE }),
      'of another person': () => ways.codeWith(ada, { verificationToken: own, code: other }),
      'with the token of another person': () =>
        ways.codeWith(ada, { verificationToken: foreign, code: code === foreignCode ? NO_CODE : (code ?? NO_CODE) }),
    };
  },
  LINK: async () => {
    const link = (await world.signInLink(ada.email)) ?? '';
    return {
      wrong: () => ways.codeWith(ada, { linkToken: createToken('mailedSignIn').token.reveal() }),
      missing: () => ways.codeWith(ada, { linkToken: '' }),
      truncated: () => ways.codeWith(ada, { linkToken: link.slice(0, -1) }),
      'nothing at all': () => ways.codeWith(ada, {}),
      'a code beside it': () => ways.codeWith(ada, { linkToken: link, code: NO_CODE }),
    };
  },
  EXTERNAL_PROVIDER: async () => ({
    'for another audience': () => ways.provider(ada, false),
    missing: () => ways.providerWith(ada, ''),
    unsigned: async () => {
      const [header, claims] = (await provider().accessToken({ sub: ada.subject })).split('.');
      return ways.providerWith(ada, `${header}.${claims}.`);
    },
    'of somebody unknown': async () =>
      ways.providerWith(ada, await provider().accessToken({ sub: `${ada.subject}-too` })),
    expired: async () => ways.providerWith(ada, await provider().accessToken({ sub: ada.subject, exp: 1 })),
  }),
  RESET: async () => {
    await world.requestReset(ada.email);
    const link = await world.newestLink(ada.email, 'reset');
    return {
      wrong: () => ways.newPassword(ada, createToken('reset').token.reveal()),
      missing: () => ways.newPassword(ada, ''),
      truncated: () => ways.newPassword(ada, (link ?? '').slice(0, -1)),
      'right, with a password that is refused': () => ways.newPassword(ada, link, 'short'),
    };
  },
  INVITATION: async () => ({
    wrong: () => ways.newPassword(ada, createToken('invite').token.reveal()),
    missing: () => ways.newPassword(ada, ''),
  }),
  PASSKEY: async () => {
    const ask = () => askForSignIn(world.app.anonymous(), ada.email);
    const [first, second] = [await ask(), await ask()];
    return {
      'signed by another key': () => ways.passkey(ada, false),
      missing: async () => ways.passkeyWith(ada, (await ask()).challengeToken, {}),
      'of another person': async () => {
        const { options, challengeToken } = await ask();
        return ways.passkeyWith(ada, challengeToken, { ...mallory.key.authenticate(options) });
      },
      'to another question': () =>
        ways.passkeyWith(ada, first.challengeToken, { ...ada.key.authenticate(second.options) }),
      'without user verification': async () => {
        const { options, challengeToken } = await ask();
        const response = { ...ada.key.authenticate(options, { userVerified: false }) };
        return ways.passkeyWith(ada, challengeToken, response);
      },
      'with a made-up question': () =>
        ways.passkeyWith(ada, createToken('challenge').token.reveal(), { ...ada.key.authenticate(second.options) }),
    };
  },
});

/** Answers to a challenge that prove nothing of the person whose it is. */
export const wrongAnswers = async (
  { world }: Place,
  { ada, mallory }: People,
  options: object | null,
): Promise<Readonly<Record<string, Record<string, unknown>>>> => {
  const stranger = new SoftwarePasskey();
  const question = options ?? { challenge: 'bm90aGluZw', rpId: 'localhost' };
  const another = await askForSignIn(world.app.anonymous(), ada.email);
  const passkeyOf = (key: SoftwarePasskey, asked: object, lies = {}) => ({
    passkeyResponse: { ...key.authenticate(asked, lies) },
  });
  return {
    nothing: {},
    'an empty code': { code: '' },
    'a wrong code': { code: wrongCode(world.app, ada.secret) },
    'the code of another person': { code: nextCode(world.app, mallory.secret) },
    'two proofs': { code: NO_CODE, recoveryCode: NO_RECOVERY_CODE },
    'the password': { code: PASSWORD },
    'an empty recovery code': { recoveryCode: '' },
    'a wrong recovery code': { recoveryCode: NO_RECOVERY_CODE },
    'a recovery code of another person': { recoveryCode: mallory.recoveryCodes[1] },
    'a recovery code in the place of a code': { code: ada.recoveryCodes[1] },
    'an empty passkey': { passkeyResponse: {} },
    'an unknown passkey': passkeyOf(stranger, question),
    'the passkey of another person': passkeyOf(mallory.key, question),
    'the passkey signed by another key': passkeyOf(ada.key, question, { key: stranger.privateKey }),
    'the passkey without user verification': passkeyOf(ada.key, question, { userVerified: false }),
    'the passkey, for another question': passkeyOf(ada.key, another.options),
  };
};
