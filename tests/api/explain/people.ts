import type { GroupId, UserId } from '../../../src/ids.ts';
import type { TestApp } from '../../support/test-app.ts';

/** Writes it into the row: how an account comes to be disabled is tested elsewhere. */
export const disable = async (app: TestApp, id: UserId): Promise<void> => {
  await app.database.query(`update users set status = 'DISABLED', status_reason = 'Left.' where id = $1`, [id]);
};

/** Puts constraints on all grants of a group, directly, and makes the change known. */
export const constrain = async (app: TestApp, groupId: GroupId, constraints: readonly object[]): Promise<void> => {
  await app.database.query('update group_grants set constraints = $2::jsonb where group_id = $1', [
    groupId,
    JSON.stringify(constraints),
  ]);
  await app.database.query(
    `with e as (update permission_epoch set epoch = epoch + 1 returning epoch)
     update groups set changed_epoch = (select epoch from e), version = version + 1 where id = $1`,
    [groupId],
  );
};
