import { afterEach, describe, expect, test } from 'vitest';
import { CreateUserDocument, UpdateUserDocument } from '../../../generated/client/graphql.ts';
import { MEMBERS_GROUP_ID, SUPPORT_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { makeGroup } from '../../support/cast.ts';
import { changing } from '../../support/evidence.ts';
import { somebody, unique, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

const DAY = 86_400;

/** Every mutation that changes access, with input that succeeds. */
const MUTATIONS: readonly (readonly [string, (id: string, groupId: string) => object])[] = [
  ['createUser', () => ({ email: `${unique('audited')}@example.com`, displayName: 'A', groupIds: [MEMBERS_GROUP_ID] })],
  ['updateUser', (id) => ({ id, displayName: 'Changed', username: unique('changed'), groupIds: [SUPPORT_GROUP_ID] })],
  ['requirePasswordChange', (id) => ({ ids: [id] })],
  ['lockUsers', (id) => ({ ids: [id], reason: 'x' })],
  ['unlockUsers', (id) => ({ ids: [id], reason: 'x' })],
  ['disableUsers', (id) => ({ ids: [id], reason: 'x' })],
  ['enableUsers', (id) => ({ ids: [id], reason: 'x' })],
  ['deleteUsers', (id) => ({ ids: [id] })],
  ['createGroup', () => ({ name: unique('Audited') })],
  ['updateGroup', (_, id) => ({ id, name: unique('Audited') })],
  ['setGroupPermissions', (_, id) => ({ id, permissions: [{ action: 'view', resource: 'users' }] })],
  ['deleteGroup', (_, id) => ({ id })],
  ['addGroupMembers', (id, groupId) => ({ groupId, userIds: [id] })],
  ['removeGroupMembers', (id) => ({ groupId: SUPPORT_GROUP_ID, userIds: [id] })],
];

describe('a change and its line in the log', () => {
  const app = useTestApp();
  const cast = useCast(app);

  const failOn = async (table: string): Promise<void> => {
    await app().database.query(`create or replace function refuse_row() returns trigger language plpgsql as
      $$ begin raise exception 'the log is broken'; end $$`);
    await app().database.query(
      `create trigger broken before insert on ${table} for each row execute function refuse_row()`,
    );
  };
  afterEach(async () => {
    for (const table of ['audit_events', 'audit_personal_values', 'outbox_events']) {
      await app().database.query(`drop trigger if exists broken on ${table}`);
    }
  });

  const send = (name: string, input: object) => () => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const document = `mutation($input: ${type}!) { ${name}(input: $input) { errors { code } } }`;
    return cast().admin.run(document, { input });
  };

  test.each(MUTATIONS)(
    '%s leaves nothing when the log, its personal half or the outbox cannot be written',
    async (name, make) => {
      const id = await somebody(app(), [MEMBERS_GROUP_ID, SUPPORT_GROUP_ID]);
      const run = send(name, make(id, await makeGroup(app(), unique('Audited'), [])));
      for (const table of ['audit_events', 'audit_personal_values', 'outbox_events']) {
        await failOn(table);
        const { answer, changed } = await changing(app(), run);
        expect([answer.data[name], answer.code]).toEqual([null, 'INTERNAL_SERVER_ERROR']);
        expect(JSON.stringify(answer.errors)).not.toContain('the log is broken');
        expect(changed).toEqual([]);
        await app().database.query(`drop trigger broken on ${table}`);
      }
      const { answer, changed } = await changing(app(), run);
      expect(answer.data[name]).toEqual({ errors: [] });
      expect(changed).toEqual(expect.arrayContaining(['audit_events', 'outbox_events']));
    },
  );

  test('name the request, the address and the program they come from, in the half that can be erased', async () => {
    const { admin } = cast();
    const id = await somebody(app());
    const answer = await admin
      .with({ 'user-agent': 'curl/8 (tests)' })
      .send(UpdateUserDocument, { input: { id, displayName: 'Traced' } });
    const [row] = await app().database.query<{ request_id: string; values: Record<string, unknown>; line: string }>(
      `select e.request_id, p.values, e::text as line from audit_events e join audit_personal_values p on p.event_id = e.id
       where e.target_id = $1 and e.action = 'user.updated'`,
      [id],
    );
    expect(row?.request_id).toBe(answer.headers.get('x-request-id'));
    expect(row?.values).toMatchObject({
      actorLabel: 'admin@cast.example',
      ipAddress: '127.0.0.1',
      userAgent: 'curl/8 (tests)',
      changes: [{ field: 'displayName', before: 'Somebody', after: 'Traced' }],
    });
    for (const personal of ['admin@cast.example', '127.0.0.1', 'curl/8', 'Traced'])
      expect(row?.line).not.toContain(personal);
  });

  test('lie in the partition of their month, and beyond all months in the default one', async () => {
    const start = app().clock.now();
    const places: [string, string][] = [];
    for (const days of [0, 40, 400]) {
      app().clock.advance(days * DAY);
      const { admin } = await app().cast();
      const email = `${unique('monthly')}@example.com`;
      const { data } = await admin.send(CreateUserDocument, {
        input: { email, displayName: 'M', groupIds: [MEMBERS_GROUP_ID] },
      });
      const [row] = await app().database.query<{ line: string; personal: string }>(
        `select e.tableoid::regclass::text as line, p.tableoid::regclass::text as personal
         from audit_events e join audit_personal_values p on p.at = e.at and p.event_id = e.id
         where e.action = 'user.created' and e.target_id = $1`,
        [data.createUser?.user?.id],
      );
      places.push([row?.line ?? '', row?.personal ?? '']);
    }
    const month = (days: number): string => {
      const at = new Date(start.getTime() + days * DAY * 1000);
      return at.toISOString().slice(0, 7).replace('-', '_');
    };
    expect(places).toEqual([
      [`audit_events_${month(0)}`, `audit_personal_values_${month(0)}`],
      [`audit_events_${month(40)}`, `audit_personal_values_${month(40)}`],
      ['audit_events_default', 'audit_personal_values_default'],
    ]);
    const [total] = await app().database.query<{ count: number }>(
      `select count(*)::int as count from audit_events where action = 'user.created' and at >= $1`,
      [start.toISOString()],
    );
    expect(total?.count).toBeGreaterThanOrEqual(3);
  });
});
