import { beforeAll, describe, expect, test } from 'vitest';
import {
  CreateGroupDocument,
  type PermissionCheckInput,
  type PermissionConstraintInput,
  type PermissionInput,
  RegisteredCatalogDocument,
  type RegisterResourcesMutation,
} from '../../../generated/client/graphql.ts';
import { type GroupId, newId, type OrganizationId, type UserId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID, MEMBERS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, makePerson, raiseToAal2, signIn } from '../../support/cast.ts';
import { unique, useCast } from '../../support/holder.ts';
import { joinOrganization, makeOrganization } from '../../support/organizations.ts';
import { type Application, decisionsOf, makeApplication, reasonOf, registered } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';
import {
  catalogue,
  FREE_CANCEL_SECONDS,
  grant,
  inState,
  PURCHASER_GROUP_ID,
  READERS_GROUP_ID,
  USERS_GROUP_ID,
  withinFreeCancel,
} from './purchases.declaration.ts';

const app = useTestApp();
const cast = useCast(app);

let application: Application;
let answer: NonNullable<RegisterResourcesMutation['registerResources']>;
let account: OrganizationId;
let otherAccount: OrganizationId;

/** In these groups, in a session of two factors, at home in the account. */
const personIn = async (...groupIds: readonly string[]): Promise<Actor> => {
  const email = `${unique('buyer')}@example.com`;
  const id = await makePerson(app(), { email, groupIds: [MEMBERS_GROUP_ID, ...(groupIds as readonly GroupId[])] });
  await joinOrganization(app(), id, account);
  return raiseToAal2(app(), await signIn(app(), email));
};

const people = {} as Record<'admin' | 'user' | 'reader' | 'purchaser' | 'nobody', Actor>;

beforeAll(async () => {
  application = await makeApplication(app(), 'cudly');
  answer = await registered(application.key, catalogue);
  account = await makeOrganization(app(), { name: 'Account' });
  otherAccount = await makeOrganization(app(), { name: 'Other account' });
  people.admin = await personIn(ADMINISTRATORS_GROUP_ID);
  people.user = await personIn(USERS_GROUP_ID);
  people.reader = await personIn(READERS_GROUP_ID);
  people.purchaser = await personIn(USERS_GROUP_ID, PURCHASER_GROUP_ID);
  people.nobody = await personIn();
});

const ask = (permission: string, attributes: object = {}): PermissionCheckInput => {
  const [action = '', resource = ''] = permission.split(':');
  return { action, resource: `cudly.${resource}`, attributes: { ...attributes } };
};
const secondsAgo = (seconds: number): string => new Date(app().clock.now().getTime() - seconds * 1000).toISOString();

describe('the catalogue', () => {
  test('registers every resource, with the default sets as groups of fixed ids', () => {
    expect(answer.resources.map(({ name, version }) => [name, version])).toEqual(
      ['recommendations', 'plans', 'commitments', 'history', 'config', 'accounts', 'ri-exchange', 'purchases'].map(
        (name) => [`cudly.${name}`, 1],
      ),
    );
    const sets = answer.systemGroups.map(({ id, name, permissions }) => [
      id,
      name,
      permissions.map(({ action, resource }) => `${action}:${resource.replace('cudly.', '')}`),
    ]);
    const views = [
      'view:recommendations',
      'view:plans',
      'view:purchases',
      'view:commitments',
      'view:history',
      'view:config',
      'view:accounts',
    ];
    expect(sets).toEqual([
      [PURCHASER_GROUP_ID, 'Purchaser', ['execute:purchases', 'approve-any:purchases', 'retry-any:purchases']],
      [
        USERS_GROUP_ID,
        'Purchase users',
        [
          ...views,
          'update-own:purchases',
          'cancel-own:purchases',
          'approve-own:purchases',
          'retry-own:purchases',
          'revoke-own:commitments',
        ],
      ],
      [READERS_GROUP_ID, 'Purchase readers', views],
    ]);
  });

  test('shows which verbs are carved out of admin:*', async () => {
    const { data } = await cast().admin.send(RegisteredCatalogDocument, {});
    const own = (data?.permissionCatalog ?? []).filter(({ resource }) => resource.startsWith('cudly.'));
    expect(own.filter((entry) => entry.protected).map(({ action, resource }) => `${action}:${resource}`)).toEqual([
      'execute:cudly.ri-exchange',
      'execute:cudly.purchases',
      'execute-own:cudly.purchases',
      'execute-any:cudly.purchases',
      'approve-any:cudly.purchases',
      'retry-any:cudly.purchases',
    ]);
    expect(own).toHaveLength(32);
  });

  test('repeated at each start of the application changes nothing', async () => {
    const again = await registered(application.key, catalogue);
    expect(again).toEqual(answer);
  });
});

type Person = keyof typeof people;
type Row = 'mine' | 'others' | 'creatorless';

describe('the documented decisions about purchases', () => {
  const rowOf = (row: Row, person: Person, state: string) => ({
    state,
    ...(row === 'creatorless' ? {} : { createdBy: row === 'mine' ? people[person].id : newId<UserId>() }),
  });

  /** Person, verb, whose row, state of the row, expected. */
  const cases: readonly (readonly [Person, string, Row, string, string])[] = [
    ['user', 'cancel-own', 'mine', 'pending', 'GRANTED_AS_OWNER'],
    ['user', 'cancel-own', 'mine', 'notified', 'GRANTED_AS_OWNER'],
    ['user', 'cancel-own', 'mine', 'completed', 'CONSTRAINT_FAILED'],
    ['user', 'cancel-own', 'others', 'pending', 'NOT_OWNER'],
    ['user', 'cancel-own', 'creatorless', 'pending', 'NOT_OWNER'],
    ['user', 'cancel-any', 'mine', 'pending', 'NO_GRANT'],
    ['user', 'retry-own', 'mine', 'failed', 'GRANTED_AS_OWNER'],
    ['user', 'retry-own', 'mine', 'pending', 'CONSTRAINT_FAILED'],
    ['user', 'retry-own', 'others', 'failed', 'NOT_OWNER'],
    ['user', 'retry-own', 'creatorless', 'failed', 'NOT_OWNER'],
    ['user', 'retry-any', 'mine', 'failed', 'NO_GRANT'],
    ['user', 'approve-own', 'mine', 'pending', 'GRANTED_AS_OWNER'],
    ['user', 'approve-own', 'mine', 'failed', 'CONSTRAINT_FAILED'],
    ['user', 'approve-own', 'creatorless', 'pending', 'NOT_OWNER'],
    ['user', 'approve', 'mine', 'pending', 'GRANTED_AS_OWNER'],
    ['user', 'approve', 'others', 'pending', 'NOT_OWNER'],
    ['user', 'approve-any', 'mine', 'pending', 'NO_GRANT'],
    ['user', 'update-own', 'mine', 'scheduled', 'GRANTED_AS_OWNER'],
    ['user', 'update-own', 'mine', 'pending', 'CONSTRAINT_FAILED'],
    ['user', 'update-own', 'others', 'scheduled', 'NOT_OWNER'],
    ['user', 'update-own', 'creatorless', 'scheduled', 'NOT_OWNER'],
    ['user', 'update-any', 'others', 'scheduled', 'NO_GRANT'],
    ['user', 'execute-own', 'mine', 'pending', 'NO_GRANT'],
    ['user', 'execute-any', 'others', 'pending', 'NO_GRANT'],
    ['user', 'execute', 'mine', 'pending', 'NO_GRANT'],
    ['user', 'view', 'others', 'pending', 'GRANTED'],
    ['user', 'delete', 'mine', 'pending', 'NO_GRANT'],
    ['user', 'cancel', 'mine', 'pending', 'UNKNOWN_PERMISSION'],
    ['reader', 'view', 'others', 'pending', 'GRANTED'],
    ['reader', 'cancel-own', 'mine', 'pending', 'NO_GRANT'],
    ['reader', 'retry-own', 'mine', 'failed', 'NO_GRANT'],
    ['reader', 'approve-own', 'mine', 'pending', 'NO_GRANT'],
    ['reader', 'execute-own', 'mine', 'pending', 'NO_GRANT'],
    ['admin', 'cancel-any', 'others', 'pending', 'GRANTED'],
    ['admin', 'cancel-any', 'creatorless', 'pending', 'GRANTED'],
    ['admin', 'cancel-own', 'mine', 'pending', 'GRANTED_AS_OWNER'],
    ['admin', 'update-any', 'creatorless', 'scheduled', 'GRANTED'],
    ['admin', 'delete', 'others', 'scheduled', 'GRANTED'],
    ['admin', 'approve', 'others', 'pending', 'GRANTED'],
    ['admin', 'execute', 'mine', 'pending', 'PROTECTED'],
    ['admin', 'execute-own', 'mine', 'pending', 'PROTECTED'],
    ['admin', 'execute-any', 'others', 'pending', 'PROTECTED'],
    ['admin', 'approve-any', 'others', 'pending', 'PROTECTED'],
    ['admin', 'retry-any', 'others', 'failed', 'PROTECTED'],
    ['purchaser', 'execute', 'others', 'pending', 'GRANTED'],
    ['purchaser', 'approve-any', 'creatorless', 'pending', 'GRANTED'],
    ['purchaser', 'retry-any', 'creatorless', 'failed', 'GRANTED'],
    ['purchaser', 'execute-any', 'others', 'pending', 'NO_GRANT'],
    ['purchaser', 'cancel-any', 'others', 'pending', 'NO_GRANT'],
    ['nobody', 'view', 'mine', 'pending', 'NO_GRANT'],
    ['nobody', 'cancel-own', 'mine', 'pending', 'NO_GRANT'],
  ];

  test.each(cases)('%s: %s, row %s, %s: %s', async (...[person, action, row, state, expected]) => {
    expect(await reasonOf(people[person], ask(`${action}:purchases`, rowOf(row, person, state)))).toBe(expected);
  });
});

describe('what cannot be undone', () => {
  test('is a resource of its own, which neither administrators nor purchasers carry', async () => {
    const reasons = async (person: Person) =>
      (await decisionsOf(people[person], [ask('view:ri-exchange'), ask('execute:ri-exchange')])).map(
        ({ reason }) => reason,
      );
    expect(await reasons('admin')).toEqual(['GRANTED', 'PROTECTED']);
    expect(await reasons('purchaser')).toEqual(['NO_GRANT', 'NO_GRANT']);
  });
});

describe('revoking what was bought', () => {
  const bought = (more: object = {}) => ({ account, state: 'completed', boughtAt: secondsAgo(3600), ...more });

  test.each<readonly [string, () => object, string]>([
    ['in an own account', () => bought(), 'GRANTED_AS_OWNER'],
    [
      'at the end of the free-cancel window',
      () => bought({ boughtAt: secondsAgo(FREE_CANCEL_SECONDS - 60) }),
      'GRANTED_AS_OWNER',
    ],
    ['after it', () => bought({ boughtAt: secondsAgo(FREE_CANCEL_SECONDS + 60) }), 'CONSTRAINT_FAILED'],
    ['bought in the future', () => bought({ boughtAt: secondsAgo(-60) }), 'CONSTRAINT_FAILED'],
    ['at a time without a zone', () => bought({ boughtAt: secondsAgo(60).slice(0, 19) }), 'CONSTRAINT_FAILED'],
    ['at no known time', () => bought({ boughtAt: null }), 'CONSTRAINT_FAILED'],
    ['not completed yet', () => bought({ state: 'pending' }), 'CONSTRAINT_FAILED'],
    ['in the account of others', () => bought({ account: otherAccount }), 'NOT_OWNER'],
    ['in no account', () => bought({ account: null }), 'NOT_OWNER'],
  ])('%s', async (_what, row, expected) => {
    expect(await reasonOf(people.user, ask('revoke-own:commitments', row()))).toBe(expected);
  });

  test('is open to administrators for any row, and to readers for none', async () => {
    expect(await reasonOf(people.admin, ask('revoke-any:commitments', bought({ account: null })))).toBe('GRANTED');
    expect(await reasonOf(people.reader, ask('revoke-own:commitments', bought()))).toBe('NO_GRANT');
  });
});

describe('limits of a group', () => {
  const groupWith = async (...permissions: readonly PermissionInput[]): Promise<Actor> => {
    const { data } = await cast().admin.send(CreateGroupDocument, {
      input: { name: unique('Limited'), permissions: [...permissions], allowedOrganizations: { mode: 'ALL' } },
    });
    const group = data?.createGroup?.group;
    if (!group) throw new Error(JSON.stringify(data?.createGroup?.errors));
    return personIn(group.id);
  };
  const one = (attribute: string, ...values: readonly string[]): PermissionConstraintInput => ({
    kind: 'IN',
    attribute,
    values: [...values],
  });

  test('accounts, providers, services, regions and the largest amount must all hold', async () => {
    const limited = await groupWith(
      grant(
        'cancel-any:purchases',
        one('account', 'A-1', 'A-2'),
        one('provider', 'aws'),
        one('service', 'ec2', 'rds'),
        { kind: 'PREFIX', attribute: 'region', prefix: 'eu-' },
        { kind: 'MAX', attribute: 'amount', max: 500 },
        inState('pending'),
      ),
    );
    const fits = {
      account: 'A-2',
      provider: 'aws',
      service: 'rds',
      region: 'eu-south-1',
      amount: 500,
      state: 'pending',
    };
    expect(await reasonOf(limited, ask('cancel-any:purchases', fits))).toBe('GRANTED');
    const wrong: readonly object[] = [
      { account: 'A-3' },
      { account: null },
      { provider: 'AWS' },
      { service: 'ec' },
      { region: 'us-east-1' },
      { amount: 500.01 },
      { amount: '500' },
      { amount: undefined },
      { state: 'failed' },
    ];
    const decisions = await decisionsOf(
      limited,
      wrong.map((change) => ask('cancel-any:purchases', { ...fits, ...change })),
    );
    expect(decisions.map(({ reason }) => reason)).toEqual(wrong.map(() => 'CONSTRAINT_FAILED'));
  });

  test('an empty list of accounts is none, not all', async () => {
    const limited = await groupWith(grant('cancel-any:purchases', one('account')));
    const accounts = ['A-1', '', '*', null];
    const decisions = await decisionsOf(
      limited,
      accounts.map((name) => ask('cancel-any:purchases', { account: name })),
    );
    expect(decisions.map(({ reason }) => reason)).toEqual(accounts.map(() => 'CONSTRAINT_FAILED'));
  });

  test('several grants of one verb are alternatives', async () => {
    const limited = await groupWith(
      grant('revoke-any:commitments', one('account', 'A-1'), withinFreeCancel),
      grant('revoke-any:commitments', one('account', 'A-2')),
    );
    const old = { boughtAt: secondsAgo(2 * FREE_CANCEL_SECONDS) };
    expect(await reasonOf(limited, ask('revoke-any:commitments', { account: 'A-1', ...old }))).toBe(
      'CONSTRAINT_FAILED',
    );
    expect(await reasonOf(limited, ask('revoke-any:commitments', { account: 'A-2', ...old }))).toBe('GRANTED');
  });

  test('within an account is within an organization', async () => {
    const { data } = await cast().admin.send(CreateGroupDocument, {
      input: {
        name: unique('Local'),
        permissions: [grant('cancel-any:purchases')],
        allowedOrganizations: { mode: 'LISTED', organizationIds: [account] },
      },
    });
    const local = await personIn(data?.createGroup?.group?.id ?? '');
    const row = (organizationId: string) => ({ ...ask('cancel-any:purchases'), organizationId });
    expect(await reasonOf(local, row(account))).toBe('GRANTED');
    expect(await reasonOf(local, row(otherAccount))).toBe('OUT_OF_SCOPE');
  });
});
