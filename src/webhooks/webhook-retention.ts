import type { Database } from '../database/database.ts';

/** Deliveries that were over before `$1`, and those that have waited since before then for a webhook that is switched off. */
const OLD = `select id from webhook_deliveries where finished_at <= $1::timestamptz
  union all
  select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id and not w.enabled
  where d.state = 'PENDING' and d.created_at <= $1::timestamptz`;

const OF_DELETED = `select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id and w.deleted_at is not null`;

const WITHOUT_DELIVERIES = `delete from webhooks w where w.deleted_at is not null
  and not exists (select from webhook_deliveries d where d.webhook_id = w.id)`;

/** Removes up to `limit` old deliveries and as many of deleted webhooks, then those webhooks that have none left. Gives the larger number. */
export const forgetWebhookRemains = async (database: Database, from: Date, limit: number): Promise<number> => {
  const remove = async (which: string, values: readonly unknown[]): Promise<number> => {
    const text = `delete from webhook_deliveries where id = any(array(${which} limit ${limit})) returning 1 as gone`;
    return (await database.query(text, values)).length;
  };
  const old = await remove(OLD, [from.toISOString()]);
  const ofDeleted = await remove(OF_DELETED, []);
  await database.query(WITHOUT_DELIVERIES);
  return Math.max(old, ofDeleted);
};
