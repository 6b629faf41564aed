import { describe, expect, test } from 'vitest';
import { newId, type UserId } from '../../../src/ids.ts';
import { ADMINISTRATORS_GROUP_ID } from '../../../src/permissions/seeded-groups.ts';
import { type Actor, signIn } from '../../support/cast.ts';
import { changing, recording } from '../../support/evidence.ts';
import { holderOf, somebody, useCast } from '../../support/holder.ts';
import { useTestApp } from '../../support/test-app.ts';

interface BulkPayload {
  readonly users?: readonly { readonly id: string; readonly version: number }[];
  readonly deletedUserIds?: readonly string[];
  readonly errors: readonly {
    readonly code: string;
    readonly field: string[] | null;
    readonly targetId: string | null;
  }[];
}

/** Everything that changes several accounts at once, with the permission it takes. */
const OPERATIONS = [
  ['lockUsers', 'lock:users', { reason: 'because' }],
  ['unlockUsers', 'lock:users', { reason: 'because' }],
  ['disableUsers', 'disable:users', { reason: 'because' }],
  ['enableUsers', 'disable:users', { reason: 'because' }],
  ['requirePasswordChange', 'update:users', {}],
  ['deleteUsers', 'delete:users', {}],
] as const;

describe.each(OPERATIONS)('%s on several users', (name, permission, rest) => {
  const app = useTestApp();
  const cast = useCast(app);
  const done = name === 'deleteUsers' ? 'deletedUserIds' : 'users { id version }';
  const input = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation($input: ${input}!) { ${name}(input: $input) { ${done} errors { code field targetId } } }`;
  const send = async (actor: Actor, ids: readonly string[], more: object = {}) => {
    const answer = await actor.run<Record<string, BulkPayload | null> | undefined>(document, {
      input: { ids, ...rest, ...more },
    });
    return { ...answer, payload: answer.data?.[name] ?? null };
  };

  test('takes 100, each once, with one line of the log and one event each', async () => {
    const ids: UserId[] = [];
    for (let index = 0; index < 100; index += 1) ids.push(await bare());
    const { answer, audit, events } = await recording(app(), () => send(cast().admin, ids));
    expect(answer.payload?.errors).toEqual([]);
    const answered = answer.payload?.deletedUserIds ?? answer.payload?.users?.map(({ id }) => id);
    expect(answered?.toSorted()).toEqual(ids.toSorted());
    expect(audit.map(({ target }) => target.id)).toEqual(ids.toSorted());
    expect(new Set(audit.map(({ action }) => action)).size).toBe(1);
    expect(new Set(audit.map(({ actor }) => actor.id))).toEqual(new Set([cast().admin.id]));
    expect(events.map(({ aggregateId }) => aggregateId).toSorted()).toEqual(ids.toSorted());
  });

  test('refuses 101 and none, whatever they are', async () => {
    const one = await somebody(app());
    const { answer, changed } = await changing(app(), async () => [
      await send(
        cast().admin,
        Array.from({ length: 101 }, () => one),
      ),
      await send(cast().admin, []),
    ]);
    expect(answer.map(({ payload }) => payload?.errors)).toEqual([
      [{ code: 'TOO_MANY_ITEMS', field: ['ids'], targetId: null }],
      [{ code: 'REQUIRED', field: ['ids'], targetId: null }],
    ]);
    expect(changed).toEqual([]);
  });

  test('takes an id that stands in the list twice once', async () => {
    const id = await somebody(app());
    const { answer, audit } = await recording(app(), () => send(cast().admin, [id, id.toUpperCase(), id]));
    expect(answer.payload?.errors).toEqual([]);
    expect(answer.payload?.deletedUserIds ?? answer.payload?.users?.map((user) => user.id)).toEqual([id]);
    expect(audit).toHaveLength(1);
  });

  test('does nothing at all when one of them is unknown or malformed, and names each', async () => {
    const [known, unknown, other] = [await somebody(app()), newId<UserId>(), newId<UserId>()];
    const { answer, changed } = await changing(app(), async () => [
      await send(cast().admin, [known, unknown, other]),
      await send(cast().admin, [known, 'nonsense']),
    ]);
    const problem = (targetId: string) => ({ code: 'TARGET_NOT_FOUND', field: ['ids'], targetId });
    expect(answer.map(({ payload }) => payload?.errors)).toEqual([
      [problem(unknown), problem(other)],
      [problem('nonsense')],
    ]);
    expect(changed).toEqual([]);
  });

  test('answers the same for hidden users as for none', async () => {
    const blind = await holderOf(app(), [permission]);
    const [hidden, nobody] = [await somebody(app()), newId<UserId>()];
    const { answer, changed } = await changing(app(), () => send(blind, [hidden, nobody]));
    expect(answer.payload?.errors).toEqual([
      { code: 'TARGET_NOT_FOUND', field: ['ids'], targetId: hidden },
      { code: 'TARGET_NOT_FOUND', field: ['ids'], targetId: nobody },
    ]);
    expect(changed).toEqual([]);
  });

  test('does not reach people who hold more, nor anybody beside them', async () => {
    const helper = await holderOf(app(), ['view:users', permission]);
    const [peer, boss] = [await somebody(app()), await somebody(app(), [ADMINISTRATORS_GROUP_ID])];
    const { answer, changed } = await changing(app(), () => send(helper, [peer, boss]));
    expect(answer.payload?.errors).toEqual([{ code: 'EXCEEDS_OWN_PERMISSIONS', field: ['ids'], targetId: boss }]);
    expect(changed).toEqual([]);
    expect((await send(helper, [peer])).payload?.errors).toEqual([]);
  });

  test('is refused without the permission, naming it, and changes nothing', async () => {
    const id = await somebody(app());
    const without = ['view:users', 'lock:users', 'disable:users', 'update:users', 'delete:users'].filter(
      (one) => one !== permission,
    );
    const actors = [await holderOf(app(), without), cast().member, cast().reader];
    for (const actor of actors) {
      const { answer, changed } = await changing(app(), () => send(actor, [id]));
      expect(answer.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', missing: [permission] });
      expect(changed).toEqual([]);
    }
  });

  test.runIf(name !== 'requirePasswordChange')('is for others only, whoever stands beside in the list', async () => {
    const { admin } = cast();
    const other = await somebody(app());
    const { answer, changed } = await changing(app(), () => send(admin, [other, admin.id]));
    expect(answer.payload?.errors).toEqual([{ code: 'NOT_ON_ONESELF', field: ['ids'], targetId: admin.id }]);
    expect(changed).toEqual([]);
  });

  test.runIf(name !== 'requirePasswordChange')('takes a reason of 500 characters, not of 501, none blank', async () => {
    const reasons = ['r'.repeat(501), ' ', 'a\u0000b'];
    const id = await somebody(app());
    const { answer, changed } = await changing(app(), async () =>
      Promise.all(reasons.map((reason) => send(cast().admin, [id], { reason }))),
    );
    expect(answer.map(({ payload }) => payload?.errors[0])).toEqual([
      { code: 'TOO_LONG', field: ['reason'], targetId: null },
      { code: 'REQUIRED', field: ['reason'], targetId: null },
      { code: 'INVALID_VALUE', field: ['reason'], targetId: null },
    ]);
    expect(changed).toEqual([]);
    const reason = 'ü'.repeat(500);
    const { answer: taken, audit } = await recording(app(), () => send(cast().admin, [id], { reason }));
    expect(taken.payload?.errors).toEqual([]);
    expect(audit[0]?.metadata).toEqual({ reason });
  });

  test('ends without a deadlock when many run at once over the same people in different orders', async () => {
    const ids = [await somebody(app()), await somebody(app()), await somebody(app()), await somebody(app())];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => send(cast().admin, index % 2 === 0 ? ids : ids.toReversed())),
    );
    for (const { code, payload } of answers) {
      expect(code).toBe('OK');
      const codes = new Set(payload?.errors.map((error) => error.code));
      expect([new Set(), new Set(['TARGET_NOT_FOUND'])]).toContainEqual(codes);
    }
    expect(answers.some(({ payload }) => payload?.errors.length === 0)).toBe(true);
    expect((await signIn(app(), cast().admin.email)).id).toBe(cast().admin.id);
  });

  /** Somebody without a password, made by one statement: a hundred hashes would cost more than the test. */
  const bare = async (): Promise<UserId> => {
    const id = newId<UserId>();
    await app().database.query(
      `insert into users (id, display_name, status, created_at, updated_at) values ($1, 'Bare', 'ACTIVE', now(), now())`,
      [id],
    );
    return id;
  };
});
