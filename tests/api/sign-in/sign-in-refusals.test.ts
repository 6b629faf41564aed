import { afterEach, describe, expect, test, vi } from 'vitest';
import { SignInDocument } from '../../../generated/client/graphql.ts';
import { makePerson, PASSWORD } from '../../support/cast.ts';
import { recording, signInState, statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

describe('a refused signIn', () => {
  const app = useTestApp();
  const attempt = (identifier: string, password = PASSWORD) =>
    app()
      .anonymous()
      .send(SignInDocument, { input: { identifier, password, delivery: 'BODY' } });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Makes an account and brings it into a state by SQL. */
  const account = async (name: string, change: string | null): Promise<string> => {
    const email = `${name}@refused.example`;
    const id = await makePerson(app(), { email });
    if (change !== null) await app().database.query(change, [id]);
    return email;
  };

  const kinds = {
    unknown: { change: null, reason: 'UNKNOWN_IDENTIFIER', password: PASSWORD },
    malformed: { change: null, reason: 'UNKNOWN_IDENTIFIER', password: PASSWORD },
    wrong: { change: null, reason: 'WRONG_PASSWORD', password: 'not the right password' },
    locked: {
      change: `update users set locked_until = '2999-01-01', failed_sign_in_count = 5 where id = $1`,
      reason: 'LOCKED',
      password: PASSWORD,
    },
    byhand: {
      change: `update users set locked_until = '2999-01-01', status_reason = 'left' where id = $1`,
      reason: 'LOCKED',
      password: PASSWORD,
    },
    disabled: {
      change: `update users set status = 'DISABLED', status_reason = 'left' where id = $1`,
      reason: 'DISABLED',
      password: PASSWORD,
    },
    invited: { change: `update users set status = 'INVITED' where id = $1`, reason: 'INVITED', password: PASSWORD },
    passwordless: {
      change: 'delete from credentials where user_id = $1',
      reason: 'WRONG_PASSWORD',
      password: PASSWORD,
    },
  } as const;

  const identifierOf = async (name: string, change: string | null): Promise<string> => {
    if (name === 'unknown') return 'nobody@refused.example';
    return name === 'malformed' ? '@@' : account(name, change);
  };

  test('looks the same from outside whatever the reason: answer, headers, statements and hashes', async () => {
    const seen: { name: string; text: string; statements: number; hashes: number }[] = [];
    for (const [name, { change, password }] of Object.entries(kinds)) {
      const identifier = await identifierOf(name, change);
      const verify = vi.spyOn(app().services.hasher, 'verify');
      const hash = vi.spyOn(app().services.hasher, 'hash');
      let text = '';
      const statements = await statementsOf(app(), async () => {
        const answer = await attempt(identifier, password);
        const headers = [...answer.headers].filter(([key]) => !['date', 'x-request-id'].includes(key));
        text = JSON.stringify([answer.status, headers, answer.data, answer.errors, answer.extensions]);
      });
      seen.push({ name, text, statements, hashes: verify.mock.calls.length + hash.mock.calls.length });
      vi.restoreAllMocks();
    }
    const [first] = seen;
    expect(first?.text).toContain('INVALID_CREDENTIALS');
    expect(first?.text).toContain('"step":"FAILED"');
    expect(seen).toEqual(seen.map(({ name }) => ({ ...first, name, hashes: 1, statements: 2 })));
  });

  test.each(Object.entries(kinds))(
    'of kind "%s" tells its reason to the audit log only, and starts nothing',
    async (name, kind) => {
      const identifier = await identifierOf(`audit-${name}`.replace(/^audit-(unknown|malformed)$/, '$1'), kind.change);
      const before = await signInState(app());
      const [answer, { audit, events }] = await recording(app(), () => attempt(identifier, kind.password));
      expect(answer.data.signIn).toEqual({
        step: 'FAILED',
        user: null,
        tokens: null,
        challenge: null,
        errors: [
          {
            code: 'INVALID_CREDENTIALS',
            message: 'Sign-in failed; one answer for every reason.',
            field: null,
            targetId: null,
          },
        ],
      });
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(audit).toHaveLength(1);
      expect(audit[0]).toMatchObject({
        action: 'session.started',
        result: 'FAILURE',
        actor_id: null,
        metadata: { method: 'PASSWORD', reason: kind.reason },
      });
      expect(events).toEqual([]);
      expect(await signInState(app())).toEqual(before);
    },
  );

  test('never writes what was typed as identifier: people type passwords there', async () => {
    const [, { audit }] = await recording(app(), () => attempt('my secret passphrase'));
    expect(audit).toHaveLength(1);
    const everything = await app().database.query(
      'select a::text || v.values::text as line from audit_events a join audit_personal_values v on v.event_id = a.id',
    );
    expect(JSON.stringify(everything)).not.toContain('my secret passphrase');
  });
});
