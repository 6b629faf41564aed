import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../../src/permissions/judge.ts';
import { tree } from '../../../src/permissions/tree.ts';
import type { Actor, Cast } from '../../support/cast.ts';
import { closeSubscribers, subscriberOf } from '../../support/subscriber.ts';
import { useTestApp } from '../../support/test-app.ts';

const documents: { readonly [Field in keyof typeof tree.Subscription]: string } = {
  viewerSessionEnded: 'subscription { viewerSessionEnded { reason } }',
  auditEventAdded: 'subscription { auditEventAdded { id } }',
  userChanged: 'subscription ($ids: [ID!]!) { userChanged(ids: $ids) { userId } }',
  statsUpdated: 'subscription { statsUpdated { users { total } } }',
};

const SILENCE_MS = 1000;

/** Who may follow what of somebody else; everybody else may follow what is about themselves. */
const allowed: { readonly [Field in keyof typeof documents]: readonly string[] } = {
  viewerSessionEnded: ['admin', 'member', 'support', 'reader', 'auditor', 'impersonator', 'keyMaster', 'dataOfficer'],
  auditEventAdded: ['admin', 'member', 'support', 'reader', 'auditor', 'impersonator', 'keyMaster', 'dataOfficer'],
  userChanged: ['admin', 'support', 'reader', 'auditor', 'impersonator'],
  statsUpdated: ['admin', 'reader'],
};
/** Has nothing that is about oneself. */
const OF_OTHERS_ALONE: ReadonlySet<string> = new Set(['statsUpdated']);

describe('who may subscribe', () => {
  const app = useTestApp();
  let cast: Cast;
  beforeAll(async () => {
    cast = await app().cast();
  });
  afterEach(() => closeSubscribers());

  const refusalOf = async (actor: Actor, field: keyof typeof documents, ids: readonly string[]) => {
    const subscriber = await subscriberOf(app(), actor);
    const stream = subscriber.follow(documents[field], { ids });
    // A stream that began is silent; one that is refused is told so and ends.
    return Promise.race([
      stream.ended.then(() => stream.messages[0]?.errors?.[0]?.extensions.code ?? 'ENDED'),
      sleep(SILENCE_MS, null),
    ]);
  };

  test.each(Object.entries(allowed))('%s', async (field, names) => {
    const name = field as keyof typeof documents;
    const { anonymous: _anonymous, ...people } = cast;
    const others = (actor: Actor): string => (actor.id === cast.admin.id ? cast.member.id : cast.admin.id);
    const found = await Promise.all(
      Object.entries(people).map(async ([who, actor]) => [
        who,
        await refusalOf(actor, name, [others(actor), actor.id]),
        await refusalOf(actor, name, [actor.id]),
      ]),
    );
    const expected = Object.keys(people).map((who) => {
      const verdict = names.includes(who) ? null : 'FORBIDDEN';
      return [who, verdict, OF_OTHERS_ALONE.has(field) ? verdict : null];
    });
    expect(found).toEqual(expected);
  });

  test('nobody, whatever the subscription', () => {
    for (const rule of Object.values(tree.Subscription)) {
      expect(judge(rule, { principal: null, now: app().clock.now(), args: { ids: [] } })).toMatchObject({
        code: 'UNAUTHENTICATED',
      });
    }
  });
});
