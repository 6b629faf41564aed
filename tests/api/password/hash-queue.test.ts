import { describe, expect, test } from 'vitest';
import { SignInDocument, ViewerDocument } from '../../../generated/client/graphql.ts';
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
});
