import { beforeAll, describe, expect, test } from 'vitest';
import { makePerson, PASSWORD, signIn } from '../../support/cast.ts';
import { unique } from '../../support/holder.ts';
import { signUpWith } from '../../support/sign-up.ts';
import { codeTo } from '../../support/messages.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Payload {
  readonly step: string;
  readonly user: { readonly email: string; readonly groups: readonly { readonly name: string }[] | null } | null;
}

interface GroupsOf {
  readonly groups: readonly { readonly name: string }[] | null;
}

interface Result {
  readonly data: Readonly<Record<string, Payload | GroupsOf | null>> | null;
  readonly errors?: readonly { readonly path?: readonly string[]; readonly extensions: { readonly code: string } }[];
}

describe('the fields below a mutation that signs in', () => {
  const app = useTestApp({ settings: { 'signUp.mode': 'OPEN' } });
  let email: string;
  let admin: string;
  beforeAll(async () => {
    email = `${unique('fields')}@sign.example`;
    await makePerson(app(), { email });
    const cast = await app().cast();
    admin = cast.admin.headers['authorization'] ?? '';
  });

  const post = async (query: string, headers: Readonly<Record<string, string>> = {}): Promise<Result> => {
    const response = await fetch(`${app().url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as Result;
  };
  const signInField = (selection: string, delivery: 'BODY' | 'COOKIE' = 'BODY', identifier = email): string =>
    `signIn(input: { identifier: "${identifier}", password: "${PASSWORD}", delivery: ${delivery} }) { step ${selection} }`;

  test.each(['BODY', 'COOKIE'] as const)('are read in the name of the new session: %s', async (delivery) => {
    const { data, errors } = await post(
      `mutation { ${signInField('user { ...Own }', delivery)} } fragment Own on User { email groups { name } mfa { enabled } sessions(first: 5) { totalCount } }`,
    );
    expect(errors).toBeUndefined();
    expect(data?.['signIn']).toMatchObject({ step: 'COMPLETE', user: { email, groups: [{ name: 'Members' }] } });
  });

  test('are so after a completed sign-up as well', async () => {
    const applicant = `${unique('applicant')}@sign.example`;
    const token = await signUpWith(app(), { email: applicant });
    const code = await codeTo(app(), applicant);
    const { data, errors } = await post(
      `mutation { verifySignUp(input: { verificationToken: "${token}", code: "${code}" }) { step user { groups { name } } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data?.['verifySignUp']).toMatchObject({ step: 'COMPLETE', user: { groups: [{ name: 'Members' }] } });
  });

  test('are read as the new person, whoever else the request is sent by', async () => {
    const { id } = await signIn(app(), email);
    const { data, errors } = await post(`mutation { ${signInField('user { id externalId groups { name } }')} }`, {
      authorization: admin,
    });
    // What administrators see of others is not what people see of themselves.
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['signIn', 'user', 'externalId'], 'FORBIDDEN'],
    ]);
    expect(data?.['signIn']).toMatchObject({ user: { id, groups: [{ name: 'Members' }] } });
  });

  test('leave the mutations after it to whoever sent the request', async () => {
    const { data, errors } = await post(
      `mutation { ${signInField('user { groups { name } }')} updateProfile(input: { displayName: "Somebody else" }) { errors { code } } }`,
    );
    expect(data?.['signIn']).toMatchObject({ step: 'COMPLETE', user: { groups: [{ name: 'Members' }] } });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['updateProfile'], 'UNAUTHENTICATED'],
    ]);
    const [row] = await app().database.query('select display_name from users where email = $1', [email]);
    expect(row).not.toEqual({ display_name: 'Somebody else' });
  });

  test('stay closed when nobody was signed in', async () => {
    const { data, errors } = await post(
      `mutation { signIn(input: { identifier: "${email}", password: "a wrong guess", delivery: BODY }) { step user { groups { name } } } }`,
    );
    expect([data?.['signIn'], errors]).toEqual([{ step: 'FAILED', user: null }, undefined]);
  });

  test('cost one statement, and none when nothing is asked that depends on who asks', async () => {
    const plain = await statementsOf(app(), () => post(`mutation { ${signInField('user { id email }')} }`));
    const guarded = await statementsOf(app(), () => post(`mutation { ${signInField('user { mfa { enabled } }')} }`));
    const own = await statementsOf(app(), () => post(`mutation { ${signInField('user { failedSignInCount }')} }`));
    expect([plain, own, guarded]).toEqual([2, 3, 4]);
  });
});
