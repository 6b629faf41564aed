import { beforeAll, describe, expect, test } from 'vitest';
import {
  CreateActionLinksDocument,
  type CreateActionLinksInput,
  RedeemActionLinkDocument,
  type RedeemActionLinkInput,
} from '../../../generated/client/graphql.ts';
import { makeKey } from '../../support/api-keys.ts';
import { unique, useCast } from '../../support/holder.ts';
import { recording } from '../../support/records.ts';
import { type Application, makeApplication, registered } from '../../support/resources.ts';
import { useTestApp } from '../../support/test-app.ts';
import type { TestClient } from '../../support/test-client.ts';

const app = useTestApp();
const cast = useCast(app);
const HOUR = 3600;
let shop: Application;

beforeAll(async () => {
  shop = await makeApplication(app(), 'shop');
  await registered(shop.key, {
    name: 'purchases',
    title: 'Purchases',
    actions: ['cancel'],
    protectedActions: ['approve'],
  });
});

const later = (seconds: number): string => new Date(app().clock.now().getTime() + seconds * 1000).toISOString();

const create = async (more: Partial<CreateActionLinksInput> = {}, by: TestClient = shop.key) => {
  const { data, errors } = await by.send(CreateActionLinksDocument, {
    input: {
      action: 'approve',
      resource: 'shop.purchases',
      rowId: 'P-1',
      recipients: ['Anna@Example.com'],
      expiresAt: later(HOUR),
      ...more,
    },
  });
  if (!data?.createActionLinks) throw new Error(`No links: ${JSON.stringify(errors)}`);
  return data.createActionLinks;
};

const tokenOf = async (more: Partial<CreateActionLinksInput> = {}): Promise<string> => {
  const { links } = await create(more);
  return links[0]?.token ?? '';
};

const redeem = async (
  input: Partial<RedeemActionLinkInput> & { readonly token: string },
  by: TestClient = shop.key,
) => {
  const { data, errors } = await by.send(RedeemActionLinkDocument, {
    input: { action: 'approve', resource: 'shop.purchases', rowId: 'P-1', recipient: 'anna@example.com', ...input },
  });
  if (!data?.redeemActionLink) throw new Error(`Not redeemed: ${JSON.stringify(errors)}`);
  return data.redeemActionLink;
};

const GRANTED = { decision: { allowed: true, reason: 'GRANTED_BY_ACTION_LINK' }, errors: [] };
const INVALID = {
  decision: { allowed: false, reason: 'ACTION_LINK_INVALID', missing: [], required: null },
  errors: [],
};

describe('making links', () => {
  test('gives one token per recipient, of which only hashes are stored', async () => {
    const [payload, records] = await recording(app(), () =>
      create({ recipients: ['one@example.com', 'TWO@münchen.example'] }),
    );
    expect(payload).toMatchObject({
      replayed: false,
      errors: [],
      links: [{ recipient: 'one@example.com' }, { recipient: 'two@xn--mnchen-3ya.example' }],
    });
    const tokens = payload.links.map(({ token }) => token);
    expect(tokens.every((token) => /^gha_[0-9A-Za-z]{12}_/.test(token))).toBe(true);
    const rows = JSON.stringify(
      await app().database.query('select *, encode(secret_hash, $1) as hash from action_links', ['hex']),
    );
    expect(tokens.some((token) => rows.includes(token.slice(17)))).toBe(false);
    expect(records.audit).toMatchObject([
      {
        action: 'action-link.created',
        actor_id: shop.key.keyId,
        target_type: 'ActionLink',
        metadata: { rowId: 'P-1' },
      },
      { action: 'action-link.created' },
    ]);
    expect(JSON.stringify(records)).not.toMatch(/example\.com|gha_/);
  });

  test('twice with one key makes them once, and shows no token again', async () => {
    const idempotencyKey = unique('once');
    const first = await create({ idempotencyKey });
    const second = await create({ idempotencyKey });
    expect([first.replayed, first.links.length, second.replayed, second.links]).toEqual([false, 1, true, []]);
    const kept = await app().database.query('select answer from idempotency_keys where key = $1', [idempotencyKey]);
    expect(JSON.stringify(kept)).not.toContain('gha_');
    await expect(create({ idempotencyKey, rowId: 'P-2' })).rejects.toThrow('IDEMPOTENCY_KEY_REUSED');
  });

  test.each<readonly [string, () => Partial<CreateActionLinksInput>, readonly [string, ...string[]]]>([
    ['an unknown verb', () => ({ action: 'fly' }), ['UNKNOWN_PERMISSION', 'action']],
    ['an unknown resource', () => ({ resource: 'shop.nothing' }), ['UNKNOWN_PERMISSION', 'resource']],
    ['a resource of Gatehouse', () => ({ action: 'delete', resource: 'users' }), ['UNKNOWN_PERMISSION', 'resource']],
    ['nobody', () => ({ recipients: [] }), ['REQUIRED', 'recipients']],
    [
      '101 people',
      () => ({ recipients: Array.from({ length: 101 }, (_, i) => `p${i}@example.com`) }),
      ['TOO_MANY_ITEMS', 'recipients'],
    ],
    ['what is no address', () => ({ recipients: ['anna@example.com', 'anna'] }), ['INVALID_EMAIL', 'recipients', '1']],
    [
      'one person twice',
      () => ({ recipients: ['anna@example.com', 'ANNA@example.com'] }),
      ['INVALID_VALUE', 'recipients', '1'],
    ],
    ['no row', () => ({ rowId: ' ' }), ['REQUIRED', 'rowId']],
    ['a row with a long name', () => ({ rowId: 'x'.repeat(201) }), ['TOO_LONG', 'rowId']],
    ['the past', () => ({ expiresAt: later(0) }), ['EXPIRY_IN_PAST', 'expiresAt']],
    ['more than 30 days', () => ({ expiresAt: later(30 * 24 * HOUR + 1) }), ['EXPIRY_TOO_FAR', 'expiresAt']],
  ])('for %s is refused', async (_what, more, [code, ...field]) => {
    const count = async () => app().database.query('select count(*) from action_links');
    const before = await count();
    expect(await create(more())).toEqual({ links: [], replayed: false, errors: [{ code, field }] });
    expect(await count()).toEqual(before);
  });

  test('for 100 people and 30 days is taken', async () => {
    const recipients = Array.from({ length: 100 }, (_, index) => `p${index}@example.com`);
    expect((await create({ recipients, expiresAt: later(30 * 24 * HOUR) })).links).toHaveLength(100);
  });
});

describe('redeeming a link', () => {
  test('works once, for its action, row and recipient', async () => {
    const token = await tokenOf();
    const [payload, records] = await recording(app(), () => redeem({ token, recipient: ' ANNA@example.com ' }));
    expect(payload).toEqual({
      decision: {
        action: 'approve',
        resource: 'shop.purchases',
        rowId: 'P-1',
        allowed: true,
        reason: 'GRANTED_BY_ACTION_LINK',
        missing: [],
        required: null,
      },
      errors: [],
    });
    expect(records.audit).toMatchObject([
      {
        action: 'action-link.redeemed',
        result: 'SUCCESS',
        actor_id: shop.key.keyId,
        metadata: { action: 'approve', resource: 'shop.purchases', rowId: 'P-1' },
      },
    ]);
    expect(await redeem({ token })).toMatchObject(INVALID);
  });

  test('of fifty tries at once works for one', async () => {
    const token = await tokenOf();
    const payloads = await Promise.all(Array.from({ length: 50 }, () => redeem({ token })));
    expect(payloads.filter(({ decision }) => decision?.allowed === true)).toHaveLength(1);
    expect(payloads.filter(({ decision }) => decision?.reason === 'ACTION_LINK_INVALID')).toHaveLength(49);
  });

  test.each<readonly [string, Partial<RedeemActionLinkInput>]>([
    ['by somebody else', { recipient: 'bert@example.com' }],
    ['for another action', { action: 'cancel' }],
    ['for another row', { rowId: 'P-2' }],
  ])('%s fails, and uses nothing up', async (_what, wrong) => {
    const token = await tokenOf();
    const [payload, records] = await recording(app(), () => redeem({ token, ...wrong }));
    expect(payload).toMatchObject(INVALID);
    expect(records.audit).toMatchObject([{ action: 'action-link.redeemed', result: 'DENIED' }]);
    expect(await redeem({ token })).toMatchObject(GRANTED);
  });

  test('fails with a token that is cut, changed, of another kind, or made up', async () => {
    const token = await tokenOf();
    const changed = `${token.slice(0, 20)}${token[20] === 'a' ? 'b' : 'a'}${token.slice(21)}`;
    for (const wrong of [token.slice(0, -1), changed, token.replace('gha_', 'ght_'), 'gha_', '', shop.key.secret]) {
      expect(await redeem({ token: wrong })).toMatchObject(INVALID);
    }
    const other = await tokenOf();
    // The selector of one with the secret of the other: the checksum is wrong already, and so would the hash be.
    expect(await redeem({ token: token.slice(0, 17) + other.slice(17) })).toMatchObject(INVALID);
    expect(await redeem({ token })).toMatchObject(GRANTED);
  });

  test('is for the application itself, by any of its keys', async () => {
    const token = await tokenOf();
    const stranger = await makeApplication(app(), 'stranger');
    await registered(stranger.key, { name: 'purchases', title: 'Purchases', actions: ['approve'] });
    const owned = { code: 'RESOURCE_OWNED_BY_ANOTHER', field: ['resource'] };
    expect(await redeem({ token }, stranger.key)).toEqual({ decision: null, errors: [owned] });
    expect((await create({}, stranger.key)).errors).toEqual([owned]);
    expect(await redeem({ token, resource: 'stranger.purchases' }, stranger.key)).toMatchObject(INVALID);
    await expect(redeem({ token }, cast().member)).rejects.toThrow('FORBIDDEN');
    await expect(redeem({ token }, cast().anonymous)).rejects.toThrow('UNAUTHENTICATED');
    const second = await makeKey(app(), shop.owner, { name: 'Second' });
    expect(await redeem({ token }, second)).toMatchObject(GRANTED);
  });

  test('tries one token in a request', async () => {
    const field = `(input: { token: "x", action: "approve", resource: "shop.purchases", rowId: "1", recipient: "a@b.example" })
      { decision { allowed } }`;
    const { errors } = await shop.key.run(`mutation { a: redeemActionLink${field} b: redeemActionLink${field} }`);
    expect(errors[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limit: 'credentialFields' });
  });

  test.each<readonly [string, Partial<RedeemActionLinkInput>, object]>([
    ['an unknown verb', { action: 'fly' }, { code: 'UNKNOWN_PERMISSION', field: ['action'] }],
    ['what is no address', { recipient: 'anna' }, { code: 'INVALID_EMAIL', field: ['recipient'] }],
  ])('with %s says so', async (_what, wrong, error) => {
    expect(await redeem({ token: 'x', ...wrong })).toEqual({ decision: null, errors: [error] });
  });

  // Last, because time passes.
  test('after its end fails, and the row is swept away a day later', async () => {
    const rowId = unique('row');
    const token = await tokenOf({ rowId, expiresAt: later(60) });
    app().clock.advance(61);
    expect(await redeem({ token, rowId })).toMatchObject(INVALID);
    app().clock.advance(24 * HOUR);
    await app().services.housekeeping.run();
    expect(await app().database.query('select id from action_links where row_id = $1', [rowId])).toEqual([]);
  });
});
