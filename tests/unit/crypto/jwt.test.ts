import { createHmac, createPrivateKey, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import {
  base64url,
  CompactSign,
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  importJWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AccessClaims } from '../../../src/crypto/access-claims.ts';
import { keyIdOf, signAccessToken, TokenError, verifyAccessToken } from '../../../src/crypto/jwt.ts';
import { type Keyring, type SigningAlgorithm, signingAlgorithms } from '../../../src/crypto/signing-keys.ts';
import { AUDIENCE, claims, expected, ISSUER, makeKey, NOW, NOW_SECONDS, outcomeOf } from './jwt-fixtures.ts';
import { printed } from './printed.ts';

type Key = Awaited<ReturnType<typeof makeKey>>;
const keys = new Map<SigningAlgorithm, Key>();
let keyring: Keyring = new Map();

const keyOf = (algorithm: SigningAlgorithm): Key => {
  const key = keys.get(algorithm);
  if (key === undefined) {
    throw new Error(`no ${algorithm} key`);
  }
  return key;
};

beforeAll(async () => {
  for (const algorithm of signingAlgorithms) {
    keys.set(algorithm, await makeKey(algorithm));
  }
  keyring = new Map([...keys.values()].map(({ verification }) => [verification.kid, verification]));
});

const encode = (value: unknown): string => base64url.encode(JSON.stringify(value));
const verify = (token: string, changes: Partial<typeof expected> = {}) =>
  verifyAccessToken(token, keyring, { ...expected, ...changes });
const outcome = (token: string, changes: Partial<typeof expected> = {}) => outcomeOf(verify(token, changes));

/** Signs anything with our key by the library, to try what our own signer would never write. */
const signAnything = async (payload: JWTPayload, header: Record<string, unknown> = {}): Promise<string> => {
  const { generated } = keyOf('ES256');
  const key = await importJWK(JSON.parse(generated.privateJwk.reveal()) as Record<string, string>, 'ES256');
  const complete = { alg: 'ES256', typ: 'at+jwt', kid: generated.kid, ...header };
  return new SignJWT(payload).setProtectedHeader(complete).sign(key);
};

describe.each(signingAlgorithms)('access tokens signed with %s', (algorithm) => {
  test('give their claims back', async () => {
    const token = await signAccessToken(keyOf(algorithm).signing, claims);
    expect(await verify(token)).toEqual(claims);
  });

  test('are at+jwt, name their key and add no claim', async () => {
    const token = await signAccessToken(keyOf(algorithm).signing, claims);
    expect(decodeProtectedHeader(token)).toEqual({
      alg: algorithm,
      typ: 'at+jwt',
      kid: keyOf(algorithm).generated.kid,
    });
    expect(decodeJwt(token)).toEqual(claims);
  });

  test('are refused after any one character was changed', async () => {
    const token = await signAccessToken(keyOf(algorithm).signing, claims);
    const positions = fc.nat({ max: token.length - 1 });
    await fc.assert(
      fc.asyncProperty(positions, fc.constantFrom(...Array.from('ABCMNXYZabcmnxyz0189-_.=')), async (at, character) => {
        fc.pre(token.charAt(at) !== character);
        expect(await outcome(token.slice(0, at) + character + token.slice(at + 1))).not.toBe('accepted');
      }),
      {
        numRuns: 150,
        examples: [
          [token.length - 1, 'A'],
          [token.length - 1, 'B'],
          [0, 'f'],
        ],
      },
    );
  });

  test('are refused when shortened', async () => {
    const token = await signAccessToken(keyOf(algorithm).signing, claims);
    for (const length of [
      0,
      1,
      token.indexOf('.'),
      token.lastIndexOf('.'),
      token.lastIndexOf('.') + 1,
      token.length - 1,
    ]) {
      expect(await outcome(token.slice(0, length))).not.toBe('accepted');
    }
  });
});

test.each(['EdDSA', 'RS256'] as const)(
  'with %s equal claims give the equal token, in whatever order they stand',
  async (algorithm) => {
    const { signing } = keyOf(algorithm);
    const reordered = Object.fromEntries(Object.entries(claims).toReversed()) as unknown as AccessClaims;
    expect(await signAccessToken(signing, reordered)).toBe(await signAccessToken(signing, claims));
    expect(await signAccessToken(signing, { ...claims, jti: 'another' })).not.toBe(
      await signAccessToken(signing, claims),
    );
  },
);

describe('algorithm confusion', () => {
  test.each(['none', 'None', 'NONE', ''])('alg "%s" without a signature is refused', async (alg) => {
    for (const { generated } of keys.values()) {
      const unsigned = `${encode({ alg, typ: 'at+jwt', kid: generated.kid })}.${encode(claims)}.`;
      expect(await outcome(unsigned)).not.toBe('accepted');
      expect(await outcome(unsigned.slice(0, -1))).toBe('malformed');
    }
  });

  test.each(signingAlgorithms)('HS256 with the %s public key as its secret is refused', async (algorithm) => {
    const { generated } = keyOf(algorithm);
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: generated.kid })}.${encode(claims)}`;
    const secrets = [
      generated.publicPem,
      generated.publicPem.trim(),
      JSON.stringify(generated.publicJwk),
      generated.publicJwk.x ?? 'x',
    ];
    for (const secret of secrets) {
      expect(await outcome(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)).toBe(
        'signature',
      );
    }
  });

  test('a token signed by one key under the kid of another is refused', async () => {
    for (const algorithm of signingAlgorithms) {
      for (const other of signingAlgorithms.filter((candidate) => candidate !== algorithm)) {
        const signing = { ...keyOf(algorithm).signing, kid: keyOf(other).generated.kid };
        expect(await outcome(await signAccessToken(signing, claims))).toBe('signature');
      }
    }
  });

  test('a stranger of the same algorithm under our kid is refused', async () => {
    const stranger = await makeKey('EdDSA');
    const signing = { ...stranger.signing, kid: keyOf('EdDSA').generated.kid };
    expect(await outcome(await signAccessToken(signing, claims))).toBe('signature');
  });

  test('RS512 and PS256 under the kid of our RS256 key are refused, although the key could make them', async () => {
    const { generated } = keyOf('RS256');
    for (const alg of ['RS512', 'PS256']) {
      const key = await importJWK(JSON.parse(generated.privateJwk.reveal()) as Record<string, string>, alg);
      const token = await new SignJWT({ ...claims })
        .setProtectedHeader({ alg, typ: 'at+jwt', kid: generated.kid })
        .sign(key);
      expect(await outcome(token)).toBe('signature');
    }
  });

  test('a key inside the token is not used', async () => {
    const stranger = await makeKey('ES256');
    const key = createPrivateKey({
      key: JSON.parse(stranger.generated.privateJwk.reveal()) as Record<string, string>,
      format: 'jwk',
    });
    const make = (header: Record<string, unknown>) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', jwk: { ...stranger.generated.publicJwk }, ...header })
        .sign(key);
    expect(await outcome(await make({}))).toBe('unknown_key');
    expect(await outcome(await make({ kid: keyOf('ES256').generated.kid }))).toBe('signature');
  });

  test('a key that left the keyring signs nothing any more', async () => {
    const token = await signAccessToken(keyOf('EdDSA').signing, claims);
    const rest = new Map([...keyring].filter(([kid]) => kid !== keyOf('EdDSA').generated.kid));
    expect(await outcomeOf(verifyAccessToken(token, rest, expected))).toBe('unknown_key');
  });

  test.each([undefined, 7, null, '', '__proto__', 'constructor'])('a kid of %j finds no key', async (kid) => {
    const token = `${encode({ alg: 'EdDSA', typ: 'at+jwt', kid })}.${encode(claims)}.${randomBytes(64).toString('base64url')}`;
    expect(await outcome(token)).toBe('unknown_key');
  });
});

const fromExpiry = (seconds: number): Date => new Date((claims.exp + seconds) * 1000);

describe('claims', () => {
  test('a token is good until the second before its expiry, and expired from that second on', async () => {
    const token = await signAccessToken(keyOf('EdDSA').signing, claims);
    expect(await outcome(token, { now: fromExpiry(-1) })).toBe('accepted');
    expect(await outcome(token, { now: fromExpiry(0) })).toBe('expired');
    expect(await outcome(token, { now: fromExpiry(1) })).toBe('expired');
    expect(await outcome(token, { now: fromExpiry(4), clockToleranceSeconds: 5 })).toBe('accepted');
    expect(await outcome(token, { now: fromExpiry(5), clockToleranceSeconds: 5 })).toBe('expired');
  });

  test.each(['JWT', 'at+jwt2', 'id+jwt', 'logout+jwt', undefined])('typ %s is the wrong type', async (typ) => {
    expect(await outcome(await signAnything({ ...claims }, { typ }))).toBe('wrong_type');
  });

  test.each([
    ['another issuer', { iss: `${ISSUER}/` }],
    ['another audience', { aud: 'https://other.example.test' }],
    ['an audience of which ours is the beginning', { aud: `${AUDIENCE}.evil.test` }],
    ['a list of audiences with ours in it', { aud: [AUDIENCE, 'https://other.example.test'] }],
    ['a list of our audience alone', { aud: [AUDIENCE] }],
    ['no audience', { aud: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['no session', { sid: undefined }],
    ['a session that is a number', { sid: 1 }],
    ['no expiry', { exp: undefined }],
    ['no issue instant', { iat: undefined }],
    ['a fraction as sign-in instant', { auth_time: 1.5 }],
    ['methods that are no list', { amr: 'pwd' }],
    ['an actor without subject', { act: {} }],
    ['groups that are no texts', { groups: [1] }],
    ['a beginning that lies ahead', { nbf: NOW_SECONDS + 10 }],
  ])('a signed token with %s is refused', async (_, changes) => {
    expect(await outcome(await signAnything({ ...claims, ...changes } as JWTPayload))).toBe('claims');
  });

  test('the same construction without a change is accepted, so that those refusals mean something', async () => {
    expect(await outcome(await signAnything({ ...claims }))).toBe('accepted');
  });

  test('an unknown critical header is refused', async () => {
    const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: keyOf('ES256').generated.kid, crit: ['x'], x: 1 });
    expect(await outcome(`${header}.${encode(claims)}.${randomBytes(64).toString('base64url')}`)).toBe('malformed');
  });

  test('the actor of an impersonation is kept', async () => {
    const impersonated = { ...claims, act: { sub: 'an administrator' }, org: 'an organization', scope: 'read:users' };
    expect(await verify(await signAccessToken(keyOf('EdDSA').signing, impersonated))).toEqual(impersonated);
  });

  test('nothing but the known claims is signed', async () => {
    const polluted = { ...claims, password: 'hunter2', toJSON: undefined };
    expect(decodeJwt(await signAccessToken(keyOf('EdDSA').signing, polluted))).toEqual(claims);
  });
});

describe('texts that are no token', () => {
  test.each(['', '.', '..', '...', 'a.b', 'a.b.c.d.e', 'a b.c.d', 'a.b.c', `${'A'.repeat(20_000)}.A.AA`])(
    '%.30j is malformed',
    async (text) => {
      expect(await outcome(text)).toBe('malformed');
    },
  );

  test.each(['"text"', '[]', 'null', '{', '\u0000'])(
    'the signed payload %j is malformed, since it is no object',
    async (text) => {
      const { generated } = keyOf('ES256');
      const key = await importJWK(JSON.parse(generated.privateJwk.reveal()) as Record<string, string>, 'ES256');
      const header = { alg: 'ES256', typ: 'at+jwt', kid: generated.kid };
      const token = await new CompactSign(new TextEncoder().encode(text)).setProtectedHeader(header).sign(key);
      expect(await outcome(token)).toBe('malformed');
    },
  );

  test('the key id of a token is read without believing it, and without an error', async () => {
    const { signing } = keyOf('EdDSA');
    expect(keyIdOf(await signAccessToken(signing, claims))).toBe(signing.kid);
    expect(['', 'a.b.c', `${encode({ kid: 7 })}.e30.`, 'x'.repeat(1_000_000)].map(keyIdOf)).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test.each(['a.b.AA', 'null.null.AA', `${encode([])}.${encode(claims)}.AA`])('%.30j names no key', async (text) => {
    expect(await outcome(text)).toBe('unknown_key');
  });

  test('whatever is sent, the refusal is a coded one', async () => {
    const header = encode({ alg: 'EdDSA', typ: 'at+jwt', kid: keyOf('EdDSA').generated.kid });
    const parts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json().map((text) => base64url.encode(text)),
      fc.constant(header),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 5 }), async (texts) => {
        expect(await outcome(texts.join('.'))).not.toBe('accepted');
      }),
      { numRuns: 300 },
    );
  });

  test('a refusal repeats nothing of the token', async () => {
    const token = await signAccessToken(keyOf('EdDSA').signing, claims);
    const error: unknown = await verify(token, { audience: 'https://other.example.test' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TokenError);
    const output = printed(error);
    for (const part of [...token.split('.'), claims.sub, 'example.test']) {
      expect(output).not.toContain(part);
    }
  });

  test('parallel verifications with several keys do not mix', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, at) => {
        const algorithm = signingAlgorithms[at % 3] ?? 'EdDSA';
        return signAccessToken(keyOf(algorithm).signing, { ...claims, jti: `token ${at}` });
      }),
    );
    const verified = await Promise.all(tokens.map((token) => verify(token, { now: NOW })));
    expect(verified.map(({ jti }) => jti)).toEqual(tokens.map((_, at) => `token ${at}`));
  });
});

test('the public key is imported once and cannot sign', () => {
  const { publicKey }: { publicKey: CryptoKey } = keyOf('ES256').verification;
  expect([publicKey.type, publicKey.usages]).toEqual(['public', ['verify']]);
});
