import { describe, expect, test } from 'vitest';
import {
  ConfirmIdentityDocument,
  OwnSecondFactorsDocument,
  RotateSigningKeyDocument,
  SignInDocument,
  SignOutDocument,
} from '../../../generated/client/graphql.ts';
import { KEY_MASTERS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { openWithoutSecondFactor } from '../../../src/permissions/field-lists.ts';
import { Actor, makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { unique } from '../../support/holder.ts';
import { enrol, nextCode } from '../../support/mfa.ts';
import { type TestApp, useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;

const keyMaster = async (app: TestApp): Promise<Actor> => {
  const email = `${unique('keys')}@example.com`;
  await makePerson(app, { email, groupIds: [MEMBERS_GROUP_ID, KEY_MASTERS_GROUP_ID] });
  return signIn(app, email);
};
const member = async (app: TestApp): Promise<Actor> => {
  const email = `${unique('member')}@example.com`;
  await makePerson(app, { email });
  return signIn(app, email);
};
const rotate = (actor: Actor) => actor.send(RotateSigningKeyDocument, { input: {} });
const requiredOf = async (actor: Actor) => (await rotate(actor)).errors[0]?.extensions['required'] ?? 'OK';
const graceOf = async (actor: Actor) => (await actor.send(OwnSecondFactorsDocument, {})).data.viewer?.mfaGraceUntil;
const confirm = (actor: Actor) => actor.send(ConfirmIdentityDocument, { input: { password: PASSWORD } });
const after = (app: TestApp, seconds: number) => new Date(app.clock.now().getTime() + seconds * 1000).toISOString();
const TWO_FACTORS = { assuranceLevel: 'AAL2', withinMinutes: null };

describe('an operation that asks for two factors', () => {
  const app = useTestApp();

  test('is refused to a session of one factor, and opens by the enrolment of TOTP alone', async () => {
    const actor = await keyMaster(app());
    const { answer, changed } = await changing(app(), () => rotate(actor));
    expect([answer.code, answer.errors[0]?.extensions['required'], changed]).toEqual([
      'STEP_UP_REQUIRED',
      TWO_FACTORS,
      [],
    ]);
    await confirm(actor);
    expect(await requiredOf(actor)).toEqual(TWO_FACTORS);
    const other = await signIn(app(), actor.email);
    await enrol(app(), actor);
    expect(await requiredOf(actor)).toBe('OK');
    expect(await requiredOf(other)).toEqual(TWO_FACTORS);
  });

  test('opens to a sign-in by password and code, as long as it is fresh', async () => {
    const actor = await keyMaster(app());
    const { secret } = await enrol(app(), actor);
    const { data } = await app()
      .anonymous()
      .send(SignInDocument, {
        input: { identifier: actor.email, password: PASSWORD, mfaCode: nextCode(app(), secret), delivery: 'BODY' },
      });
    const accessToken = data.signIn?.tokens?.accessToken ?? '';
    const strong = new Actor(`${app().url}/graphql`, {
      id: actor.id,
      email: actor.email,
      accessToken,
      refreshToken: '',
    });
    expect(await requiredOf(strong)).toBe('OK');
    app().clock.advance(601);
    expect(await requiredOf(strong)).toEqual({ assuranceLevel: null, withinMinutes: 10 });
  });

  test('is said to be out of reach to those whom it concerns: since when the second factor is overdue', async () => {
    const actor = await keyMaster(app());
    expect(await graceOf(actor)).toBe(app().clock.now().toISOString());
    expect(await graceOf(await member(app()))).toBeNull();
    await enrol(app(), actor);
    expect(await graceOf(actor)).toBeNull();
    expect(await graceOf(await signIn(app(), (await member(app())).email))).toBeNull();
  });
});

describe('the grace of accounts without a second factor', () => {
  const app = useTestApp({ settings: { 'mfa.graceSeconds': '14d' } });

  test('lets a fresh session stand in until its end, which viewer tells', async () => {
    const actor = await keyMaster(app());
    const end = after(app(), 14 * DAY);
    expect(await graceOf(actor)).toBe(end);
    expect(await requiredOf(actor)).toBe('OK');
    app().clock.advance(601);
    expect(await requiredOf(actor)).toEqual({ assuranceLevel: null, withinMinutes: 10 });
    await confirm(actor);
    expect(await requiredOf(actor)).toBe('OK');
    app().clock.advance(14 * DAY - 602);
    const last = await signIn(app(), actor.email);
    expect(await requiredOf(last)).toBe('OK');
    app().clock.advance(1);
    expect(await requiredOf(last)).toEqual(TWO_FACTORS);
    expect(await graceOf(last)).toBe(end);
  });

  test('is over at once for whoever has a second factor: a session of one factor is refused', async () => {
    const actor = await keyMaster(app());
    const other = await signIn(app(), actor.email);
    expect(await requiredOf(other)).toBe('OK');
    await enrol(app(), actor);
    expect(await requiredOf(other)).toEqual(TWO_FACTORS);
    expect(await graceOf(other)).toBeNull();
  });
});

describe('the answer of a sign-in', () => {
  const app = useTestApp({ settings: { 'mfa.graceSeconds': '14d' } });
  const DOCUMENT = 'mutation ($input: SignInInput!) { signIn(input: $input) { step mfaGraceUntil } }';
  const answerOf = async (identifier: string, delivery: 'BODY' | 'COOKIE', mfaCode: string | null = null) =>
    (
      await app()
        .anonymous()
        .run<{ signIn: object }>(DOCUMENT, { input: { identifier, password: PASSWORD, delivery, mfaCode } })
    ).data.signIn;

  test('says until when the second factor may be missing, to those whom it concerns', async () => {
    const actor = await keyMaster(app());
    const end = after(app(), 14 * DAY);
    for (const delivery of ['BODY', 'COOKIE'] as const) {
      expect(await answerOf(actor.email, delivery)).toEqual({ step: 'COMPLETE', mfaGraceUntil: end });
      const other = await member(app());
      expect(await answerOf(other.email, delivery)).toEqual({ step: 'COMPLETE', mfaGraceUntil: null });
    }
    const { secret } = await enrol(app(), actor);
    expect(await answerOf(actor.email, 'BODY')).toEqual({ step: 'MFA_REQUIRED', mfaGraceUntil: null });
    const code = nextCode(app(), secret);
    expect(await answerOf(actor.email, 'BODY', code)).toEqual({ step: 'COMPLETE', mfaGraceUntil: null });
  });
});

describe('the grace from the day on which second factors were first asked for', () => {
  const start = new Date(Math.ceil(Date.now() / 1000) * 1000 + 30 * DAY * 1000);
  const app = useTestApp({
    settings: { 'mfa.graceSeconds': '7d', 'mfa.enforcedSince': start.toISOString() },
  });

  test('counts for accounts that are older, and from their making for those that are younger', async () => {
    const end = new Date(start.getTime() + 7 * DAY * 1000).toISOString();
    const older = await keyMaster(app());
    expect(await graceOf(older)).toBe(end);
    app().clock.advance(32 * DAY);
    const younger = await keyMaster(app());
    expect(await graceOf(younger)).toBe(after(app(), 7 * DAY));
    expect(await graceOf(await signIn(app(), older.email))).toBe(end);
  });
});

describe('where second factors are not enforced', () => {
  const app = useTestApp({ settings: { 'mfa.enforce': 'false' } });

  test('a fresh session does, and nothing is said to be missing', async () => {
    const actor = await keyMaster(app());
    expect(await requiredOf(actor)).toBe('OK');
    expect(await graceOf(actor)).toBeNull();
    app().clock.advance(601);
    expect(await requiredOf(actor)).toEqual({ assuranceLevel: null, withinMinutes: 10 });
  });
});

describe('where everybody needs a second factor', () => {
  const app = useTestApp({ settings: { 'mfa.required': 'everyone', 'mfa.graceSeconds': '1d' } });
  const own = (actor: Actor) => actor.run('query ($id: ID!) { user(id: $id) { id } }', { id: actor.id });

  test('a session of one factor works until the end of the grace, and then to set one up, nothing else', async () => {
    const first = await member(app());
    expect(await graceOf(first)).toBe(after(app(), DAY));
    expect((await own(first)).code).toBe('OK');
    app().clock.advance(DAY);
    const actor = await signIn(app(), first.email);
    const refused = await own(actor);
    expect([refused.code, refused.errors[0]?.extensions['required']]).toEqual(['STEP_UP_REQUIRED', TWO_FACTORS]);
    for (const document of [
      '{ users { totalCount } }',
      '{ _entities(representations: []) { __typename } }',
      'mutation { createGroup(input: { name: "x" }) { errors { code } } }',
    ]) {
      expect(['STEP_UP_REQUIRED', 'FORBIDDEN']).toContain((await actor.run(document)).code);
    }
    expect((await actor.send(OwnSecondFactorsDocument, {})).data.viewer?.user.id).toBe(actor.id);
    await enrol(app(), actor);
    expect((await own(actor)).code).toBe('OK');
    expect(await graceOf(actor)).toBeNull();
    expect((await signIn(app(), (await member(app())).email)).id).not.toBe(actor.id);
  });

  test('whoever is overdue can still leave', async () => {
    const first = await member(app());
    app().clock.advance(DAY);
    const actor = await signIn(app(), first.email);
    expect((await actor.send(SignOutDocument, { input: {} })).code).toBe('OK');
  });

  test('what stays open is a short list of operations that exist', async () => {
    const { data } = await app()
      .anonymous()
      .run<{ schema: { mutationType: { fields: { name: string }[] } } }>(
        '{ schema: __schema { mutationType { fields { name } } } }',
      );
    const names = data.schema.mutationType.fields.map(({ name }) => `Mutation.${name}`);
    expect(names).toEqual(expect.arrayContaining([...openWithoutSecondFactor]));
    expect(openWithoutSecondFactor).toHaveLength(7);
  });
});
