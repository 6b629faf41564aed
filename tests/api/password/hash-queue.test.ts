import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  SignInDocument,
  StartTotpEnrollmentDocument,
  ViewerDocument,
} from '../../../generated/client/graphql.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { useTestApp } from '../../support/test-app.ts';

/** Dear hashes and a short queue, so that a few sign-ins fill it. */
const app = useTestApp({
  settings: { 'passwords.queueLength': '2', 'passwords.memoryKib': '65536', 'passwords.iterations': '4' },
});

describe('when the queue of hashes is full', () => {
  test('sign-ins get SERVICE_UNAVAILABLE before those that wait are served, and viewer is answered before both', async () => {
    await makePerson(app(), { email: 'queue@hash.example' });
    const actor = await signIn(app(), 'queue@hash.example');
    const order: string[] = [];
    const flood = Array.from({ length: 30 }, async (_, at) => {
      const answer = await app()
        .anonymous()
        .send(SignInDocument, { input: { identifier: `nobody${at}@hash.example`, password: PASSWORD } });
      order.push(answer.code);
      return answer;
    });
    while (app().services.hasher.size < 2) await new Promise((resolve) => setImmediate(resolve));
    const viewer = await actor.send(ViewerDocument, {});
    order.push('viewer');
    const answers = await Promise.all(flood);
    expect(viewer.data.viewer?.user.email).toBe('queue@hash.example');
    const refused = answers.filter(({ code }) => code === 'SERVICE_UNAVAILABLE');
    expect(refused.length).toBeGreaterThan(0);
    for (const { errors, data } of refused) {
      expect(errors[0]?.extensions).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 1 });
      expect(data).toEqual({ signIn: null });
    }
    const served = answers.filter(({ code }) => code === 'OK');
    expect(served.length + refused.length).toBe(30);
    for (const { data } of served) expect(data.signIn?.step).toBe('FAILED');
    // Who is turned away does not stand in line first, and who needs no hash does not either.
    expect(order.indexOf('SERVICE_UNAVAILABLE')).toBeLessThan(order.lastIndexOf('OK'));
    expect(order.indexOf('viewer')).toBeLessThan(order.lastIndexOf('OK'));
    expect((await signIn(app(), 'queue@hash.example')).id).toBe(actor.id);
  });

  test('nobody is locked out by passwords that were not looked at', async () => {
    const email = 'patient@hash.example';
    const userId = await makePerson(app(), { email });
    const actor = await signIn(app(), email);
    const { hasher } = app().services;
    const over = new AbortController();
    const flood = Array.from({ length: 8 }, async () => {
      while (!over.signal.aborted) await hasher.hash(new Secret(PASSWORD)).catch(() => sleep(1));
    });
    while (hasher.size < 2) await sleep(1);
    const tries: readonly (() => Promise<{ readonly code: string }>)[] = [
      () =>
        app()
          .anonymous()
          .send(SignInDocument, { input: { identifier: email, password: PASSWORD } }),
      () => actor.send(ConfirmIdentityDocument, { input: { password: PASSWORD } }),
      () => actor.send(StartTotpEnrollmentDocument, { input: { password: PASSWORD } }),
    ];
    for (const send of tries) {
      const codes: string[] = [];
      // One may get a place in between.
      while (codes.filter((code) => code === 'SERVICE_UNAVAILABLE').length < 6) codes.push((await send()).code);
    }
    over.abort();
    await Promise.all(flood);
    const [row] = await app().database.query(
      `select u.failed_sign_in_count as failed, u.locked_until as locked,
         (select max(d.failed_sign_in_count) from devices d where d.user_id = u.id) as on_device
       from users u where u.id = $1`,
      [userId],
    );
    expect(row).toEqual({ failed: 0, locked: null, on_device: 0 });
    const { data } = await actor.send(ConfirmIdentityDocument, { input: { password: PASSWORD } });
    expect(data.confirmIdentity?.errors).toEqual([]);
    expect((await signIn(app(), email)).id).toBe(userId);
  });
});
