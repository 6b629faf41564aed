import { describe, expect, test } from 'vitest';
import { OwnSecondFactorsDocument } from '../../../generated/client/graphql.ts';
import { statementsOf } from '../../support/evidence.ts';
import { somebody, useCast } from '../../support/holder.ts';
import { enrolled } from '../../support/mfa.ts';
import { useTestApp } from '../../support/test-app.ts';

interface Page {
  readonly users: {
    readonly nodes: readonly { readonly id: string; readonly mfa: object }[];
    readonly totalCount: number;
  };
}

const PAGE = `query ($mfa: Boolean) { users(first: 100, filter: { mfa: $mfa }) {
  nodes { id mfa { enabled totpEnabledAt recoveryCodesLeft } } totalCount } }`;
const ONE = 'query ($id: ID!) { user(id: $id) { id mfa { enabled recoveryCodesLeft } } }';

describe('User.mfa and the filter by second factors', () => {
  const app = useTestApp();
  const cast = useCast(app);

  test('show whoever may see users who has a second factor and who is still without', async () => {
    const { actor } = await enrolled(app());
    const without = await somebody(app());
    const ask = async (mfa: boolean | null) => (await cast().reader.run<Page>(PAGE, { mfa })).data.users;
    const [all, withMfa, withoutMfa] = [await ask(null), await ask(true), await ask(false)];
    expect(withMfa.nodes.map(({ id }) => id)).toEqual([actor.id]);
    expect(withMfa.nodes[0]?.mfa).toEqual({
      enabled: true,
      totpEnabledAt: app().clock.now().toISOString(),
      recoveryCodesLeft: 10,
    });
    expect(withoutMfa.nodes.map(({ id }) => id)).toContain(without);
    expect(withoutMfa.nodes.map(({ id }) => id)).not.toContain(actor.id);
    expect(withoutMfa.nodes[0]?.mfa).toEqual({ enabled: false, totpEnabledAt: null, recoveryCodesLeft: 0 });
    expect(withMfa.totalCount + withoutMfa.totalCount).toBe(all.totalCount);
  });

  test('cost one statement for any number of people', async () => {
    const document = '{ users(first: 100) { nodes { mfa { enabled recoveryCodesLeft } } } }';
    const { statements } = await statementsOf(app(), () => cast().reader.run(document));
    expect(statements).toBe(3); // who calls, the page, the second factors
  });

  test('show anybody else their own alone', async () => {
    const { actor } = await enrolled(app());
    const own = await actor.run<{ user: object }>(ONE, { id: actor.id });
    expect(own.data.user).toEqual({ id: actor.id, mfa: { enabled: true, recoveryCodesLeft: 10 } });
    expect((await actor.send(OwnSecondFactorsDocument, {})).data.viewer?.user.mfa?.enabled).toBe(true);
    const other = await actor.run(ONE, { id: cast().reader.id });
    expect(other.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: ['view:users'] });
    const list = await actor.run<Page>(PAGE, { mfa: false });
    expect([list.data.users, list.errors]).toEqual([{ nodes: [], totalCount: 0 }, []]);
  });

  test('never show a secret or a hash: the schema has no field for them', async () => {
    const fields = await cast().admin.run<{ type: { fields: { name: string }[] } }>(
      '{ type: __type(name: "MfaState") { fields { name } } }',
    );
    const names = fields.data.type.fields.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['enabled', 'totpEnabledAt', 'recoveryCodesLeft']));
    expect(names.filter((name) => /secret|hash|code$|codes$/i.test(name))).toEqual([]);
  });
});
