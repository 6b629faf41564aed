import { describe, expect, test } from 'vitest';
import { makeKey } from '../../support/api-keys.ts';
import { holderOf, unique, useCast } from '../../support/holder.ts';
import { changing, inParallel, recording } from '../../support/evidence.ts';
import { statementsOf } from '../../support/records.ts';
import { useTestApp } from '../../support/test-app.ts';
import { makeWebhook, mutate, type ShownWebhook, WEBHOOK } from '../../support/webhooks.ts';

const URL_TEXT = 'https://receiver.example/hooks/abc?key=k-7';
const TYPES = ['UserRegistered', 'UserDeleted'];

describe('webhooks', () => {
  const app = useTestApp({ settings: { 'webhooks.maximum': '30' } });
  const cast = useCast(app);
  const input = (more: object = {}) => ({ name: unique('hook'), url: URL_TEXT, eventTypes: TYPES, ...more });
  const codesOf = async (name: Parameters<typeof mutate>[1], given: object): Promise<readonly string[]> => {
    const { payload, code } = await mutate(cast().admin, name, { ...given });
    return payload === null ? [code] : payload.errors.map((error) => `${error.code} ${error.field?.join('.') ?? ''}`);
  };

  describe('createWebhook', () => {
    test('makes one that is switched on, shows its secret once, and says so in the log', async () => {
      const given = input();
      const { answer, audit, events } = await recording(app(), () => mutate(cast().admin, 'createWebhook', given));
      const { webhook, secret, replayed, errors } = answer.payload ?? {};
      expect(errors).toEqual([]);
      expect(replayed).toBe(false);
      expect(secret).toMatch(/^ghw_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
      expect(webhook).toMatchObject({
        ...given,
        enabled: true,
        secretOverlapUntil: null,
        lastDelivery: null,
      });
      const maker = 'query ($id: ID!) { webhook(id: $id) { createdBy { id } } }';
      expect((await cast().admin.run(maker, { id: webhook?.id })).data).toEqual({
        webhook: { createdBy: { id: cast().admin.id } },
      });
      expect(audit).toMatchObject([
        {
          action: 'webhook.created',
          result: 'SUCCESS',
          actor: { id: cast().admin.id },
          target: { type: 'Webhook', id: webhook?.id, label: given.name },
          changes: [
            { field: 'name', before: null, after: given.name },
            { field: 'url', before: null, after: 'https://receiver.example' },
            { field: 'eventTypes', before: null, after: 'UserRegistered, UserDeleted' },
            { field: 'enabled', before: null, after: 'true' },
          ],
        },
      ]);
      expect(events).toEqual([]);
      const [row] = await app().database.query<{ text: string }>(
        'select to_jsonb(w)::text as text from webhooks w where id = $1',
        [webhook?.id],
      );
      expect(row?.text).toContain('"sealed_secret": "v1.');
      expect(row?.text).not.toContain(secret?.slice(18) ?? '?');
    });

    test('with the same key answers as the first time, without the secret; with another input it is refused', async () => {
      const given = input({ idempotencyKey: unique('key') });
      const answers = await inParallel(10, () => mutate(cast().admin, 'createWebhook', given));
      const made = answers.map(({ payload }) => payload);
      expect(new Set(made.map((one) => one?.webhook?.id)).size).toBe(1);
      expect(made.filter((one) => one?.replayed === false && one.secret !== null)).toHaveLength(1);
      expect(made.filter((one) => one?.replayed === true && one.secret === null)).toHaveLength(9);
      expect((await mutate(cast().admin, 'createWebhook', { ...given, name: 'Other' })).code).toBe(
        'IDEMPOTENCY_KEY_REUSED',
      );
      await mutate(cast().admin, 'deleteWebhook', { id: made[0]?.webhook?.id });
      expect((await mutate(cast().admin, 'createWebhook', given)).payload).toEqual({
        webhook: null,
        secret: null,
        replayed: true,
        errors: [],
      });
    });

    test.each([
      ['http://receiver.example/', 'URL_NOT_ALLOWED'],
      ['ftp://receiver.example/', 'URL_NOT_ALLOWED'],
      ['https://127.0.0.1/', 'URL_NOT_ALLOWED'],
      ['https://2130706433/', 'URL_NOT_ALLOWED'],
      ['https://0x7f.1/', 'URL_NOT_ALLOWED'],
      ['https://localhost/', 'URL_NOT_ALLOWED'],
      ['https://LOCALHOST./', 'URL_NOT_ALLOWED'],
      ['https://a.localhost/', 'URL_NOT_ALLOWED'],
      ['https://10.1.2.3/', 'URL_NOT_ALLOWED'],
      ['https://192.168.0.1:8443/', 'URL_NOT_ALLOWED'],
      ['https://169.254.169.254/latest/meta-data/', 'URL_NOT_ALLOWED'],
      ['https://[::1]/', 'URL_NOT_ALLOWED'],
      ['https://[::ffff:10.0.0.1]/', 'URL_NOT_ALLOWED'],
      ['https://[fd00:ec2::254]/', 'URL_NOT_ALLOWED'],
      ['https://user:secret@receiver.example/', 'INVALID_VALUE'],
      ['https://receiver.example/#part', 'INVALID_VALUE'],
      ['https://receiver.example/a\nb', 'INVALID_VALUE'],
      ['https://', 'INVALID_VALUE'],
      ['receiver', 'INVALID_VALUE'],
      ['', 'INVALID_VALUE'],
      [`https://receiver.example/${'x'.repeat(2048)}`, 'TOO_LONG'],
    ])('refuses the address %s: %s', async (url, code) => {
      const { answer, changed } = await changing(app(), () => codesOf('createWebhook', input({ url })));
      expect(answer).toEqual([`${code} url`]);
      expect(changed).toEqual([]);
      const { id } = await kept();
      expect(await codesOf('updateWebhook', { id, url })).toEqual([`${code} url`]);
    });

    test('refuses names and types that are none', async () => {
      expect(await codesOf('createWebhook', input({ name: ' ' }))).toEqual(['REQUIRED name']);
      expect(await codesOf('createWebhook', input({ name: 'x'.repeat(101) }))).toEqual(['TOO_LONG name']);
      expect(await codesOf('createWebhook', input({ eventTypes: [] }))).toEqual(['REQUIRED eventTypes']);
      for (const type of ['UserVanished', 'constructor', '*', '']) {
        expect(await codesOf('createWebhook', input({ eventTypes: ['UserDeleted', type] }))).toEqual([
          'UNKNOWN_EVENT_TYPE eventTypes',
        ]);
      }
      const many = Array.from({ length: 101 }, () => 'UserDeleted');
      expect(await codesOf('createWebhook', input({ eventTypes: many }))).toEqual(['TOO_MANY_ITEMS eventTypes']);
      expect(await codesOf('createWebhook', input({ name: '', url: '', eventTypes: [] }))).toHaveLength(3);
    });

    test('makes no more than the settings allow, however many ask at once', async () => {
      const answers = await inParallel(40, () => mutate(cast().admin, 'createWebhook', input()));
      const codes = answers.flatMap(({ payload }) => payload?.errors.map(({ code }) => code) ?? []);
      expect(new Set(codes)).toEqual(new Set(['TOO_MANY_WEBHOOKS']));
      const [row] = await app().database.query<{ count: number }>(
        'select count(*)::int as count from webhooks where deleted_at is null',
      );
      expect(row?.count).toBe(30);
      await app().database.query('delete from webhooks');
      keptOne = null;
    });
  });

  /** One webhook for tests that change nothing of it. */
  const kept = async () => (keptOne ??= await makeWebhook(cast().admin, { url: URL_TEXT }));
  let keptOne: { readonly id: string; readonly secret: string } | null = null;

  describe('updateWebhook', () => {
    test('changes what is given, and the log keeps the host of an address alone', async () => {
      const { id } = await makeWebhook(cast().admin, { url: URL_TEXT, name: 'Before' });
      const change = {
        id,
        name: 'After',
        url: 'https://other.example/k-8',
        eventTypes: ['GroupDeleted'],
        enabled: false,
      };
      const { answer, audit } = await recording(app(), () => mutate(cast().admin, 'updateWebhook', change));
      expect(answer.payload).toMatchObject({ webhook: change, errors: [] });
      expect(audit).toMatchObject([
        {
          action: 'webhook.updated',
          target: { id, label: 'After' },
          changes: [
            { field: 'name', before: 'Before', after: 'After' },
            { field: 'url', before: 'https://receiver.example', after: 'https://other.example' },
            { field: 'eventTypes', before: 'UserDeleted', after: 'GroupDeleted' },
            { field: 'enabled', before: 'true', after: 'false' },
          ],
        },
      ]);
      expect(JSON.stringify(audit)).not.toContain('k-8');
      const same = await recording(app(), () =>
        mutate(cast().admin, 'updateWebhook', { id, name: null, enabled: false }),
      );
      expect([same.answer.payload?.errors, same.audit]).toEqual([[], []]);
    });

    test('of a webhook that is not there says so', async () => {
      for (const id of ['none', '01890000-0000-7000-8000-000000000001']) {
        for (const name of ['updateWebhook', 'deleteWebhook', 'rotateWebhookSecret', 'testWebhook'] as const) {
          expect([name, await codesOf(name, { id })]).toEqual([name, ['TARGET_NOT_FOUND id']]);
        }
      }
    });
  });

  describe('rotateWebhookSecret', () => {
    test('gives another secret, says until when the old one signs too, and writes neither down', async () => {
      const { id, secret: first } = await makeWebhook(cast().admin, { url: URL_TEXT });
      const { answer, audit } = await recording(app(), () =>
        mutate(cast().admin, 'rotateWebhookSecret', { id, overlapSeconds: 60 }),
      );
      const { webhook, secret } = answer.payload ?? {};
      expect(secret).toMatch(/^ghw_/);
      expect(secret).not.toBe(first);
      expect(webhook?.secretOverlapUntil).toBe(new Date(app().clock.now().getTime() + 60_000).toISOString());
      expect(audit).toMatchObject([{ action: 'webhook.secret-rotated', metadata: { overlapSeconds: 60 } }]);
      expect(JSON.stringify(audit)).not.toMatch(/ghw_/);
      expect(
        (await mutate(cast().admin, 'rotateWebhookSecret', { id, overlapSeconds: 0 })).payload?.webhook,
      ).toMatchObject({ secretOverlapUntil: null });
      for (const overlapSeconds of [-1, 604_801]) {
        expect(await codesOf('rotateWebhookSecret', { id, overlapSeconds })).toEqual(['INVALID_VALUE overlapSeconds']);
      }
    });
  });

  describe('deleteWebhook', () => {
    test('takes it out of sight with its secrets, and housekeeping takes the rest', async () => {
      const { id } = await makeWebhook(cast().admin, { url: URL_TEXT, name: 'Gone' });
      await mutate(cast().admin, 'rotateWebhookSecret', { id });
      const { answer, audit } = await recording(app(), () => mutate(cast().admin, 'deleteWebhook', { id }));
      expect(answer.payload).toEqual({ deletedWebhookId: id, errors: [] });
      expect(audit).toMatchObject([{ action: 'webhook.deleted', target: { type: 'Webhook', id, label: 'Gone' } }]);
      const left = await app().database.query(
        'select sealed_secret, sealed_previous_secret, enabled from webhooks where id = $1',
        [id],
      );
      expect(left).toEqual([{ sealed_secret: null, sealed_previous_secret: null, enabled: false }]);
      expect((await cast().admin.run('query ($id: ID!) { webhook(id: $id) { id } }', { id })).code).toBe('NOT_FOUND');
      expect(await codesOf('deleteWebhook', { id })).toEqual(['TARGET_NOT_FOUND id']);
      expect(await app().services.housekeeping.run()).toBe(true);
      expect(await app().database.query('select id from webhooks where id = $1', [id])).toEqual([]);
    });
  });

  describe('reading', () => {
    interface Page {
      readonly webhooks: {
        readonly nodes: readonly ShownWebhook[];
        readonly totalCount: number;
        readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean };
      };
    }
    const page = (args: string, client = cast().admin) =>
      client.run<Page>(`{ webhooks(${args}) { nodes { ${WEBHOOK} } totalCount pageInfo { endCursor hasNextPage } } }`);

    test('lists them newest first, page by page, in as many statements for one as for ten', async () => {
      for (let made = 0; made < 10; made += 1) await makeWebhook(cast().admin, { url: URL_TEXT });
      const all = (await page('first: 100')).data.webhooks;
      expect(all.totalCount).toBe(all.nodes.length);
      const ids = all.nodes.map(({ id }) => id);
      expect(ids).toEqual(ids.toSorted().toReversed());
      const first = (await page('first: 4')).data.webhooks;
      const second = (await page(`first: 4, after: "${first.pageInfo.endCursor}"`)).data.webhooks;
      expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(ids.slice(0, 8));
      expect(await statementsOf(app(), () => page('first: 1'))).toBe(
        await statementsOf(app(), () => page('first: 10')),
      );
      expect((await page('first: 4, after: "x"')).code).toBe('BAD_USER_INPUT');
    });

    test('never shows a secret, to nobody and by no field', async () => {
      const { id, secret } = await makeWebhook(cast().admin, { url: URL_TEXT });
      const rotated = (await mutate(cast().admin, 'rotateWebhookSecret', { id })).payload?.secret ?? '';
      const fields = await cast().admin.run<{ type: { fields: { name: string }[] } }>(
        '{ type: __type(name: "Webhook") { fields { name } } }',
      );
      expect(fields.data.type.fields.map(({ name }) => name).filter((name) => /secret/i.test(name))).toEqual([
        'secretOverlapUntil',
      ]);
      const written = JSON.stringify([
        (await page('first: 100')).data,
        app().log,
        await app().database.query('select * from audit_events'),
        await app().database.query('select * from audit_personal_values'),
        await app().database.query('select * from outbox_events'),
        await app().database.query('select * from idempotency_keys'),
        await app().database.query('select * from webhooks'),
      ]);
      expect(written).toContain(id);
      for (const one of [secret, rotated]) expect(written).not.toContain(one.slice(17));
      expect(app().log.join('')).not.toContain('k-7');
    });
  });

  describe('who may', () => {
    const ALL = ['view', 'create', 'update', 'delete', 'replay'] as const;
    const cases = (id: string) =>
      ({
        view: (client) => client.run(`query ($id: ID!) { webhook(id: $id) { id } }`, { id }).then(({ code }) => code),
        create: (client) => mutate(client, 'createWebhook', input()).then(({ code }) => code),
        update: (client) => mutate(client, 'updateWebhook', { id, name: 'Changed' }).then(({ code }) => code),
        delete: (client) => mutate(client, 'deleteWebhook', { id: 'none' }).then(({ code }) => code),
        replay: (client) => mutate(client, 'replayWebhookDeliveries', { ids: ['none'] }).then(({ code }) => code),
      }) satisfies Readonly<Record<(typeof ALL)[number], (client: typeof actor) => Promise<string>>>;
    let actor = null as unknown as Awaited<ReturnType<typeof holderOf>>;

    test.each(ALL)('with %s:webhooks alone, that and nothing else', async (action) => {
      const { id } = await makeWebhook(cast().admin, { url: URL_TEXT });
      actor = await holderOf(app(), [`${action}:webhooks`]);
      for (const other of ALL) {
        const code = await cases(id)[other](actor);
        expect([other, code]).toEqual([other, other === action ? 'OK' : 'FORBIDDEN']);
      }
    });

    test('an API key may, as far as it carries the permission', async () => {
      const { id } = await makeWebhook(cast().admin, { url: URL_TEXT });
      const key = await makeKey(app(), cast().admin, {
        permissions: [
          { action: 'view', resource: 'webhooks' },
          { action: 'update', resource: 'webhooks' },
        ],
      });
      expect((await mutate(key, 'updateWebhook', { id, name: 'By key' })).payload?.webhook?.name).toBe('By key');
      expect((await mutate(key, 'createWebhook', input())).code).toBe('FORBIDDEN');
    });
  });
});
