import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TestIssuer } from '../src/testing.ts';
import { TokenVerifier } from '../src/token-verifier.ts';
import { presentTime, secondsOf } from '../src/clock.ts';

const userId = '01890000-0000-7000-8000-000000000001';
const ISSUER = { issuer: 'https://gatehouse.test', audience: 'https://gatehouse.test/api' };

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await TestIssuer.create();
});

const reasonOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'taken',
    (error: { reason?: string }) => error.reason ?? 'other',
  );

describe('an access token', () => {
  test('says who calls, who really acts, where, and how strongly proved', async () => {
    const token = await issuer.sign({
      userId,
      actorId: '01890000-0000-7000-8000-000000000002',
      organizationId: '01890000-0000-7000-8000-0000000000a1',
      groups: ['Members'],
      scopes: ['view:users', 'view:groups'],
      assuranceLevel: 'AAL2',
      permissionVersion: '7.abc',
    });
    expect(await issuer.verifier.verifyHeader(`Bearer ${token}`)).toMatchObject({
      userId,
      actorId: '01890000-0000-7000-8000-000000000002',
      organizationId: '01890000-0000-7000-8000-0000000000a1',
      groups: ['Members'],
      scopes: ['view:users', 'view:groups'],
      assuranceLevel: 'AAL2',
      permissionVersion: '7.abc',
      token,
    });
  });

  test('is nobody when there is none', async () => {
    expect(await issuer.verifier.verifyHeader(undefined)).toBeNull();
    expect(await issuer.verifier.verifyHeader('Basic dXNlcjpwYXNz')).toBeNull();
  });

  test('is refused when past its life, of another issuer, changed, or no token at all', async () => {
    const foreign = await (await TestIssuer.create()).sign({ userId });
    const elsewhere = await TestIssuer.create({ issuer: 'https://evil.test' });
    const good = await issuer.sign({ userId });
    expect(await reasonOf(issuer.verifier.verify(await issuer.sign({ userId, expiresIn: -60 })))).toBe('expired');
    expect(await reasonOf(issuer.verifier.verify(foreign))).toBe('invalid');
    expect(await reasonOf(elsewhere.verifier.verify(good))).toBe('invalid');
    expect(await reasonOf(issuer.verifier.verify(`${good.slice(0, -4)}AAAA`))).toBe('invalid');
    expect(await reasonOf(issuer.verifier.verify('nonsense'))).toBe('invalid');
  });

  test('is for its issuer unless another audience is named, and the refusal names the claim that does not fit', async () => {
    const { issuer: base } = ISSUER;
    const { privateKey, publicKey } = await generateKeyPair('EdDSA');
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: 'EdDSA' }] });
    const now = secondsOf(presentTime());
    const token = await new SignJWT({ sid: 's', auth_time: now, acr: 'aal1', pv: '1.a' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
      .setIssuer(base)
      .setAudience(base)
      .setSubject(userId)
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(privateKey);
    const verify = (facts: { issuer: string; audience?: string }) =>
      new TokenVerifier({ ...facts, keys }).verify(token);
    expect(await verify({ issuer: base })).toMatchObject({ userId });
    await expect(verify(ISSUER)).rejects.toMatchObject({ reason: 'invalid', message: expect.stringContaining('aud') });
    const other = verify({ issuer: 'https://other.test', audience: base });
    await expect(other).rejects.toMatchObject({ reason: 'invalid', message: expect.stringContaining('iss') });
  });

  test('is no API key, and the refusal says so', async () => {
    const refused = issuer.verifier.verifyHeader(`Bearer ghk_nJLa9yg8vXff_${'a'.repeat(49)}`);
    await expect(refused).rejects.toMatchObject({
      reason: 'invalid',
      message: 'This is an API key and no access token.',
    });
  });

  test('never chooses its own algorithm or type', async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA');
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: 'EdDSA' }] });
    const verifier = new TokenVerifier({ ...ISSUER, keys });
    const now = secondsOf(presentTime());
    const claims = { sid: 's', auth_time: now, acr: 'aal1', pv: '1.a' };
    const signed = (typ: string) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', typ })
        .setIssuer(ISSUER.issuer)
        .setAudience(ISSUER.audience)
        .setSubject(userId)
        .setIssuedAt(now)
        .setExpirationTime(now + 60)
        .sign(privateKey);
    expect(await reasonOf(verifier.verify(await signed('at+jwt')))).toBe('taken');
    expect(await reasonOf(verifier.verify(await signed('JWT')))).toBe('invalid');
    const unsigned = new UnsecuredJWT(claims).setIssuer(ISSUER.issuer).setSubject(userId).encode();
    expect(await reasonOf(verifier.verify(unsigned))).toBe('invalid');
  });

  test('says that keys are unavailable when they are, not that the token is bad', async () => {
    const verifier = new TokenVerifier({ ...ISSUER, jwksUrl: 'http://127.0.0.1:1/jwks.json' });
    expect(await reasonOf(verifier.verify(await issuer.sign({ userId })))).toBe('keys-unavailable');
  });

  describe('while its keys', () => {
    /** Answers as it is told: with the keys, or as a proxy whose server is not there. */
    const keyServer = async () => {
      const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: 'served', alg: 'EdDSA', use: 'sig' };
      const state = { status: 200, body: JSON.stringify({ keys: [jwk] }), asked: 0 };
      const server = createServer((_request, response) => {
        state.asked += 1;
        response.writeHead(state.status, { 'content-type': 'application/json' }).end(state.body);
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      onTestFinished(() => void server.close());
      const { port } = server.address() as AddressInfo;
      const sign = (kid: string) => {
        const now = secondsOf(presentTime());
        return new SignJWT({ sid: 's', auth_time: now, acr: 'aal1', amr: ['pwd'], pv: '1' })
          .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'at+jwt' })
          .setIssuer(ISSUER.issuer)
          .setAudience(ISSUER.audience)
          .setSubject(userId)
          .setIssuedAt(now)
          .setExpirationTime(now + 60)
          .sign(privateKey);
      };
      return { state, sign, jwksUrl: `http://127.0.0.1:${port}/jwks.json` };
    };

    test.each([
      ['a proxy answers for the server', 503, 'Service Unavailable'],
      ['something else answers', 200, '<html></html>'],
      ['the answer holds no keys', 200, '{}'],
    ])('cannot be had, because %s, is not called bad', async (_why, status, body) => {
      const { state, sign, jwksUrl } = await keyServer();
      Object.assign(state, { status, body });
      const verifier = new TokenVerifier({ ...ISSUER, jwksUrl });
      expect(await reasonOf(verifier.verify(await sign('served')))).toBe('keys-unavailable');
    });

    test('cannot be fetched again, is verified by those that were, for a while and without asking each time', async () => {
      const { state, sign, jwksUrl } = await keyServer();
      const patient = new TokenVerifier({ ...ISSUER, jwksUrl, keysMaximumAgeMs: 0 });
      const strict = new TokenVerifier({ ...ISSUER, jwksUrl, keysMaximumAgeMs: 0, keysOutageMs: -1 });
      const token = await sign('served');
      for (const verifier of [patient, strict]) expect(await reasonOf(verifier.verify(token))).toBe('taken');
      Object.assign(state, { status: 503, body: '' });
      expect(await reasonOf(patient.verify(token))).toBe('taken');
      const { asked } = state;
      expect(await reasonOf(patient.verify(token))).toBe('taken');
      expect(state.asked).toBe(asked);
      expect(await reasonOf(patient.verify(await sign('newer')))).toBe('keys-unavailable');
      expect(await reasonOf(strict.verify(token))).toBe('keys-unavailable');
    });
  });
});
