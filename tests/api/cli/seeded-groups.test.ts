import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { groupNameKey } from '../../../src/entities/group.entity.ts';
import { ADMINISTRATORS_GROUP_ID, seededGroups } from '../../../src/permissions/seeded-groups.ts';
import { type Cluster, migratorOf, startCluster } from './cli-fixture.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const GROUPS = `
select id::text, name, name_key, description, scope_mode, system_managed, version, changed_epoch::text,
  (select jsonb_agg(jsonb_build_object('action', action, 'resource', resource, 'constraints', constraints) order by position)
   from group_grants p where p.group_id = g.id) as grants
from groups g order by id`;

test('a migrated database holds the seeded groups exactly as the code declares them', async () => {
  const url = await cluster.newDatabase();
  const { migrator, close } = await migratorOf(url);
  onTestFinished(close);
  await migrator.up();
  expect(await cluster.query(url, GROUPS)).toEqual(
    seededGroups.map((group) => ({
      id: group.id,
      name: group.name,
      name_key: groupNameKey(group.name),
      description: group.description,
      scope_mode: group.allowedOrganizations,
      system_managed: true,
      version: 1,
      // The migration of authorization lets the other groups hold everywhere, as Administrators did before.
      changed_epoch: group.id === ADMINISTRATORS_GROUP_ID ? '2' : '3',
      grants: group.grants.map(({ action, resource, constraints }) => ({ action, resource, constraints })),
    })),
  );
});

test('the groups appear and vanish with a new epoch, so that running servers notice', async () => {
  const url = await cluster.newDatabase();
  const { migrator, close } = await migratorOf(url);
  onTestFinished(close);
  const epoch = async (): Promise<number> =>
    Number((await cluster.query<{ epoch: string }>(url, 'select epoch from permission_epoch'))[0]?.epoch);
  await migrator.up('foundation');
  const before = await epoch();
  await migrator.up('seed_groups');
  expect(await epoch()).toBe(before + 1);
  await migrator.down('seed_groups');
  expect(await epoch()).toBe(before + 2);
  expect(await cluster.query(url, GROUPS)).toEqual([]);
  await migrator.up('seed_groups');
  const [row] = await cluster.query<{ changed_epoch: string }>(url, GROUPS);
  expect(Number(row?.changed_epoch)).toBe(before + 3);
});
